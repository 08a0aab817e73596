//! What follows from conditions alone: that one can never hold, always holds, or follows from another.
//!
//! A condition is taken apart into comparisons of terms with constants or with each other; any other part is a term that is
//! true or false. What cannot be judged is taken to be possible: a warning that is missing does no harm, a wrong one does.

use std::cmp::Ordering;

use crate::plan::{CompareOp, Expr, ExprKind, History, HistoryBound, HistoryFn};
use crate::show::literal;
use crate::value::Value;

/// Alternatives that are looked at, and comparisons kept, before a condition is taken to be possible.
const WORK_MAX: usize = 256;

/// Why a condition cannot hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conflict {
    /// What contradicts itself.
    pub term: Expr,
    /// What it would have to be: `over 5 and under 3`.
    pub needs: String,
}

/// Why a condition holds for no event; `None` when it may. `histories` are those that it names.
pub(crate) fn never(condition: &Expr, histories: &[History]) -> Option<Conflict> {
    conflict(&[(condition, true)], histories)
}

/// Whether a condition is false for no event: it holds, or something in it is missing.
pub(crate) fn always(condition: &Expr, histories: &[History]) -> Option<Conflict> {
    conflict(&[(condition, false)], histories)
}

/// Whether an event that fits `one` fits `other`, where no condition is one that always holds.
pub(crate) fn implies(one: Option<&Expr>, other: Option<&Expr>) -> bool {
    match (one, other) {
        (_, None) => true,
        (None, Some(other)) => always(other, &[]).is_some(),
        (Some(one), Some(other)) => one == other || conflict(&[(one, true), (other, false)], &[]).is_some(),
    }
}

/// Whether no event fits both.
pub(crate) fn excludes(one: Option<&Expr>, other: Option<&Expr>) -> bool {
    let both: Vec<(&Expr, bool)> = one.into_iter().chain(other).map(|condition| (condition, true)).collect();
    conflict(&both, &[]).is_some()
}

/// A part of a condition, and whether it has to hold or to be false.
type Wanted<'a> = (&'a Expr, bool);

