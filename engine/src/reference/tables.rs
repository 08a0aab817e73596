//! Tables by searching the list of all rows.

use tripline_query_lang::plan::{Plan, TableId};
use tripline_query_lang::value::Value;

use super::Event;

/// A row of a table, or the news that its key has none any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The table.
    pub table: TableId,
    /// The partition that it came from; rows of one partition are in order.
    pub partition: i32,
    /// Its key's parts.
    pub key: Vec<Value>,
    /// A value per field; none: the key has no row any more.
    pub values: Option<Vec<Value>>,
    /// Its record's time, microseconds; none: it was always there.
    pub at_us: Option<i64>,
}

/// All rows, each with the time from which on it holds; and the events that views look at, in the total order.
pub(super) struct Tables<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The events, those of all rules that were run.
    pub events: &'a [&'a Event],
    rows: Vec<(i64, &'a Row)>,
}

impl<'a> Tables<'a> {
    /// A row that comes later than its table's `late` allows holds from the time on up to which its partition was known.
    pub fn new(plan: &'a Plan, rows: &'a [Row], events: &'a [&'a Event]) -> Tables<'a> {
        let mut held = Vec::new();
        for (position, row) in rows.iter().enumerate() {
            let same = |other: &&Row| (other.table, other.partition) == (row.table, row.partition);
            let newest = rows[..position].iter().filter(same).filter_map(|row| row.at_us).max();
            let known = newest.map(|newest| newest.saturating_sub(plan.tables[row.table.index()].late_us));
            held.push((row.at_us.max(known).unwrap_or(i64::MIN), row));
        }
        Tables { plan, events, rows: held }
    }

    /// The values of the newest row of this key as of a time: those up to and including that time. Rows of one time are in
    /// order of partition, then as they came; the last one holds.
    pub fn row(&self, table: TableId, key: &[Value], at_us: i64) -> Option<Vec<Value>> {
        let of_key = self.rows.iter().filter(|(from, row)| row.table == table && row.key == key && *from <= at_us);
        of_key.max_by_key(|(from, row)| (*from, row.partition))?.1.values.clone()
    }
}
