//! Rule files out of all proportion: 10,000 rules (1,000 without optimisation), a rule of 200 steps, an expression of a megabyte. Each gives an answer or
//! names the limit, and no stage overflows its stack: parse, format, compile, bill, program, explanation.
//! `cargo test --release -p tripline-engine --test large -- --nocapture` prints how long it takes.

use std::sync::Arc;
use std::time::Instant;

use tripline_engine::detect::Program;
use tripline_engine::explain::Explanation;
use tripline_query_lang::bill::{self, Rate};
use tripline_query_lang::plan::Plan;
use tripline_query_lang::{Source, compile, format};

const STREAMS: &str =
    "stream payment { card: text  amount: decimal(2)  merchant: text  country: text?  at: time } timed by at
stream login { card: text  ok: bool  ip: text  at: time } timed by at\n";

/// Rules in the large file.
const RULES: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = act();
    eprintln!("{what}: {:?}", start.elapsed());
    done
}

fn compiled(text: String) -> Result<Arc<Plan>, Vec<&'static str>> {
    let sources = [Source { name: "large.trip".to_owned(), text }];
    let compiled = compile(&sources, &[]);
    compiled.plan.map(Arc::new).ok_or_else(|| compiled.diagnostics.iter().map(|one| one.code.0).collect())
}

/// A rule of one of four forms.
fn rule(n: usize) -> String {
    let body = match n % 4 {
        0 => format!(
            "on payment where amount > {n}.00 and country is not null when n >= 3 alert low \"{{card}} {{n}}\" with n = count() over {}m",
            1 + n % 50
        ),
        1 => format!(
            "match a: payment{{3,}} over 15m where amount < {n}.00 then b: payment within 1h where amount > {}.00 without login alert high \"{{count(a)}}\"",
            n + 1
        ),
        2 => format!(
            "within 1h match a: login where not ok then b: login where ok and ip == a.ip then no payment for {}m alert low \"{{card}}\"",
            1 + n % 50
        ),
        _ => format!(
            "on payment where merchant in [\"shop{n}\", \"store{n}\"] when sum(amount) over 1h > 100.00 and distinct(merchant) over 1d > 2 alert low \"\""
        ),
    };
    format!("rule rule_{n} {{ by card {body} }}\n")
}

#[test]
fn thousands_of_rules_in_one_file() {
    let text = STREAMS.to_owned() + &(0..RULES).map(rule).collect::<String>();
    let plan = timed("compile", || compiled(text.clone())).expect("they compile");
    assert_eq!(plan.rules.len(), RULES);
    let formatted = timed("format", || format::format(&text)).expect("they parse");
    assert!(formatted.len() > text.len());
    assert_eq!(timed("bill", || bill::of(&plan, Rate::DEFAULT)).len(), RULES);
    let program = timed("program", || Program::new(plan.clone()));
    assert!(program.is_ok());
    let explanation = timed("explanation", || Explanation::new(plan)).expect("they can be run");
    assert!(timed("its text", || explanation.text()).contains(&format!("\nrule rule_{}\n", RULES - 1)));
}

/// Errors are many, and each is said.
#[test]
fn thousands_of_rules_that_are_wrong() {
    let text = STREAMS.to_owned() + &(0..RULES).map(rule).collect::<String>().replace("by card", "by crad");
    let codes = timed("errors", || compiled(text)).expect_err("they are wrong");
    assert!(codes.len() >= RULES);
}

#[test]
fn a_rule_of_two_hundred_steps() {
    let steps: String =
        (1..200).map(|n| format!(" then s{n}: payment where amount > {n}.00 and merchant == s0.merchant")).collect();
    let text = format!("{STREAMS}rule r {{ by card within 1h match s0: payment{steps} alert low \"\" }}");
    assert!(format::format(&text).is_ok());
    let plan = compiled(text).expect("it compiles");
    assert_eq!(bill::of(&plan, Rate::DEFAULT).len(), 1);
    // The engine takes it, or names its limit.
    if let Err(error) = Explanation::new(plan).map(|explanation| explanation.text()) {
        assert!(error.to_string().contains("at most"), "{error}");
    }
}

#[test]
fn expressions_of_a_megabyte_and_brackets_without_end() {
    let condition = |condition: &str| format!("{STREAMS}rule r {{ on payment where {condition} alert low \"\" }}");
    let parts = |part: &str, between: &str| vec![part; (1 << 20) / (part.len() + between.len())].join(between);
    let deep = |n: usize| format!("{}amount > 1.00{}", "(".repeat(n), ")".repeat(n));
    let large = [
        (parts("amount > 1.00", " and "), "E0314"),
        (parts("(amount > 1.00 or merchant == \"x\")", " and "), "E0314"),
        (format!("amount > {}", parts("1.00", " + ")), "E0110"),
        (format!("merchant in [{}]", parts("\"shop\"", ", ")), "E0314"),
        (format!("merchant == \"{}\"", "x".repeat(1 << 20)), ""),
        (format!("{} ok", parts("not", " ")), "E0110"),
        (format!("amount > {}1.00", parts("-", " ")), "E0110"),
        (deep(1_000), "E0110"),
        (deep(100_000), "E0110"),
        (format!("amount > {}1.00{}", "abs(".repeat(1_000), ")".repeat(1_000)), "E0110"),
    ];
    for (text, code) in large {
        let text = condition(&text);
        let _ = format::format(&text);
        match compiled(text) {
            Ok(plan) => {
                assert_eq!(code, "", "it compiles");
                assert!(Explanation::new(plan).is_ok());
            }
            Err(codes) => assert!(codes.contains(&code), "{codes:?} instead of {code}"),
        }
    }
}

#[test]
fn patterns_that_nest_without_end() {
    for n in [20, 1_000, 100_000] {
        let text = format!("{}payment{}", "(".repeat(n), ")".repeat(n));
        let text = format!("{STREAMS}rule r {{ by card within 1h match {text} alert low \"\" }}");
        let _ = format::format(&text);
        if let Ok(plan) = compiled(text) {
            assert!(n < 100_000 && Explanation::new(plan).map(|explanation| explanation.dot()).is_ok());
        }
    }
}
