//! Look-ups in tables, as of the time of the event at hand.

use std::sync::Arc;

use super::closure::{BoolFn, ValueFn, compile_value};
use super::{Scene, write_key};
use tripline_query_lang::plan::{Expr, ExprKind, TableId};
use tripline_query_lang::value::Value;

/// Where a row is looked up, compiled.
struct Place {
    table: TableId,
    key: Vec<ValueFn>,
}

impl Place {
    fn new(table: TableId, key: &[Expr]) -> Place {
        Place { table, key: key.iter().map(compile_value).collect() }
    }

    /// The key's canonical bytes; none when a part is unknown.
    fn key(&self, scene: &Scene<'_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.key.iter().all(|part| write_key(&[part(scene)], &mut bytes)).then_some(bytes)
    }

    fn row(&self, scene: &Scene<'_>) -> Option<Arc<[Value]>> {
        scene.tables?.row(self.table, &self.key(scene)?, scene.as_of_us())
    }
}

/// `table[key].field`, if the expression is that.
pub(super) fn compile_lookup(kind: &ExprKind) -> Option<ValueFn> {
    let ExprKind::Lookup { table, key, field } = kind else { return None };
    let (place, field) = (Place::new(*table, key), field.index());
    Some(Box::new(move |s| place.row(s).and_then(|row| row.get(field).cloned()).unwrap_or(Value::Null)))
}

/// `x in table`
pub(super) fn compile_listed(table: TableId, key: &[Expr]) -> BoolFn {
    let place = Place::new(table, key);
    Box::new(move |s| {
        let key = place.key(s)?;
        Some(s.tables.is_some_and(|tables| tables.row(place.table, &key, s.as_of_us()).is_some()))
    })
}
