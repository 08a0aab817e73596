//! Compiling as a whole: several files, params from outside, fingerprints, and input that is out of proportion.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken case ends the test")]

use proptest::prelude::*;
use tripline_query_lang::diagnostics::render;
use tripline_query_lang::plan::{Body, ExprKind, Plan, StepKey, TableId};
use tripline_query_lang::value::{Type, Value};
use tripline_query_lang::{Source, compile, compile_with};

const STREAMS: &str = "stream payment { card: text  amount: decimal(2)  at: time } timed by at\n";
const COMPLETE: &str = include_str!("cases/plan/complete_file.trip");

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned() }
}

fn plan_with(text: &str, params: &[(&str, &str)]) -> Result<Plan, Vec<String>> {
    let sources = [source("rules.trip", text)];
    let params: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let compiled = compile(&sources, &params);
    compiled.plan.ok_or_else(|| compiled.diagnostics.iter().map(|said| render(said, &sources, false)).collect())
}

fn plan(text: &str) -> Plan {
    plan_with(text, &[]).unwrap_or_else(|said| panic!("{}", said.join("\n")))
}

fn fingerprint(text: &str) -> u64 {
    plan(text).rules[0].fingerprint
}

#[test]
fn files_are_compiled_together_in_order_of_their_names() {
    let sources = [
        source("b.trip", "rule r { on payment where amount > floor alert low \"x\" }"),
        source("a.trip", "param floor = 1.00 stream login { user: text at: time } timed by at"),
        source("c.trip", STREAMS),
    ];
    let compiled = compile(&sources, &[]);
    let plan = compiled.plan.unwrap();
    let names: Vec<_> = plan.streams.iter().map(|stream| stream.name.as_str()).collect();
    assert_eq!(names, ["login", "payment"]);
}

#[test]
fn errors_of_all_files_are_said_at_once_and_name_their_file() {
    let sources = [
        source("b.trip", "rule r { on paiment alert low \"x\" }"),
        source("a.trip", "stream payment { card: txt at: time } timed by at stream broken {"),
    ];
    let compiled = compile(&sources, &[]);
    assert!(compiled.plan.is_none());
    let said: Vec<_> = compiled.diagnostics.iter().map(|said| (said.file, said.code.0)).collect();
    assert!(said.contains(&(0, "E0203")) && said.contains(&(1, "E0208")), "{said:?}");
    assert!(said.iter().any(|(file, code)| *file == 1 && code.starts_with("E01")), "{said:?}");
    assert!(said.is_sorted_by_key(|(file, _)| *file));
}

