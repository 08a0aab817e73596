//! The shape of trees: precedence, and words that are a keyword in one place and a name in the other.

use super::parse;
use crate::ast::*;

/// The expression of `let x = ...`, with every node in brackets.
fn shape(text: &str) -> String {
    let (file, diagnostics) = parse(0, &format!("let x = {text}"));
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    match &file.items[..] {
        [Item { node: ItemKind::Let(item), .. }] => shown(&item.body),
        items => format!("not one `let`: {items:?}"),
    }
}

fn all(exprs: &[Expr]) -> String {
    exprs.iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn shown(expr: &Expr) -> String {
    let not = |negated: &bool| if *negated { "not-" } else { "" };
    match &expr.node {
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(digits) | ExprKind::Decimal(digits) | ExprKind::Float(digits) => digits.clone(),
        ExprKind::Duration(digits, unit) => format!("{digits}{unit:?}"),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Member(of, field) => format!("({}.{})", shown(of), field.text),
        ExprKind::Index(of, at) => format!("({}[{}])", shown(of), all(at)),
        ExprKind::List(items) => format!("[{}]", all(items)),
        ExprKind::Call(call) => call_shown(call),
        ExprKind::Not(of) => format!("(not {})", shown(of)),
        ExprKind::Negate(of) => format!("(- {})", shown(of)),
        ExprKind::Binary(op, left, right) => format!("({op:?} {} {})", shown(left), shown(right)),
        ExprKind::Between { negated, item, low, high } => {
            format!("({}between {} {} {})", not(negated), shown(item), shown(low), shown(high))
        }
        ExprKind::In { negated, item, list } => format!("({}in {} {})", not(negated), shown(item), shown(list)),
        ExprKind::Like { negated, item, pattern } => {
            format!("({}like {} {})", not(negated), shown(item), shown(pattern))
        }
        ExprKind::Matches { negated, item, pattern } => {
            format!("({}matches {} {})", not(negated), shown(item), shown(pattern))
        }
        ExprKind::If(c, a, b) => format!("(if {} {} {})", shown(c), shown(a), shown(b)),
        ExprKind::Error => "error".into(),
    }
}

fn call_shown(call: &Call) -> String {
    let mut out = format!("{}({}", call.name.text, all(&call.args));
    if let Some(filter) = &call.filter {
        out += &format!(" where {}", shown(filter));
    }
    out += ")";
    if let Some(over) = &call.over {
        out += &match &over.node {
            Over::Time(length) => format!(" over {}", shown(length)),
            Over::Last(count) => format!(" last {}", shown(count)),
            Over::Previous(bound) => format!(" previous {}", shown(bound)),
            Over::Before(length, gap) => format!(" over {} before {}", shown(length), shown(gap)),
            Over::Forever => " forever".to_owned(),
        };
    }
    if call.approx { format!("{out} approx") } else { out }
}

#[test]
fn operators_bind_in_their_order() {
    for (text, expected) in [
        ("a or b and not c == d + e * -f.g", "(Or a (And b (not (Equal c (Add d (Multiply e (- (f.g))))))))"),
        ("a - b - c", "(Subtract (Subtract a b) c)"),
        ("a / b * c % d", "(Remainder (Multiply (Divide a b) c) d)"),
        ("(a - (b - c))", "(Subtract a (Subtract b c))"),
        ("not a in b", "(not (in a b))"),
        ("not not a", "(not (not a))"),
        ("a not in [1, 2] and b not like \"x\"", "(And (not-in a [1 2]) (not-like b \"x\"))"),
        ("a between b + 1 and c and d", "(And (between a (Add b 1) c) d)"),
        ("a is not null", "(IsNot a null)"),
        ("a is null or b is c", "(Or (Is a null) (Is b c))"),
        ("if a then b else c + 1", "(if a b (Add c 1))"),
        ("1 + if a then b else c or d", "(Add 1 (if a b (Or c d)))"),
        ("if a then if b then c else d else e", "(if a (if b c d) e)"),
        ("t[a, b].c[0].d", "((((t[a b]).c)[0]).d)"),
        ("- - 1", "(- (- 1))"),
        ("--comment\n 1", "1"),
        ("a or b or c or d or e", "(Or (Or (Or a b) (Or c d)) e)"),
        ("a or (b or c)", "(Or (Or a b) c)"),
        ("(a or b) and (c and d)", "(And (And (Or a b) c) d)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn windows_bind_to_their_call() {
    for (text, expected) in [
        ("sum(x) over 10m / 2", "(Divide sum(x) over 10Minute 2)"),
        ("count() over 10m > 5", "(Greater count() over 10Minute 5)"),
        ("avg(x) over 7d before 1h - avg(x) over last 5", "(Subtract avg(x) over 7Day before 1Hour avg(x) last 5)"),
        ("avg(x) over previous window approx", "avg(x) previous window approx"),
        ("distinct(x) approx over 7d", "distinct(x) over 7Day approx"),
        ("count() over forever", "count() forever"),
        ("count() over last", "count() over last"),
        ("count() over last and b", "(And count() over last b)"),
        ("count() over (2 * d)", "count() over (Multiply 2 d)"),
        ("distance(place, prev(place) over 24h)", "distance(place prev(place) over 24Hour)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn keywords_are_known_by_their_place() {
    for (text, expected) in [
        ("count(where ok)", "count( where ok)"),
        ("count(where)", "count(where)"),
        ("sum(`where` where where)", "sum(where where where)"),
        ("sum(where + 1, on where on > 2)", "sum((Add where 1) on where (Greater on 2))"),
        ("count(where in [1])", "count((in where [1]))"),
        ("count(where in == 3)", "count( where (Equal in 3))"),
        ("in in in", "(in in in)"),
        ("from.count + first.over", "(Add (from.count) (first.over))"),
        ("`not` or not `if`", "(Or not (not if))"),
        ("over(over) over over", "over(over) over over"),
        ("match + then + no_more", "(Add (Add match then) no_more)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

/// The only rule of a text that is free of errors.
fn rule(text: &str) -> Rule {
    let (file, diagnostics) = parse(0, text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    let rule = file.items.into_iter().find_map(|item| match item.node {
        ItemKind::Rule(rule) => Some(rule),
        _ => None,
    });
    rule.expect("a rule")
}

fn pattern(text: &str) -> Pattern {
    match rule(&format!("rule r {{ {text} alert low \"x\" }}")).body {
        Body::Pattern(pattern) => pattern,
        body => Pattern {
            within: None,
            runs: None,
            seq: Vec::new(),
            without: Vec::new(),
            skip: None,
            span: body_span(body),
        },
    }
}

fn body_span(body: Body) -> crate::span::Span {
    match body {
        Body::Error(span) => span,
        _ => Default::default(),
    }
}

#[test]
fn a_step_takes_limits_in_any_order_and_a_condition_behind() {
    for text in ["x{2,} over 5m within 1h by k where c > 1", "x{2,} by k within 1h over 5m where c > 1"] {
        let pattern = pattern(&format!("match {text}"));
        let Node::Step(step) = &pattern.seq[0].node else { unreachable!("a step") };
        let quant = step.quant.as_ref().expect("a quantifier");
        assert_eq!((&quant.min, &quant.max, quant.greedy), (&Count::Number(2), &None, false));
        let limits = &step.limits;
        assert_eq!(limits.over.as_ref().map(shown).as_deref(), Some("5Minute"));
        assert_eq!(limits.within.as_ref().map(shown).as_deref(), Some("1Hour"));
        assert_eq!(limits.by.as_ref().map(|keys| keys.parts.len()), Some(1));
        assert_eq!(step.filter.as_ref().map(shown).as_deref(), Some("(Greater c 1)"));
    }
}

#[test]
fn links_groups_and_absences_are_told_apart() {
    let pattern = pattern(
        "by k within 5 events runs latest match next: next next then then each any of (a, no b for 5m, 2 of (c, d)) limit 3
         then (e then f)+ greedy within 1h next no g by h for 3m where i without j where k after match skip to last next",
    );
    let links: Vec<_> = pattern.seq.iter().map(|element| element.link).collect();
    assert_eq!(links, [Link::Start, Link::Next, Link::ThenEach, Link::Then, Link::Next]);
    let kinds: Vec<_> = pattern
        .seq
        .iter()
        .map(|element| match &element.node {
            Node::Step(step) => format!("step {}", step.stream.text),
            Node::No(absent) => format!("no {}", absent.stream.text),
            Node::Group(group) => format!("group of {}", group.members.len()),
            Node::Sub(sub) => format!("sub of {}", sub.seq.len()),
        })
        .collect();
    assert_eq!(kinds, ["step next", "step then", "group of 3", "sub of 2", "no g"]);
    let Node::No(absent) = &pattern.seq[4].node else { unreachable!("an absence") };
    assert!(absent.by.is_some() && absent.hold.is_some() && absent.filter.is_some());
    assert!(matches!(pattern.within, Some(SpanLimit::Events(_))));
    assert!(matches!(pattern.runs, Some(Spanned { node: Runs::Latest, .. })));
    assert_eq!(pattern.without.len(), 1);
    assert!(matches!(&pattern.skip, Some(Spanned { node: Skip::ToLast(name), .. }) if name.text == "next"));
}

#[test]
fn keys_are_fields_named_expressions_or_handed_over() {
    let rule = rule("rule r { by bin: left(card, 6) in watched on a alert low \"x\" }");
    let keys = rule.by.expect("keys");
    assert_eq!(keys.table.map(|table| table.text).as_deref(), Some("watched"));
    let [KeyPart::Named(name, value)] = &keys.parts[..] else { unreachable!("one named part") };
    assert_eq!((name.text.as_str(), shown(value).as_str()), ("bin", "left(card 6)"));

    let pattern = pattern("by (a, b: c in [1]) match x then y by (d == x.d, e)");
    let Node::Step(step) = &pattern.seq[1].node else { unreachable!("a step") };
    let parts = &step.limits.by.as_ref().expect("keys").parts;
    assert!(matches!(&parts[..], [KeyPart::HandOver { .. }, KeyPart::Field(_)]), "{parts:?}");
}

#[test]
fn templates_have_values_with_their_places_in_the_file() {
    let text = "rule r { on a alert low \"\\t{{{n}}} {if b then \\\"x\\\" else c}\" }";
    let template = rule(text).alert.expect("an alert").template;
    let parts: Vec<_> = template
        .parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => format!("{text:?}"),
            TemplatePart::Expr(expr) => format!("{} at {:?}", shown(expr), expr.span.text(text)),
        })
        .collect();
    let expected = [r#""\t{""#, r#"n at "n""#, r#""} ""#, r#"(if b "x" c) at "if b then \\\"x\\\" else c""#];
    assert_eq!(parts, expected);
}

#[test]
fn errors_leave_the_rest_of_the_file_standing() {
    let text = "param x =\nrule a { on b where alert low \"x\" when }\nstream c { d: int e f: text } timed by d\ntest \"t\" { c { at 1s\n expect no a }";
    let (file, diagnostics) = parse(0, text);
    let kinds: Vec<_> = file.items.iter().map(|item| std::mem::discriminant(&item.node)).collect();
    assert_eq!(kinds.len(), 4, "{file:?}");
    assert!(diagnostics.len() >= 4, "{diagnostics:?}");
    let Some(ItemKind::Stream(stream)) = file.items.get(2).map(|item| &item.node) else { unreachable!("a stream") };
    let fields: Vec<_> = stream.fields.iter().map(|field| field.name.text.as_str()).collect();
    assert_eq!(fields, ["d", "f"]);
}
