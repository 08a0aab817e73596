//! How often a loop goes round: its numbers, with params put in.

use crate::ast::{Count, ExprKind, Quant};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::patterns as codes;
use crate::resolve::World;
use crate::types::constant::count_from;

/// At least, and at most; none is unbounded.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: Option<u32>,
}

impl Times {
    /// Those of a quantifier; says what is no count, and what allows none.
    pub fn said<'a>(world: &World<'a>, file: usize, quant: &'a Quant) -> Times {
        let before = world.error_count();
        let times = Times::by(quant, |count| said(world, file, count));
        if world.error_count() == before {
            times.check(world, file, quant);
        }
        times
    }

    /// As `said`, where it was said before or will be.
    pub fn of<'a>(world: &World<'a>, file: usize, quant: &'a Quant) -> Times {
        Times::by(quant, |count| world.quietly(|| said(world, file, count)))
    }

    fn by<'a>(quant: &'a Quant, number: impl Fn(&'a Count) -> Option<u32>) -> Times {
        let min = number(&quant.min);
        let max = match &quant.max {
            // `{n}`: said once.
            Some(max) if *max == quant.min => Some(min.unwrap_or(u32::MAX)),
            Some(max) => Some(number(max).unwrap_or(u32::MAX)),
            None => None,
        };
        Times { min: min.unwrap_or(1), max }
    }

    /// Takes more than one event or round.
    pub fn is_loop(self) -> bool {
        self.max.is_none_or(|max| max > 1)
    }

    /// Reports a quantifier that no number of events fits.
    fn check(self, world: &World<'_>, file: usize, quant: &Quant) {
        let message = match self.max {
            Some(0) => "a step that takes at most 0 events takes none".to_owned(),
            Some(max) if max < self.min => format!("no number is at least {} and at most {max}", self.min),
            _ => return,
        };
        let mut fault = Diagnostic::new(codes::QUANTIFIER, file, quant.span, message);
        let ends = std::iter::once((&quant.min, self.min)).chain(quant.max.as_ref().zip(self.max));
        let mut named: Vec<String> = ends.filter_map(|(count, value)| said_by_name(count, value)).collect();
        named.dedup();
        if !named.is_empty() {
            fault = fault.label(named.join(", "));
        }
        world.report(fault.hint("`{n,m}` has the smaller number first, and takes at least one event"));
    }
}

/// A param's value, which stands elsewhere.
fn said_by_name(count: &Count, value: u32) -> Option<String> {
    let Count::Named(tree) = count else { return None };
    let ExprKind::Name(name) = &tree.node else { return None };
    Some(format!("`{name}` is {value}"))
}

fn said<'a>(world: &World<'a>, file: usize, count: &'a Count) -> Option<u32> {
    match count {
        Count::Number(n) => Some(*n),
        Count::Named(tree) => count_from(world, file, tree, "how often a loop goes round", 0),
    }
}
