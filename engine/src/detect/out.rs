//! What rules find: alerts, and rows of derived streams on their way to the rules that read them.

use std::sync::Arc;

use super::unique::{Judged, Places, Repeats};
use crate::alert::{Alert, Together};
use crate::event::{Batch, BatchBuilder, Bitmap, PartitionId, Position};
use crate::views::Join;
use tripline_query_lang::number::rescale;
use tripline_query_lang::plan::{Plan, StreamId};
use tripline_query_lang::value::{Decimal, Type, Value};

/// What was found.
#[derive(Default)]
pub struct Out {
    /// Alerts, one by one.
    pub alerts: Vec<Alert>,
    /// Alerts that came about together, each with the position of its first.
    pub together: Vec<(Position, Arc<dyn Together>)>,
    /// Rows of derived streams.
    pub(super) rows: Vec<Row>,
    /// Rows that were looked at for repeats, a batch each, and where each batch stands.
    pub(super) judged: Vec<Judged>,
    pub(super) judged_places: Places,
    /// Repeats.
    pub(super) repeats: Vec<Repeats>,
    /// Events that were told what views know.
    pub(super) widened: Vec<Widened>,
    /// Starts of runs that were refused, and branches that were cut.
    pub refused: u64,
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

/// An event of a stream, and what a view knows at it.
pub(super) struct Widened {
    /// The join.
    pub join: usize,
    /// The event.
    pub batch: Arc<Batch>,
    /// Its row.
    pub row: usize,
    /// A value for each of [`Join::added`].
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

impl Out {
    /// Takes the widened events out, as batches of their streams and partitions, in the total order.
    pub(super) fn widened(&mut self, plan: &Plan, joins: &[Join], needed: &[Vec<bool>]) -> Vec<Arc<Batch>> {
        let mut rows = std::mem::take(&mut self.widened);
        rows.sort_by(|a, b| {
            let streams = (a.join, &a.batch.partition).cmp(&(b.join, &b.batch.partition));
            streams.then_with(|| a.batch.compare(a.row, &b.batch, b.row))
        });
        let together = |a: &Widened, b: &Widened| (a.join, &a.batch.partition) == (b.join, &b.batch.partition);
        let batch = |rows: &[Widened]| {
            let stream = joins[rows[0].join].to;
            widened(stream, plan, needed, rows.iter().map(|row| (&*row.batch, row.row, &row.values[..])))
        };
        rows.chunk_by(together).map(|rows| Arc::new(batch(rows))).collect()
    }
}

/// The rows of a batch that no row of a view can be for, since a part of the key is missing: nothing is known.
pub(super) fn unanswered(join: &Join, plan: &Plan, needed: &[Vec<bool>], batch: &Batch, rows: &Bitmap) -> Batch {
    let nothing = vec![Value::Null; join.added.len()];
    widened(join.to, plan, needed, rows.iter_ones().map(|row| (batch, row, &nothing[..])))
}

/// A batch of a widened stream: events of one partition with what was found for each, in the total order. At least one.
fn widened<'a>(
    to: StreamId,
    plan: &Plan,
    needed: &[Vec<bool>],
    rows: impl Iterator<Item = (&'a Batch, usize, &'a [Value])>,
) -> Batch {
    let fields = &plan.streams[to.index()].fields;
    let mut builder = BatchBuilder::of_fields(fields, &needed[to.index()]);
    let (mut places, mut partition) = (Vec::new(), None);
    for (batch, row, values) in rows {
        let (own, added) = builder.columns.split_at_mut(batch.columns.len());
        for (column, from) in own.iter_mut().zip(&batch.columns).filter(|(column, _)| !column.is_absent()) {
            column.push_from(from, row);
        }
        for ((column, field), value) in added.iter_mut().zip(&fields[batch.columns.len()..]).zip(values) {
            if !column.is_absent() {
                column.push_value(&fitted(value, &field.ty));
            }
        }
        builder.end_row(batch.at_us[row], batch.offsets[row]);
        places.extend(batch.places.iter().map(|places| places[row].clone()));
        partition.get_or_insert_with(|| batch.partition.clone());
    }
    let partition = partition.unwrap_or_else(|| PartitionId { stream: to, topic: Arc::from(""), partition: 0 });
    Batch { stream: to, places: (!places.is_empty()).then_some(places), ..builder.finish(partition) }
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
    let mantissa = rescale(decimal.mantissa, decimal.scale, scale);
    mantissa.map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale }))
}
