//! How often a loop goes round: its numbers, with params put in.

use crate::ast::{Count, Quant};
use crate::diagnostics::codes::types;
use crate::resolve::World;
use crate::types::constant;
use crate::value::{Type, Value};

/// At least, and at most; none is unbounded.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: Option<u32>,
}

impl Times {
    /// Those of a quantifier; says what is no count.
    pub fn said<'a>(world: &World<'a>, file: usize, quant: &'a Quant) -> Times {
        Times::by(quant, |count| said(world, file, count))
    }

    /// As `said`, where it was said before or will be.
    pub fn of<'a>(world: &World<'a>, file: usize, quant: &'a Quant) -> Times {
        Times::by(quant, |count| world.quietly(|| said(world, file, count)))
    }

    fn by<'a>(quant: &'a Quant, number: impl Fn(&'a Count) -> Option<u32>) -> Times {
        let max = quant.max.as_ref().map(|max| number(max).unwrap_or(u32::MAX));
        Times { min: number(&quant.min).unwrap_or(1), max }
    }

    /// Takes more than one event or round.
    pub fn is_loop(self) -> bool {
        self.max.is_none_or(|max| max > 1)
    }
}

fn said<'a>(world: &World<'a>, file: usize, count: &'a Count) -> Option<u32> {
    let tree = match count {
        Count::Number(n) => return Some(*n),
        Count::Named(tree) => tree,
    };
    let (value, ty) = constant::value(world, file, tree, "how often a loop goes round")?;
    let message = match value {
        Value::Int(n) => match u32::try_from(n) {
            Ok(n) => return Some(n),
            Err(_) => format!("a loop goes round 0 to {} times, and this is {n}", u32::MAX),
        },
        // Reported.
        _ if ty == Type::Null => return None,
        _ => format!("how often a loop goes round is an int, and this is of type {ty}"),
    };
    world.fault(types::EXPECTED, file, tree.span, message);
    None
}
