//! What rules find: alerts, and rows of derived streams on their way to the rules that read them.

use std::sync::Arc;

use super::unique::{Judged, Places, Repeats};
use crate::alert::Alert;
use crate::event::{Batch, BatchBuilder, PartitionId, Position};
use tripline_query_lang::plan::{Plan, StreamId};
use tripline_query_lang::value::{Decimal, Type, Value};

/// What was found.
#[derive(Default)]
pub struct Out {
    /// Alerts.
    pub alerts: Vec<Alert>,
    /// Rows of derived streams.
    pub(super) rows: Vec<Row>,
    /// Rows that were looked at for repeats, a batch each, and where each batch stands.
    pub(super) judged: Vec<Judged>,
    pub(super) judged_places: Places,
    /// Repeats.
    pub(super) repeats: Vec<Repeats>,
}

/// A row of a derived stream.
pub(super) struct Row {
    /// The stream.
    pub stream: StreamId,
    /// Where it stands, with its event time.
    pub place: Position,
    /// A value per field; missing where no rule reads the field.
    pub values: Vec<Value>,
}

impl Out {
    /// Takes the rows out, as a batch per derived stream; `needed` is by stream and field.
    pub(super) fn batches(&mut self, plan: &Plan, needed: &[Vec<bool>]) -> Vec<Arc<Batch>> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|a, b| (a.stream, &a.place).cmp(&(b.stream, &b.place)));
        let topic: Arc<str> = Arc::from("");
        let batch = |rows: &[Row]| {
            let id = rows[0].stream;
            let stream = &plan.streams[id.index()];
            let mut builder = BatchBuilder::new(stream, &needed[id.index()]);
            for (number, row) in rows.iter().enumerate() {
                for ((column, field), value) in builder.columns.iter_mut().zip(&stream.fields).zip(&row.values) {
                    if !column.is_absent() {
                        column.push_value(&fitted(value, &field.ty));
                    }
                }
                builder.end_row(row.place.time_us, number as i64);
            }
            let partition = PartitionId { stream: id, topic: topic.clone(), partition: 0 };
            let places = rows.iter().map(|row| Arc::new(row.place.clone())).collect();
            Arc::new(Batch { places: Some(places), ..builder.finish(partition) })
        };
        rows.chunk_by(|a, b| a.stream == b.stream).map(batch).collect()
    }
}

/// A value as its column holds it: a decimal at the column's scale. What has no room there is unknown.
fn fitted(value: &Value, ty: &Type) -> Value {
    match (value, ty) {
        (Value::Decimal(decimal), Type::Decimal(scale)) if decimal.scale != *scale => rescaled(*decimal, *scale),
        (Value::List(items), Type::List(item)) => Value::List(items.iter().map(|value| fitted(value, item)).collect()),
        _ => value.clone(),
    }
}

fn rescaled(decimal: Decimal, scale: u8) -> Value {
    let factor = 10i128.checked_pow(u32::from(scale.abs_diff(decimal.scale)));
    let mantissa = factor.and_then(|factor| match decimal.scale < scale {
        true => decimal.mantissa.checked_mul(factor),
        false => (decimal.mantissa % factor == 0).then(|| decimal.mantissa / factor),
    });
    mantissa.map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale }))
}
