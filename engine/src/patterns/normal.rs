//! The normal form of a pattern: other words for the same are one plan, and so cost the same.
//!
//! * conditions in their normal form;
//! * brackets that say nothing dissolved: `(a then b) then c`, `(x){3}`;
//! * `all of` members that are alike as a sequence: whichever comes, it is taken as the next;
//! * `without` of two steps as a `no` between them.
//!
//! [`looped`] and [`unrolled`] are other forms that some strategies ask for.
//!
//! Each keeps the steps and which events they take. [`Machine::by_runs`](super::Machine::by_runs) runs a pattern as it was
//! written, and must find the same.

use tripline_query_lang::plan::{
    Absent, Branching, CompareOp, Element, Expr, ExprKind, Group, GroupKind, Limits, Link, Node, Pattern, Quant, Step,
    StepId, StepInfo, StepKey, Sub,
};
use tripline_query_lang::value::Value;

use crate::expr::{normal, split_local};

/// Loops of more rounds stay loops.
const ROUNDS_MAX: u32 = 4;

/// The normal form.
pub(super) fn of(pattern: &Pattern) -> Pattern {
    let mut pattern = pattern.clone();
    let filters = pattern.steps.iter_mut().map(|step| &mut step.filter);
    for filter in filters.chain(pattern.without.iter_mut().map(|absent| &mut absent.filter)).flatten() {
        *filter = normal(filter);
    }
    let seq = std::mem::take(&mut pattern.seq);
    pattern.seq = sequence(&pattern, seq);
    if let [first, last] = &pattern.seq[..]
        && [first, last].iter().all(|element| is_single(&pattern, element))
        && may_follow(last.link)
    {
        // What stands between two steps is neither of them: an event that could be both is left to `without`.
        let between = std::mem::take(&mut pattern.without);
        let no = |absent| Element { link: Link::Then, node: Node::No(absent) };
        pattern.seq.splice(1..1, between.into_iter().map(no));
    }
    pattern
}

/// Takes one event, which is none that `without` forbids.
fn is_single(pattern: &Pattern, element: &Element) -> bool {
    let Node::Step(Step { id, quant: None, limits }) = &element.node else { return false };
    let Some(step) = pattern.steps.get(id.index()) else { return false };
    let differs = |absent: &Absent| match (&step.filter, &absent.filter) {
        (Some(filter), Some(other)) => step.stream == absent.stream && exclude(filter, other),
        _ => false,
    };
    is_free(limits) && pattern.without.iter().all(differs)
}

/// No event fits both: they want a field to be equal to two constants.
fn exclude(a: &Expr, b: &Expr) -> bool {
    let conjuncts = |expr: &Expr| match &expr.kind {
        ExprKind::And(parts) => parts.clone(),
        _ => vec![expr.clone()],
    };
    let wanted = |expr: &Expr| match &expr.kind {
        ExprKind::Compare(CompareOp::Equal, left, right) => match (&left.kind, &right.kind) {
            (ExprKind::Field(field), ExprKind::Const(Value::Text(text))) => Some((*field, text.clone())),
            _ => None,
        },
        _ => None,
    };
    let (a, b) = (conjuncts(a), conjuncts(b));
    let mut pairs =
        a.iter().filter_map(wanted).flat_map(|one| b.iter().filter_map(wanted).map(move |other| (one.clone(), other)));
    pairs.any(|(one, other)| one.0 == other.0 && one.1 != other.1)
}

/// The pattern with its short loops as steps one after the other, where it has any behind its first step. A loop's events
/// are those of one step still.
pub(super) fn unrolled(pattern: &Pattern) -> Option<Pattern> {
    let mut seq = Vec::new();
    for element in &pattern.seq {
        match &element.node {
            Node::Step(Step { id, quant: Some(quant), limits }) => {
                let local = |e| split_local(e).1.is_none();
                let is_local = pattern.steps[id.index()].filter.as_ref().is_none_or(local);
                let is_exact = quant.max == Some(quant.min) && (1..=ROUNDS_MAX).contains(&quant.min);
                let is_plain = is_exact && !quant.greedy && !quant.consecutive && quant.branching == Branching::One;
                if !is_local || !is_plain || !is_free(limits) || !may_follow(element.link) {
                    return None;
                }
                let step =
                    |link| Element { link, node: Node::Step(Step { id: *id, quant: None, limits: limits.clone() }) };
                seq.push(step(element.link));
                seq.extend((1..quant.min).map(|_| step(Link::Then)));
            }
            _ => seq.push(element.clone()),
        }
    }
    (seq.len() > pattern.seq.len()).then(|| Pattern { seq, ..pattern.clone() })
}