#[test]
fn params_take_values_from_outside() {
    let text = format!(
        "{STREAMS} param floor = 500.00 param span = 10m param names = [\"a\"] param n = 3
         rule r {{ by card on payment where amount > floor and card in names when count() over span > n alert low \"x\" }}"
    );
    let given = [("floor", "12.5"), ("span", "2h"), ("names", "[\"x\", \"y\"]"), ("n", "5")];
    let plan = plan_with(&text, &given).unwrap();
    let shown: Vec<_> = plan.params.iter().map(|(name, value)| format!("{name} {value}")).collect();
    assert_eq!(shown, ["floor 12.5", "span 2h", "names [x, y]", "n 5"]);
    let Body::Threshold(threshold) = &plan.rules[0].body else { panic!("a threshold") };
    assert_eq!(threshold.episode_us, Some(7_200_000_000));
}

#[test]
fn a_list_that_changes_is_a_table_of_one_field() {
    let rule = "rule r { on payment where card in names alert low \"x\" }";
    let with = |params: &str, rule: &str| {
        let text = format!("{STREAMS} table t key k {{ k: text }} let named(x) = x in names\n{params} {rule}");
        let compiled = compile_with(&[source("rules.trip", &text)], &[], &["names".to_owned()]);
        compiled.plan.ok_or_else(|| compiled.diagnostics.iter().map(|said| said.message.clone()).collect::<Vec<_>>())
    };
    let plan = with("param names = [\"a\"]", rule).unwrap();
    let (table, Body::Threshold(threshold)) = (&plan.tables[1], &plan.rules[0].body) else { panic!("a threshold") };
    assert!(table.is_param() && table.name == "names" && table.fields[0].ty == Type::Text);
    let filter = &threshold.on[0].filter.as_ref().unwrap().kind;
    assert!(matches!(filter, ExprKind::Listed { table: TableId(1), .. }), "{filter:?}");
    let through_let = with("param names = [\"a\"]", "rule r { on payment where named(card) alert low \"x\" }").unwrap();
    assert_eq!(through_let.rules[0].fingerprint, plan.rules[0].fingerprint);
    for (params, rule, said) in [
        ("param names = \"a\"", rule, "`names` comes from a file or a topic, so it has to be a list of known items"),
        ("param names = []", rule, "`names` comes from a file or a topic, so it has to be a list of known items"),
        ("", "rule r { on payment alert low \"x\" }", "no param is called `names`"),
        (
            "param names = [\"a\"]",
            "rule r { on payment where names[0] == card alert low \"x\" }",
            "`names` comes from a file or a topic: as a list it is never known as a whole",
        ),
    ] {
        assert_eq!(with(params, rule).unwrap_err()[0], said, "{params} {rule}");
    }
}

#[test]
fn values_that_do_not_fit_their_param_are_refused() {
    let text = format!("{STREAMS} param floor = 500.00 param name = \"a\" param span = 10m");
    for (name, value, code) in [
        ("floor", "many", "E0321"),
        ("floor", "\"500\"", "E0321"),
        ("floor", "1 } rule x {", "E0321"),
        ("name", "a", "E0321"),
        ("span", "10", "E0321"),
        ("span", "1 / 0", "E0321"),
        ("flor", "1", "E0207"),
    ] {
        let said = plan_with(&text, &[(name, value)]).unwrap_err();
        assert!(said.len() == 1 && said[0].contains(code), "{name} = {value}: {said:?}");
    }
}

#[test]
fn a_pattern_has_a_bounded_number_of_steps() {
    let steps = |n: usize| {
        let more = " then payment".repeat(n - 1);
        format!("{STREAMS} rule r {{ by card within 1h match payment{more} alert low \"x\" }}")
    };
    assert!(plan_with(&steps(200), &[]).is_ok());
    assert!(plan_with(&steps(501), &[]).unwrap_err()[0].contains("E0416"));
}

#[test]
fn let_arguments_mean_what_they_mean_where_the_let_is_used() {
    let text = format!(
        "{STREAMS} let x = 1 let inner(x) = x + 1 let outer(x) = inner(x * 10) + inner(inner(x))
         param value = outer(2)"
    );
    // A param takes no names, so the value is looked at through a rule.
    assert!(plan_with(&text, &[]).is_ok_and(|plan| plan.params[0].1 == Value::Int(25)));
}

#[test]
fn a_key_is_that_of_the_first_step() {
    let text = "stream a { card: text  n: int  at: time } timed by at
                stream b { from: text  at: time } timed by at
                rule r { within 1h match x: a by card then y: b by from then z: b by from == x.card alert low \"{card}\" }";
    let plan = plan(text);
    assert_eq!(plan.rules[0].keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["card"]);
    let Body::Pattern(pattern) = &plan.rules[0].body else { panic!("a pattern") };
    assert!(matches!(pattern.steps[1].key, StepKey::Own(_)));
    assert!(matches!(pattern.steps[2].key, StepKey::HandOver(_)));
}

#[test]
fn a_fingerprint_says_what_a_rule_means() {
    let rule = |name: &str, body: &str| format!("{STREAMS} rule {name} {{ {body} }}");
    let plain = "by card on payment where amount > 5.00 when count() over 10m > 3 alert low \"x\"";
    let same = fingerprint(&rule("r", plain));
    for other in [
        format!("-- a comment\n{}", rule("r", &plain.replace(' ', "\n"))),
        rule("r", &plain.replace("\"x\"", "\"{card} again\"")),
        rule("r", &plain.replace("low \"x\"", "critical \"x\" with total = sum(amount) over 10m to pager")),
        format!(
            "stream first {{ x: int at: time }} timed by at param p = 3 {}",
            rule("r", &plain.replace("> 3", "> p"))
        ),
        rule("r", &format!("title \"t\" {plain}")),
        rule("r", plain).replace("card: text ", "new: int card: text "),
    ] {
        assert_eq!(fingerprint(&other), same, "{other}");
    }
    for other in [
        rule("other", plain),
        rule("r", &plain.replace("5.00", "5.01")),
        rule("r", &plain.replace("10m", "11m")),
        rule("r", &plain.replace("by card", "")),
        rule("r", &plain.replace("alert", "suppress 1h alert")),
        rule("r", &plain.replace("alert low", "alert every event low")),
    ] {
        assert_ne!(fingerprint(&other), same, "{other}");
    }
}

#[test]
fn fingerprints_stay() {
    // State and alert ids hang on these: they change only together with `OPERATOR_SEMANTICS`.
    let shown: Vec<_> =
        plan(COMPLETE).rules.iter().map(|rule| format!("{} {:016x}", rule.name, rule.fingerprint)).collect();
    assert_eq!(shown, FINGERPRINTS);
}

const FINGERPRINTS: [&str; 4] = [
    "high_value_burst 5221521933e93561",
    "card_testing 23c31e55704df753",
    "impossible_travel c533235a5636a698",
    "unpaid_order a642e5f1ef215b9b",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A file with a piece cut out, moved or doubled never brings the compiler down.
    #[test]
    fn damaged_files_are_compiled(from in 0usize..3000, length in 0usize..200, to in 0usize..3000, keep in any::<bool>()) {
        let chars: Vec<char> = COMPLETE.chars().collect();
        let from = from.min(chars.len());
        let end = (from + length).min(chars.len());
        let mut rest: Vec<char> = chars.clone();
        if !keep {
            rest.drain(from..end);
        }
        let to = to.min(rest.len());
        let piece: Vec<char> = chars[from..end].to_vec();
        rest.splice(to..to, piece);
        let text: String = rest.into_iter().collect();
        let sources = [source("damaged.trip", &text)];
        let compiled = compile(&sources, &[]);
        for said in &compiled.diagnostics {
            render(said, &sources, false);
        }
        prop_assert_eq!(compiled.plan.is_none(), compiled.diagnostics.iter().any(|said| said.code.is_error()));
    }
}
