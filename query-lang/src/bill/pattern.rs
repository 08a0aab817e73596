//! What a pattern holds: open runs, and the events that they have taken. Runs share events, so that an event is held once
//! for each step that took it.

use super::lifetime::{self, Bound, Lifetime};
use super::{Amount, Item, Rate, sizes};
use crate::plan::{
    Branching, Element, Expr, ExprKind, FieldId, Limits, Link, Node, Pattern, Plan, Quant, Rule, Runs, StepKey,
    StreamId, TemplatePart,
};
use crate::show::Show;
use crate::show::pattern::runs;

/// The items of a pattern.
pub(super) fn items(plan: &Plan, rule: &Rule, pattern: &Pattern, rate: Rate) -> Vec<Item> {
    let mut items = vec![Item {
        clause: "match".to_owned(),
        holds: "what is known of the key".to_owned(),
        events: Amount::NONE,
        bytes: Amount::AtMost(sizes::PATTERN),
    }];
    if pattern.steps.is_empty() {
        return items;
    }
    let lifetime = lifetime::of(Show::new(plan, rule), pattern);
    let mut counts = vec![Amount::AtMost(1); pattern.steps.len()];
    let mut branches = Amount::AtMost(1);
    shape(&pattern.seq, Amount::AtMost(1), &mut counts, &mut branches);
    let in_lifetime = match lifetime.bound {
        Bound::Time(us) => rate.events(us),
        Bound::Events(n) => Amount::AtMost(u64::from(n) + 1),
        Bound::None => Amount::Unbounded,
    };
    let open = open_runs(pattern, in_lifetime, &counts) * branches;
    items.push(runs_item(pattern, &lifetime, in_lifetime, open));
    let fields = kept_fields(rule, pattern, plan.streams.len());
    let mut events = Amount::NONE;
    let mut bytes = Amount::NONE;
    for (info, most) in pattern.steps.iter().zip(&counts) {
        let held = in_lifetime.min(open * *most);
        let stream = plan.streams.get(info.stream.index());
        let kept: u64 = fields[info.stream.index()]
            .iter()
            .filter_map(|field| stream?.fields.get(field.index()))
            .map(|field| sizes::CELL + sizes::value(&field.ty))
            .sum();
        events = events + held;
        bytes = bytes + held * Amount::AtMost(sizes::TAKEN + kept);
    }
    items.push(Item { clause: lifetime.clause, holds: "events that runs have taken".to_owned(), events, bytes });
    items
}

fn runs_item(pattern: &Pattern, lifetime: &Lifetime, in_lifetime: Amount, open: Amount) -> Item {
    let is_capped = match (pattern.runs, in_lifetime.bounded()) {
        (Runs::Max(max), Some(starts)) => starts > u64::from(max),
        (Runs::Max(_), None) | (Runs::Latest, _) => true,
    };
    let clause = match (is_capped, runs(pattern.runs)) {
        (true, Some(runs)) => runs,
        (true, None) => "the cap on open runs".to_owned(),
        (false, _) => lifetime.clause.clone(),
    };
    let spans = sizes::RUN + sizes::SPAN * pattern.steps.len() as u64;
    let holds = match open {
        Amount::AtMost(1) => "1 open run".to_owned(),
        Amount::AtMost(_) => format!("{open} open runs"),
        Amount::Countless => "open runs, more than can be counted".to_owned(),
        Amount::Unbounded => "open runs".to_owned(),
    };
    Item { clause, holds, events: Amount::NONE, bytes: open * Amount::AtMost(spans) }
}

/// Runs that began at different events and are open at one time.
fn open_runs(pattern: &Pattern, in_lifetime: Amount, counts: &[Amount]) -> Amount {
    match pattern.runs {
        Runs::Max(max) => in_lifetime.min(Amount::AtMost(u64::from(max))),
        // One waits at each place; a loop has a place for each round up to its minimum, which its maximum bounds.
        Runs::Latest => counts.iter().fold(Amount::AtMost(1), |sum, most| sum + *most).min(in_lifetime),
    }
}