fn conflict(wanted: &[Wanted<'_>], histories: &[History]) -> Option<Conflict> {
    let mut work = WORK_MAX;
    let facts = Facts { histories, known: Vec::new(), pairs: Vec::new() };
    search(wanted.to_vec(), facts, Vec::new(), &mut work).err()
}

/// Looks for a way in which everything wanted holds.
fn search<'a>(
    mut wanted: Vec<Wanted<'a>>,
    mut facts: Facts<'a>,
    mut choices: Vec<Wanted<'a>>,
    work: &mut usize,
) -> Result<(), Conflict> {
    while let Some((expr, holds)) = wanted.pop() {
        let Some(left) = work.checked_sub(1) else { return Ok(()) };
        *work = left;
        match (&expr.kind, holds) {
            (ExprKind::And(parts), true) | (ExprKind::Or(parts), false) => {
                wanted.extend(parts.iter().rev().map(|part| (part, holds)));
            }
            (ExprKind::And(_), false) | (ExprKind::Or(_), true) => choices.push((expr, holds)),
            (ExprKind::Not(inner), _) => wanted.push((inner, !holds)),
            _ => facts.add(expr, holds)?,
        }
    }
    let Some((choice, holds)) = choices.pop() else { return Ok(()) };
    let mut first = None;
    for part in choice.children() {
        match search(vec![(part, holds)], facts.clone(), choices.clone(), work) {
            Ok(()) => return Ok(()),
            Err(conflict) => first = first.or(Some(conflict)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// What is known of terms.
#[derive(Clone)]
struct Facts<'a> {
    histories: &'a [History],
    known: Vec<(&'a Expr, Known)>,
    /// Left and right side of comparisons of two terms, with the orders that are possible.
    pairs: Vec<(&'a Expr, &'a Expr, Orders)>,
}

/// What is known of one term.
#[derive(Clone, Default)]
struct Known {
    /// `is null`, `is not null` or a comparison.
    is_null: Option<bool>,
    low: Option<End>,
    high: Option<End>,
    one_of: Option<Vec<Value>>,
    none_of: Vec<Value>,
}

/// An end of a range.
#[derive(Clone)]
struct End {
    value: Value,
    included: bool,
}

/// Which orders of two terms are possible: less, equal, greater.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Orders([bool; 3]);

impl<'a> Facts<'a> {
    fn add(&mut self, expr: &'a Expr, holds: bool) -> Result<(), Conflict> {
        match &expr.kind {
            ExprKind::Const(value) => {
                let is_possible = *value == Value::Bool(holds);
                if is_possible { Ok(()) } else { Err(Conflict { term: expr.clone(), needs: "true".to_owned() }) }
            }
            ExprKind::Compare(op, left, right) => {
                let op = if holds { *op } else { op.opposite() };
                match (&left.kind, &right.kind) {
                    (_, ExprKind::Const(value)) => self.compare(left, op, value),
                    (ExprKind::Const(value), _) => self.compare(right, op.mirrored(), value),
                    _ => self.pair(left, op, right),
                }
            }
            ExprKind::Is { negated, left, right } => match &right.kind {
                ExprKind::Const(Value::Null) => self.null(left, holds != *negated),
                ExprKind::Const(value) if holds != *negated => self.compare(left, CompareOp::Equal, value),
                _ => Ok(()),
            },
            ExprKind::In(item, list) => match &list.kind {
                ExprKind::Const(Value::List(values)) if holds => {
                    let values: Vec<Value> = values.iter().filter(|value| **value != Value::Null).cloned().collect();
                    self.one_of(item, values)
                }
                ExprKind::Const(Value::List(values)) => {
                    values.iter().try_for_each(|value| self.compare(item, CompareOp::NotEqual, value))
                }
                _ => self.compare(expr, CompareOp::Equal, &Value::Bool(holds)),
            },
            // Whatever it says: it is true or false.
            _ => self.compare(expr, CompareOp::Equal, &Value::Bool(holds)),
        }
    }

    fn known(&mut self, term: &'a Expr) -> &mut Known {
        let position = self.known.iter().position(|(known, _)| *known == term).unwrap_or_else(|| {
            self.known.push((term, Known::of(term, self.histories)));
            self.known.len() - 1
        });
        &mut self.known[position].1
    }

    fn judged(&mut self, term: &'a Expr) -> Result<(), Conflict> {
        let known = self.known(term);
        if known.is_possible() { Ok(()) } else { Err(Conflict { term: term.clone(), needs: known.needs() }) }
    }

    fn null(&mut self, term: &'a Expr, is_null: bool) -> Result<(), Conflict> {
        let known = self.known(term);
        if known.is_null == Some(!is_null) {
            let needs = "missing and not missing".to_owned();
            return Err(Conflict { term: term.clone(), needs });
        }
        known.is_null = Some(is_null);
        Ok(())
    }

    fn compare(&mut self, term: &'a Expr, op: CompareOp, value: &Value) -> Result<(), Conflict> {
        // Never known, which is said where it stands.
        if *value == Value::Null {
            return Ok(());
        }
        self.null(term, false)?;
        let known = self.known(term);
        let value = value.clone();
        match op {
            CompareOp::Equal => return self.one_of(term, vec![value]),
            CompareOp::NotEqual => known.none_of.push(value),
            CompareOp::Less => known.lower_high(value, false),
            CompareOp::LessEqual => known.lower_high(value, true),
            CompareOp::Greater => known.raise_low(value, false),
            CompareOp::GreaterEqual => known.raise_low(value, true),
        }
        self.judged(term)
    }

    fn one_of(&mut self, term: &'a Expr, values: Vec<Value>) -> Result<(), Conflict> {
        self.null(term, false)?;
        let known = self.known(term);
        let needs = match (&known.one_of, values.as_slice()) {
            (_, []) => "in an empty list".to_owned(),
            (Some(before), values) => format!("{} and {}", one_of(before), one_of(values)),
            (None, _) => String::new(),
        };
        let both = match known.one_of.take() {
            Some(before) => before.into_iter().filter(|value| values.contains(value)).collect(),
            None => values,
        };
        let is_empty = both.is_empty();
        known.one_of = Some(both);
        if is_empty {
            return Err(Conflict { term: term.clone(), needs });
        }
        self.judged(term)
    }

    fn pair(&mut self, left: &'a Expr, op: CompareOp, right: &'a Expr) -> Result<(), Conflict> {
        let orders = Orders::of(op);
        let contradicted = |term: &Expr| {
            Err(Conflict { term: term.clone(), needs: "in two orders at once to the same other value".to_owned() })
        };
        if left == right {
            return if orders.0[1] { Ok(()) } else { contradicted(left) };
        }
        for (a, b, known) in &mut self.pairs {
            let orders = match () {
                () if *a == left && *b == right => orders,
                () if *a == right && *b == left => orders.mirrored(),
                () => continue,
            };
            *known = known.both(orders);
            return if *known == Orders([false; 3]) { contradicted(left) } else { Ok(()) };
        }
        self.pairs.push((left, right, orders));
        Ok(())
    }
}

/// What some functions of times give, whatever the time.
const RANGES: [(&str, i64, i64); 7] = [
    ("hour", 0, 23),
    ("minute", 0, 59),
    ("second", 0, 59),
    ("day", 1, 31),
    ("weekday", 1, 7),
    ("week", 1, 53),
    ("month", 1, 12),
];

/// What counts events counts no more of them than it looks back over.
fn counted(history: &History) -> (Option<i64>, Option<i64>) {
    match (&history.func, history.bound) {
        (HistoryFn::Count | HistoryFn::Distinct | HistoryFn::ModeCount, bound) => match bound {
            HistoryBound::Last(max) | HistoryBound::PreviousLast(max) => (Some(0), Some(i64::from(max))),
            _ => (Some(0), None),
        },
        _ => (None, None),
    }
}

impl Known {
    /// What is known of a term before anything is asked of it.
    fn of(term: &Expr, histories: &[History]) -> Known {
        let (low, high) = match &term.kind {
            ExprKind::Call(function, _) => {
                let name = function.function().name;
                let range = RANGES.iter().find(|(known, ..)| *known == name);
                range.map_or((None, None), |(_, low, high)| (Some(*low), Some(*high)))
            }
            ExprKind::History(id) => histories.get(id.index()).map_or((None, None), counted),
            _ => (None, None),
        };
        let end = |value: i64| End { value: Value::Int(value), included: true };
        Known { low: low.map(end), high: high.map(end), ..Known::default() }
    }

    fn raise_low(&mut self, value: Value, included: bool) {
        let is_higher = |low: &End| match value.compare(&low.value) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => low.included && !included,
            Some(Ordering::Less) | None => false,
        };
        if self.low.as_ref().is_none_or(is_higher) {
            self.low = Some(End { value, included });
        }
    }

    fn lower_high(&mut self, value: Value, included: bool) {
        let is_lower = |high: &End| match value.compare(&high.value) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => high.included && !included,
            Some(Ordering::Greater) | None => false,
        };
        if self.high.as_ref().is_none_or(is_lower) {
            self.high = Some(End { value, included });
        }
    }

    fn is_possible(&self) -> bool {
        if let Some(values) = &self.one_of {
            return values.iter().any(|value| self.admits(value));
        }
        let (Some(low), Some(high)) = (&self.low, &self.high) else { return true };
        // The smallest and the largest whole number, where the type has them.
        if let (Some(low), Some(high)) = (whole(low, 1), whole(high, -1)) {
            return low <= high;
        }
        match low.value.compare(&high.value) {
            Some(Ordering::Less) | None => true,
            Some(Ordering::Equal) => low.included && high.included && !self.none_of.contains(&low.value),
            Some(Ordering::Greater) => false,
        }
    }

    fn admits(&self, value: &Value) -> bool {
        let above = self.low.as_ref().is_none_or(|low| match value.compare(&low.value) {
            Some(Ordering::Greater) | None => true,
            Some(Ordering::Equal) => low.included,
            Some(Ordering::Less) => false,
        });
        let below = self.high.as_ref().is_none_or(|high| match value.compare(&high.value) {
            Some(Ordering::Less) | None => true,
            Some(Ordering::Equal) => high.included,
            Some(Ordering::Greater) => false,
        });
        above && below && !self.none_of.contains(value)
    }

    /// `over 5 and under 3`
    fn needs(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.one_of.as_deref().map(one_of));
        parts.extend(self.low.as_ref().map(|low| {
            let word = if low.included { "at least" } else { "over" };
            format!("{word} {}", literal(&low.value))
        }));
        parts.extend(self.high.as_ref().map(|high| {
            let word = if high.included { "at most" } else { "under" };
            format!("{word} {}", literal(&high.value))
        }));
        let excluded = |value: &&Value| self.one_of.as_ref().is_none_or(|values| values.contains(value));
        parts.extend(self.none_of.iter().filter(excluded).map(|value| format!("not {}", literal(value))));
        parts.join(" and ")
    }
}

/// `"a"`, `one of ["a", "b"]`
fn one_of(values: &[Value]) -> String {
    match values {
        [value] => literal(value),
        values => format!("one of {}", literal(&Value::List(values.into()))),
    }
}

/// An end as a whole number that is in the range, of types that are counted in ones.
fn whole(end: &End, step: i64) -> Option<i64> {
    let (Value::Int(value) | Value::Time(value) | Value::Duration(value)) = end.value else { return None };
    if end.included { Some(value) } else { value.checked_add(step) }
}

impl Orders {
    fn of(op: CompareOp) -> Orders {
        Orders(match op {
            CompareOp::Equal => [false, true, false],
            CompareOp::NotEqual => [true, false, true],
            CompareOp::Less => [true, false, false],
            CompareOp::LessEqual => [true, true, false],
            CompareOp::Greater => [false, false, true],
            CompareOp::GreaterEqual => [false, true, true],
        })
    }

    fn mirrored(self) -> Orders {
        let [less, equal, greater] = self.0;
        Orders([greater, equal, less])
    }

    fn both(self, other: Orders) -> Orders {
        Orders(std::array::from_fn(|order| self.0[order] && other.0[order]))
    }
}

#[cfg(test)]
mod tests;