/// The pattern with its first steps as one loop, where they are alike: `a then b then c` as `a{3}`. With the step that each
/// event of the loop is taken as.
pub(super) fn looped(pattern: &Pattern) -> Option<(Pattern, Vec<StepId>)> {
    let Some(Element { link, node: Node::Step(first) }) = pattern.seq.first() else { return None };
    let info = |step: &Step| pattern.steps.get(step.id.index());
    let rounds = |element: &Element| match &element.node {
        Node::Step(step)
            if is_free(&step.limits) && may_follow(element.link) && is_alike(info(first)?, info(step)?) =>
        {
            let number = step.quant.map_or(Some(1), |quant| Some(quant.min).filter(|_| is_exact(quant)))?;
            Some(vec![step.id; number as usize])
        }
        _ => None,
    };
    let by_element: Vec<Vec<StepId>> = pattern.seq.iter().map_while(rounds).collect();
    let (behind, taken) = (by_element.len(), by_element.concat());
    let number = u32::try_from(taken.len()).ok()?;
    let quant = Quant { min: number, max: Some(number), greedy: false, branching: Branching::One, consecutive: false };
    let is_each_once = taken.is_sorted() && behind > 1;
    is_each_once.then(|| {
        let node = Node::Step(Step { quant: Some(quant), ..first.clone() });
        let rest = pattern.seq[behind..].iter().cloned();
        let seq = [Element { link: *link, node }].into_iter().chain(rest).collect();
        (Pattern { seq, ..pattern.clone() }, taken)
    })
}

/// So many rounds, and no more.
fn is_exact(quant: Quant) -> bool {
    is_simple(quant) && quant.max == Some(quant.min) && quant.min <= ROUNDS_MAX
}

fn sequence(pattern: &Pattern, seq: Vec<Element>) -> Vec<Element> {
    seq.into_iter().flat_map(|element| dissolved(pattern, element)).collect()
}

/// An element without brackets and groups that say nothing.
fn dissolved(pattern: &Pattern, element: Element) -> Vec<Element> {
    let Element { link, node } = element;
    match node {
        Node::Sub(Sub { seq, quant, limits }) => {
            let mut seq = sequence(pattern, seq);
            if quant.is_none() && is_free(&limits) && may_follow(link) {
                seq.iter_mut().take(1).for_each(|first| first.link = link);
                return seq;
            }
            if let ([Element { node: Node::Step(step), .. }], Some(rounds)) = (&seq[..], quant)
                && step.quant.is_none()
                && is_free(&step.limits)
                && is_free(&limits)
                && is_simple(rounds)
                && may_follow(link)
            {
                return vec![Element { link, node: Node::Step(Step { quant, ..step.clone() }) }];
            }
            vec![Element { link, node: Node::Sub(Sub { seq, quant, limits }) }]
        }
        Node::Group(group) if may_follow(link) && are_alike(pattern, &group) => {
            let links = std::iter::once(link).chain(std::iter::repeat(Link::Then));
            group.members.into_iter().zip(links).map(|(member, link)| Element { link, ..member }).collect()
        }
        Node::No(mut absent) => {
            absent.filter = absent.filter.as_ref().map(normal);
            vec![Element { link, node: Node::No(absent) }]
        }
        node => vec![Element { link, node }],
    }
}

/// What stands in the bracket may as well stand behind this word by itself.
fn may_follow(link: Link) -> bool {
    matches!(link, Link::Start | Link::Then)
}

fn is_simple(rounds: Quant) -> bool {
    rounds.min > 0 && !rounds.greedy && !rounds.consecutive && rounds.branching == Branching::One
}

fn is_free(limits: &Limits) -> bool {
    let Limits { over_us, within_us, until, limit } = limits;
    over_us.is_none() && within_us.is_none() && until.is_none() && limit.is_none()
}

/// All of its members must come, and what fits one fits all.
fn are_alike(pattern: &Pattern, group: &Group) -> bool {
    let step = |member: &Element| match &member.node {
        Node::Step(step) if step.quant.is_none() && is_free(&step.limits) => pattern.steps.get(step.id.index()),
        _ => None,
    };
    let Some(steps) = group.members.iter().map(step).collect::<Option<Vec<_>>>() else { return false };
    let is_all = group.kind == GroupKind::Of(steps.len() as u32);
    is_all && is_free(&group.limits) && steps.windows(2).all(|pair| is_alike(pair[0], pair[1]))
}

/// What fits one step fits the other, whatever came before.
fn is_alike(a: &StepInfo, b: &StepInfo) -> bool {
    let is_local = |step: &StepInfo| step.filter.as_ref().is_none_or(|filter| split_local(filter).1.is_none());
    let has_same_key = match (&a.key, &b.key) {
        (StepKey::Own(own), StepKey::Own(other)) => own == other,
        _ => false,
    };
    is_local(a) && a.stream == b.stream && a.filter == b.filter && has_same_key
}
