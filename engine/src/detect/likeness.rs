//! Which patterns are alike but for their limits, so that they may stand in one family.

use std::sync::Arc;

use crate::expr::{canonical, hash_key, limit};
use tripline_query_lang::plan::{
    Body, Branching, Element, FieldId, Limits, Link, Node, Pattern, Quant, Rule, Runs, Skip, StepKey, Within,
    reads_tables,
};

/// With a smaller cap on open runs it matters which of several runs is refused.
const CAP_MIN: u32 = 1_000;
/// So many steps at most.
const STEPS_MAX: usize = 8;

/// What tells a pattern of a family from the others, and what they share.
#[derive(Clone, Debug)]
pub(super) struct Likeness {
    /// Equal for all rules of the family: all but limits and what is said.
    pub common: String,
    /// Which form.
    pub kind: Kind,
    /// The column that limits are for.
    pub field: FieldId,
    /// By step, the least value.
    pub limits: Vec<i64>,
    /// First to last event, microseconds.
    pub span_us: i64,
    /// The cap on open runs.
    pub runs_max: usize,
    /// What evidence calls the steps.
    pub steps: Vec<Arc<str>>,
}

/// The forms of pattern that families have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `a then b then c`, every start for itself.
    Rising,
    /// `a{3}`, then from the start.
    Repeated(usize),
}

impl Likeness {
    /// That of a rule which may stand in a family.
    pub fn of(rule: &Rule) -> Option<Likeness> {
        let Body::Pattern(pattern) = &rule.body else { return None };
        let plain = rule.alert.is_some() && rule.suppress.is_none() && rule.key_table.is_none();
        let quiet = rule.repeat_us.is_none() && rule.resolve.is_none() && rule.histories.is_empty();
        let Runs::Max(runs_max @ CAP_MIN..) = pattern.runs else { return None };
        let Some(Within::Time(within_us)) = pattern.within else { return None };
        if !plain || !quiet || !pattern.without.is_empty() || rule.said().any(reads_tables) {
            return None;
        }
        let (kind, over_us) = kind(pattern)?;
        let (mut limits, mut texts, mut field) = (Vec::new(), Vec::new(), None);
        for step in &pattern.steps {
            let StepKey::Own(keys) = &step.key else { return None };
            let (of, least, rest) = limit(step.filter.as_ref()?)?;
            if *field.get_or_insert(of) != of || step.stream != pattern.steps[0].stream {
                return None;
            }
            limits.push(least);
            let keys: Vec<String> = keys.iter().map(canonical).collect();
            texts.push(format!("{keys:?} {:?}", rest.map(|rest| canonical(&rest))));
        }
        let names: Vec<&str> = rule.keys.iter().map(|key| &*key.name).collect();
        let span_us = over_us.map_or(within_us, |over_us: i64| over_us.min(within_us));
        let stream = pattern.steps[0].stream;
        let field = field?;
        Some(Likeness {
            common: format!("{kind:?} {stream:?} {field:?} {names:?} {texts:?} {span_us} {runs_max}"),
            steps: pattern.steps.iter().map(|step| (&*step.name).into()).collect(),
            runs_max: runs_max as usize,
            kind,
            field,
            limits,
            span_us,
        })
    }

    /// Names the family's state in snapshots.
    pub fn fingerprint(&self) -> u64 {
        hash_key(self.common.as_bytes())
    }

    /// At no step less than another of the family.
    pub fn is_over(&self, other: &Likeness) -> bool {
        self.limits.iter().zip(&other.limits).all(|(own, other)| own >= other)
    }
}

/// The form of a pattern, and the loop's `over`, microseconds.
fn kind(pattern: &Pattern) -> Option<(Kind, Option<i64>)> {
    let plain = |limits: &Limits| limits.within_us.is_none() && limits.until.is_none() && limits.limit.is_none();
    if let ([Element { node: Node::Step(step), .. }], Skip::PastLast) = (&pattern.seq[..], pattern.skip) {
        let Quant { min, max, greedy, branching, consecutive } = step.quant?;
        let exact = max == Some(min) && min > 1 && min < CAP_MIN;
        let one_way = !greedy && branching == Branching::One && !consecutive && plain(&step.limits);
        return (exact && one_way).then_some((Kind::Repeated(min as usize), step.limits.over_us));
    }
    let steps = pattern.seq.iter().zip(&pattern.steps).zip(0..);
    let single = |((element, _), number): ((&Element, _), u32)| {
        let Node::Step(step) = &element.node else { return false };
        let follows = matches!((number, element.link), (0, Link::Start) | (1.., Link::Then));
        follows && step.id.0 == number && step.quant.is_none() && step.limits.over_us.is_none() && plain(&step.limits)
    };
    let len = pattern.seq.len();
    let fits = (2..=STEPS_MAX).contains(&len) && len == pattern.steps.len() && pattern.skip == Skip::None;
    (fits && steps.into_iter().all(single)).then_some((Kind::Rising, None))
}