/// How many events each step takes at most in one match, and how many branches a run may have.
fn shape(seq: &[Element], rounds: Amount, counts: &mut [Amount], branches: &mut Amount) {
    for element in seq {
        match &element.node {
            Node::Step(step) => {
                branch(element.link, step.quant, &step.limits, branches);
                if let Some(count) = counts.get_mut(step.id.index()) {
                    *count = rounds * most(step.quant);
                }
            }
            Node::No(_) => {}
            Node::Group(group) => {
                branch(element.link, None, &group.limits, branches);
                shape(&group.members, rounds, counts, branches);
            }
            Node::Sub(sub) => {
                branch(element.link, sub.quant, &sub.limits, branches);
                shape(&sub.seq, rounds * most(sub.quant), counts, branches);
            }
        }
    }
}

fn most(quant: Option<Quant>) -> Amount {
    quant.map_or(Amount::AtMost(1), |quant| quant.max.map_or(Amount::Unbounded, |max| Amount::AtMost(u64::from(max))))
}

/// `then each` and `each`: the run that goes on, and `limit N` branches besides it.
fn branch(link: Link, quant: Option<Quant>, limits: &Limits, branches: &mut Amount) {
    let each = quant.is_some_and(|quant| match quant.branching {
        Branching::Each => true,
        Branching::One => false,
    });
    if each || link == Link::ThenEach {
        let limit = limits.limit.map_or(Amount::Unbounded, |limit| Amount::AtMost(u64::from(limit) + 1));
        *branches = *branches * limit;
    }
}

/// By stream, the fields that later conditions and the alert read of taken events.
fn kept_fields(rule: &Rule, pattern: &Pattern, streams: usize) -> Vec<Vec<FieldId>> {
    let mut fields = vec![Vec::new(); streams];
    let mut read = |expr: &Expr| collect(expr, None, pattern, &mut fields);
    for info in &pattern.steps {
        info.filter.iter().for_each(&mut read);
        handed_over(&info.key, &mut read);
    }
    pattern.without.iter().flat_map(|absent| &absent.filter).for_each(&mut read);
    conditions(&pattern.seq, &mut read);
    rule.fields.iter().for_each(|with| read(&with.expr));
    for part in rule.alert.iter().flat_map(|alert| &alert.template) {
        match part {
            TemplatePart::Expr(expr) => read(expr),
            TemplatePart::Text(_) => {}
        }
    }
    rule.suppress.iter().flat_map(|suppress| &suppress.by).for_each(&mut read);
    for of_stream in &mut fields {
        of_stream.sort_unstable();
        of_stream.dedup();
    }
    fields
}

fn conditions(seq: &[Element], read: &mut impl FnMut(&Expr)) {
    for element in seq {
        match &element.node {
            Node::Step(step) => step.limits.until.iter().for_each(&mut *read),
            Node::No(absent) => {
                absent.filter.iter().for_each(&mut *read);
                handed_over(&absent.key, read);
            }
            Node::Group(group) => conditions(&group.members, read),
            Node::Sub(sub) => {
                sub.limits.until.iter().for_each(&mut *read);
                conditions(&sub.seq, read);
            }
        }
    }
}

fn handed_over(key: &StepKey, read: &mut impl FnMut(&Expr)) {
    match key {
        StepKey::Own(_) => {}
        StepKey::HandOver(pairs) => pairs.iter().for_each(|pair| read(&pair.from)),
    }
}

/// `inside`: the stream of the loop whose events a function looks at.
fn collect(expr: &Expr, inside: Option<StreamId>, pattern: &Pattern, fields: &mut [Vec<FieldId>]) {
    let stream_of = |step: crate::plan::StepId| pattern.steps.get(step.index()).map(|info| info.stream);
    let mut below = inside;
    let found = match &expr.kind {
        ExprKind::Step(step, field) => stream_of(*step).map(|stream| (stream, *field)),
        ExprKind::Field(field) => inside.map(|stream| (stream, *field)),
        ExprKind::Loop { step, .. } => {
            below = stream_of(*step);
            None
        }
        _ => None,
    };
    if let Some((stream, field)) = found
        && let Some(of_stream) = fields.get_mut(stream.index())
    {
        of_stream.push(field);
    }
    expr.children().into_iter().for_each(|child| collect(child, below, pattern, fields));
}
