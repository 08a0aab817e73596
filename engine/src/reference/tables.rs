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

    /// The keys of a table, each with the stretches of time for which it has a row: from a time on and, if it goes again, to
    /// before another. Counted from `start_us`: of what was before, nothing is known.
    pub fn listed(&self, table: TableId, start_us: i64) -> Vec<(&[Value], Vec<Stretch>)> {
        let mut keys: Vec<&[Value]> = Vec::new();
        for (_, row) in self.rows.iter().filter(|(_, row)| row.table == table) {
            if !keys.contains(&&row.key[..]) {
                keys.push(&row.key);
            }
        }
        keys.into_iter().map(|key| (key, self.stretches(table, key, start_us))).collect()
    }

    fn stretches(&self, table: TableId, key: &[Value], start_us: i64) -> Vec<Stretch> {
        let of_key = self.rows.iter().filter(|(_, row)| row.table == table && row.key == key);
        let mut times: Vec<i64> = of_key.map(|(from, _)| *from).filter(|from| *from > start_us).collect();
        times.push(start_us);
        times.sort_unstable();
        times.dedup();
        let mut stretches: Vec<Stretch> = Vec::new();
        for at_us in times {
            let is_there = self.row(table, key, at_us).is_some();
            match stretches.last_mut().filter(|last| last.to_us.is_none()) {
                None if is_there => stretches.push(Stretch { from_us: at_us, to_us: None }),
                Some(last) if !is_there => last.to_us = Some(at_us),
                _ => {}
            }
        }
        stretches
    }
}

/// A stretch of time: from its first moment to before its end, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Its first moment, microseconds.
    pub from_us: i64,
    /// Its end, itself excluded.
    pub to_us: Option<i64>,
}

impl Stretch {
    /// Whether the time lies in it.
    pub fn has(self, at_us: i64) -> bool {
        self.from_us <= at_us && self.to_us.is_none_or(|to_us| at_us < to_us)
    }
}
