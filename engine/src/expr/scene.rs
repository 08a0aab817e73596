//! What an expression can see when it is evaluated for one event.

use std::sync::Arc;

use crate::event::{Batch, Data};
use tripline_query_lang::plan::{FieldId, StepId, TableId};
use tripline_query_lang::value::{Point, Value};

/// One event's fields, typed: a row of a batch, or what a run has kept of an event. `None` is missing.
pub trait Row {
    /// A `bool` field.
    fn bool(&self, field: FieldId) -> Option<bool>;
    /// An `int`, `time` or `duration` field (microseconds), or the mantissa of a `decimal` field.
    fn int(&self, field: FieldId) -> Option<i64>;
    /// A `float` field.
    fn float(&self, field: FieldId) -> Option<f64>;
    /// A `text` field.
    fn text(&self, field: FieldId) -> Option<&str>;
    /// A `point` field.
    fn point(&self, field: FieldId) -> Option<Point>;
    /// A list field.
    fn list(&self, field: FieldId) -> Option<Arc<[Value]>>;
    /// The event time, microseconds.
    fn at_us(&self) -> i64;
}

/// The events that a run has taken, by step.
pub trait Bound {
    /// How many events the step has taken.
    fn taken(&self, step: StepId) -> usize;
    /// The event that the step took as its `index`-th, from 0.
    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row>;
}

/// The tables that are looked up.
pub trait Lookups {
    /// The row of this key, as canonical bytes, as of a time in microseconds: a value per field; none where there is no
    /// such row.
    fn row(&self, table: TableId, key: &[u8], at_us: i64) -> Option<Arc<[Value]>>;
}

/// What an expression can see.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The event at hand; `None` where there is none (after a match).
    pub row: Option<&'a dyn Row>,
    /// For a threshold rule: the field of each slot in the event's stream.
    pub slots: &'a [Option<FieldId>],
    /// What the run has taken so far; `None` in a threshold rule.
    pub bound: Option<&'a dyn Bound>,
    /// The rule's history functions at the event at hand, by id.
    pub histories: &'a [Value],
    /// The key's parts.
    pub keys: &'a [Value],
    /// The `with` fields that are already known, by position.
    pub with: &'a [Value],
    /// The time that `at` means: the event's, or the alert's after a match.
    pub at_us: i64,
    /// As of when tables are looked up, where that is not `at_us`: more is said of an event at a later moment.
    pub as_of_us: Option<i64>,
    /// The tables that can be looked up as of that time.
    pub tables: Option<&'a dyn Lookups>,
}

impl<'a> Scene<'a> {
    /// As of when tables are looked up.
    pub fn as_of_us(&self) -> i64 {
        self.as_of_us.unwrap_or(self.at_us)
    }

    /// What an expression that looks at one event alone can see.
    pub fn of_row(row: &'a dyn Row) -> Scene<'a> {
        Scene { at_us: row.at_us(), row: Some(row), ..Scene::EMPTY }
    }

    /// Nothing at all.
    pub const EMPTY: Scene<'static> = Scene {
        row: None,
        slots: &[],
        bound: None,
        histories: &[],
        keys: &[],
        with: &[],
        at_us: 0,
        as_of_us: None,
        tables: None,
    };
}

/// A row of a batch.
#[derive(Clone, Copy)]
pub struct BatchRow<'a> {
    /// The batch.
    pub batch: &'a Batch,
    /// The row.
    pub row: usize,
}

impl BatchRow<'_> {
    fn data(&self, field: FieldId) -> Option<&Data> {
        let column = self.batch.column(field);
        column.is_valid(self.row).then_some(&column.data)
    }
}

impl Row for BatchRow<'_> {
    fn bool(&self, field: FieldId) -> Option<bool> {
        match self.data(field)? {
            Data::Bool(bits) => Some(bits.get(self.row)),
            _ => None,
        }
    }

    fn int(&self, field: FieldId) -> Option<i64> {
        match self.data(field)? {
            Data::Int(v) | Data::Decimal(v, _) => Some(v[self.row]),
            _ => None,
        }
    }

    fn float(&self, field: FieldId) -> Option<f64> {
        match self.data(field)? {
            Data::Float(v) => Some(v[self.row]),
            _ => None,
        }
    }

    fn text(&self, field: FieldId) -> Option<&str> {
        match self.data(field)? {
            Data::Text(t) => Some(t.get(self.row)),
            _ => None,
        }
    }

    fn point(&self, field: FieldId) -> Option<Point> {
        match self.data(field)? {
            Data::Point(v) => Some(Point { lat: v[self.row][0], lon: v[self.row][1] }),
            _ => None,
        }
    }

    fn list(&self, field: FieldId) -> Option<Arc<[Value]>> {
        match self.data(field)? {
            Data::List(offsets, items) => {
                let range = offsets[self.row] as usize..offsets[self.row + 1] as usize;
                Some(range.map(|i| items.item(i)).collect())
            }
            _ => None,
        }
    }

    fn at_us(&self) -> i64 {
        self.batch.at_us[self.row]
    }
}
