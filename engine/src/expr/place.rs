//! Where a value already stands: in a field of some event, or in what the scene lists by position.

use super::{Row, Scene};
use tripline_query_lang::plan::{ExprKind, FieldId, SlotId, StepId};
use tripline_query_lang::value::Value;

/// A field of an event that the scene shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowPlace {
    Field(FieldId),
    Slot(SlotId),
    Step(StepId, FieldId),
}

impl RowPlace {
    /// The place that an expression names, if it names one.
    pub(super) fn of(kind: &ExprKind) -> Option<RowPlace> {
        match *kind {
            ExprKind::Field(field) => Some(RowPlace::Field(field)),
            ExprKind::Slot(slot) => Some(RowPlace::Slot(slot)),
            ExprKind::Step(step, field) => Some(RowPlace::Step(step, field)),
            _ => None,
        }
    }

    /// The event and its field; none where there is no such event, or its stream has no such field.
    #[inline]
    pub(super) fn find<'a>(self, scene: &Scene<'a>) -> Option<(&'a dyn Row, FieldId)> {
        match self {
            RowPlace::Field(field) => Some((scene.row?, field)),
            RowPlace::Slot(slot) => Some((scene.row?, (*scene.slots.get(slot.index())?)?)),
            RowPlace::Step(step, field) => Some((scene.bound?.nth(step, 0)?, field)),
        }
    }
}

/// A value that the scene lists.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValuePlace {
    Key(usize),
    With(usize),
    History(usize),
}

impl ValuePlace {
    /// The place that an expression names, if it names one.
    pub(super) fn of(kind: &ExprKind) -> Option<ValuePlace> {
        match *kind {
            ExprKind::Key(part) => Some(ValuePlace::Key(part as usize)),
            ExprKind::With(field) => Some(ValuePlace::With(field as usize)),
            ExprKind::History(history) => Some(ValuePlace::History(history.index())),
            _ => None,
        }
    }

    /// The value, if the scene has it.
    #[inline]
    pub(super) fn find<'a>(self, scene: &Scene<'a>) -> Option<&'a Value> {
        match self {
            ValuePlace::Key(part) => scene.keys.get(part),
            ValuePlace::With(field) => scene.with.get(field),
            ValuePlace::History(history) => scene.histories.get(history),
        }
    }
}
