//! A batch: rows of one stream and one partition, in offset order, a column per field.

use std::cmp::Ordering;
use std::sync::Arc;

use tripline_query_lang::plan::{Field, FieldId, Stream, StreamId};

use super::column::ROOM_ROWS;
use super::{Cause, Column, ColumnBuilder, Data, Position};

/// A partition of a stream's input. Cheap to clone; equal by content.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionId {
    /// The stream that it feeds.
    pub stream: StreamId,
    /// The topic, or the file's name.
    pub topic: Arc<str>,
    /// The partition's number; 0 for a file.
    pub partition: i32,
}

/// Where an event stands: of one from outside, with its time, its place in the total order
/// (event time, stream, topic, partition, offset), which is the order of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Coordinates {
    /// Event time, microseconds.
    pub at_us: i64,
    /// Stream, topic, partition.
    pub partition: PartitionId,
    /// Offset; a file's line number from 1.
    pub offset: i64,
    /// The place of a derived event; its topic is empty, its partition and offset are 0.
    pub place: Option<Arc<Position>>,
}

/// Rows of one stream and one partition, in offset order. Shared by `Arc`, never changed.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where they came from.
    pub partition: PartitionId,
    /// The stream whose fields they have: that of the partition, or one that has its events with further fields.
    pub stream: StreamId,
    /// A column per field of the stream, by [`FieldId`].
    pub columns: Vec<Column>,
    /// Event time per row, microseconds.
    pub at_us: Vec<i64>,
    /// Offset per row, ascending, with gaps.
    pub offsets: Vec<i64>,
    /// Of a derived stream: where each row stands, with the row's event time, ascending.
    pub places: Option<Vec<Arc<Position>>>,
}

impl Batch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at_us.len()
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.at_us.is_empty()
    }

    /// The stream whose fields the rows have.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// The column of a field.
    pub fn column(&self, field: FieldId) -> &Column {
        &self.columns[field.index()]
    }

    /// Where a row stands.
    pub fn coordinates(&self, row: usize) -> Coordinates {
        let (at_us, partition) = (self.at_us[row], self.partition.clone());
        match &self.places {
            None => Coordinates { at_us, partition, offset: self.offsets[row], place: None },
            // Its row number says nothing: it depends on which rows came together.
            Some(places) => Coordinates { at_us, partition, offset: 0, place: Some(places[row].clone()) },
        }
    }

    /// Reads a little of what an alert says of each of these rows, so that it is in the cache: their misses overlap where
    /// those of alert after alert would wait for each other. What it returns means nothing.
    pub fn warm(&self, rows: impl Iterator<Item = usize> + Clone) -> i64 {
        let mut sum = rows.clone().fold(0, |sum: i64, row| sum ^ self.at_us[row] ^ self.offsets[row]);
        for column in &self.columns {
            match &column.data {
                Data::Text(texts) => {
                    // The bytes' places first: they are misses of their own.
                    let length = |row: usize| texts.bytes(row).len() as i64;
                    sum ^= rows.clone().fold(0, |sum, row| sum ^ length(row));
                    let first = |row: usize| texts.bytes(row).first().map_or(0, |byte| i64::from(*byte));
                    sum ^= rows.clone().fold(0, |sum, row| sum ^ first(row));
                }
                Data::Int(values) | Data::Decimal(values, _) => {
                    sum = rows.clone().fold(sum, |sum, row| sum ^ values[row]);
                }
                _ => {}
            }
        }
        sum
    }

    /// Where one of its rows stands in the total order beside a row of another batch.
    pub fn compare(&self, row: usize, other: &Batch, other_row: usize) -> Ordering {
        let time = self.at_us[row].cmp(&other.at_us[other_row]);
        time.then_with(|| match (&self.places, &other.places) {
            (None, None) => (&self.partition, self.offsets[row]).cmp(&(&other.partition, other.offsets[other_row])),
            (None, Some(places)) => self.compare_with(row, &places[other_row]),
            (Some(places), None) => other.compare_with(other_row, &places[row]).reverse(),
            (Some(places), Some(others)) => places[row].cmp(&others[other_row]),
        })
    }

    /// Where a row from outside stands beside a derived event of the same time.
    fn compare_with(&self, row: usize, place: &Position) -> Ordering {
        match &place.cause {
            Cause::Event { stream, topic, partition, offset } => {
                let PartitionId { stream: own_stream, topic: own_topic, partition: own } = &self.partition;
                let own = (own_stream.0, &**own_topic, *own, self.offsets[row]);
                // What came from this row itself stands behind it.
                own.cmp(&(*stream, &**topic, *partition, *offset)).then(Ordering::Less)
            }
            Cause::Timer | Cause::Later { .. } => Ordering::Less,
        }
    }
}

/// Collects a batch row by row: a decoder pushes one value or null to every column that is not absent, then calls
/// [`BatchBuilder::end_row`].
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    /// A builder per field of the stream, by [`FieldId`].
    pub columns: Vec<ColumnBuilder>,
    at_us: Vec<i64>,
    offsets: Vec<i64>,
}

impl BatchBuilder {
    /// An empty batch of this stream; only the columns that are `needed` (by [`FieldId`]) are decoded.
    pub fn new(stream: &Stream, needed: &[bool]) -> Self {
        BatchBuilder::of_fields(&stream.fields, needed)
    }

    /// An empty batch of rows with these fields, as [`BatchBuilder::new`].
    pub fn of_fields(fields: &[Field], needed: &[bool]) -> Self {
        let column = |(field, needed): (&Field, &bool)| {
            if *needed { ColumnBuilder::new(&field.ty) } else { ColumnBuilder::absent() }
        };
        let columns = fields.iter().zip(needed).map(column).collect();
        BatchBuilder { columns, at_us: Vec::new(), offsets: Vec::new() }
    }

    /// Number of complete rows.
    pub fn len(&self) -> usize {
        self.at_us.len()
    }

    /// No complete rows.
    pub fn is_empty(&self) -> bool {
        self.at_us.is_empty()
    }

    /// Completes a row: every column that is not absent has had one push since the last row.
    #[inline]
    pub fn end_row(&mut self, at_us: i64, offset: i64) {
        self.at_us.push(at_us);
        self.offsets.push(offset);
        debug_assert!(self.columns.iter().all(|c| c.is_absent() || c.len() == self.at_us.len()));
    }

    /// Takes back what a record pushed that turned out bad.
    pub fn undo_row(&mut self) {
        let rows = self.len();
        self.columns.iter_mut().for_each(|c| c.truncate(rows));
    }

    /// The finished batch; the builder is empty again and keeps its columns' types.
    pub fn finish(&mut self, partition: PartitionId) -> Batch {
        let empty = self.columns.iter().map(ColumnBuilder::empty_again).collect();
        let columns = std::mem::replace(&mut self.columns, empty);
        Batch {
            stream: partition.stream,
            partition,
            columns: columns.into_iter().map(ColumnBuilder::finish).collect(),
            at_us: again(&mut self.at_us),
            offsets: again(&mut self.offsets),
            places: None,
        }
    }
}

/// What has been collected; the vector is empty again, with room for as much, within bounds.
fn again(collected: &mut Vec<i64>) -> Vec<i64> {
    let empty = Vec::with_capacity(collected.len().min(ROOM_ROWS));
    std::mem::replace(collected, empty)
}
