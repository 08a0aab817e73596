//! A test's events through lateness and detection, without threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::notation::ORIGIN_US;
use tripline_engine::alert::Alert;
use tripline_engine::detect::local::Local;
use tripline_engine::detect::{Program, ProgramError};
use tripline_engine::event::{BatchBuilder, PartitionId};
use tripline_engine::tables::Change;
use tripline_engine::time::{PartitionClock, Verdict};
use tripline_query_lang::number::rescale;
use tripline_query_lang::plan::{Field, Plan, StreamId, Test, TestLine, TestRow};
use tripline_query_lang::value::{Decimal, Type, Value};

/// What came of a test's events.
pub struct Fed {
    /// The alerts, by position.
    pub alerts: Vec<Alert>,
    /// What became of each line.
    pub verdicts: Vec<Verdict>,
}

/// Runs a test's events; each stream is one partition, and a line's offset is its position among all lines.
pub fn alerts(plan: &Arc<Plan>, test: &Test) -> Result<Fed, ProgramError> {
    let mut local = Local::new(Arc::new(Program::new(plan.clone())?), 1);
    let mut builders: BTreeMap<StreamId, (PartitionClock, BatchBuilder)> = BTreeMap::new();
    let mut verdicts = Vec::new();
    let mut newest_us = None;
    for (offset, line) in test.lines.iter().enumerate() {
        let stream = &plan.streams[line.stream.index()];
        let (clock, builder) = builders.entry(line.stream).or_insert_with(|| {
            (PartitionClock::new(stream, 0), BatchBuilder::new(stream, &vec![true; stream.fields.len()]))
        });
        let verdict = clock.judge(offset as i64, line.at_us, line.arriving_us);
        verdicts.push(verdict);
        if verdict == Verdict::InTime {
            newest_us = newest_us.max(Some(line.at_us));
            push(plan, line, builder);
            builder.end_row(line.at_us, offset as i64);
        }
    }
    local.change(&changes(plan, test));
    for (stream, (_, mut builder)) in builders {
        let topic = plan.streams[stream.index()].name.as_str().into();
        local.push(&Arc::new(builder.finish(PartitionId { stream, topic, partition: 0 })));
    }
    // The input starts with its first line, or at `0s`.
    let times = test.lines.iter().map(|line| line.at_us).chain(test.rows.iter().map(|row| row.at_us));
    local.begin(times.fold(ORIGIN_US, i64::min));
    let alerts = match test.end_us {
        Some(end_us) => local.advance(end_us),
        None => {
            // Time runs on until nothing is pending.
            let last_us = newest_us.max(test.rows.iter().map(|row| row.at_us).max());
            let mut alerts = last_us.map(|us: i64| local.advance(us.saturating_add(1))).unwrap_or_default();
            alerts.extend(local.finish());
            alerts
        }
    };
    Ok(Fed { alerts, verdicts })
}

/// The rows of tables, each from when on it holds; a table is one partition.
fn changes(plan: &Plan, test: &Test) -> Vec<Change> {
    let mut clocks: Vec<_> = plan.tables.iter().map(|table| PartitionClock::of_table(table, 0)).collect();
    let change = |(offset, row): (usize, &TestRow)| {
        let fields = &plan.tables[row.table.index()].fields;
        let given = |index| row.fields.iter().find(|(id, _)| id.index() == index).map(|(_, value)| value.clone());
        let value =
            |(index, field): (usize, &Field)| given(index).map_or(Value::Null, |value| at_scale(value, &field.ty));
        let values = fields.iter().enumerate().map(value).collect();
        let (from_us, _) = clocks[row.table.index()].place(offset as i64, row.at_us);
        Change::row(plan, row.table, values, from_us, (0, offset as i64))
    };
    test.rows.iter().enumerate().filter_map(change).collect()
}

fn push(plan: &Plan, line: &TestLine, builder: &mut BatchBuilder) {
    let stream = &plan.streams[line.stream.index()];
    for (index, field) in stream.fields.iter().enumerate() {
        let given = line.fields.iter().find(|(id, _)| id.index() == index).map(|(_, value)| value.clone());
        let value = match given {
            None if index == stream.timed_by.index() => Value::Time(line.at_us),
            None => Value::Null,
            Some(value) => at_scale(value, &field.ty),
        };
        builder.columns[index].push_value(&value);
    }
}

/// A decimal at exactly the scale of its column.
fn at_scale(value: Value, ty: &Type) -> Value {
    match (&value, ty) {
        (Value::Decimal(decimal), Type::Decimal(scale)) if decimal.scale < *scale => {
            let mantissa = rescale(decimal.mantissa, decimal.scale, *scale);
            mantissa.map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale: *scale }))
        }
        (Value::Int(whole), Type::Decimal(scale)) => {
            let whole = Decimal { mantissa: i128::from(*whole), scale: 0 };
            at_scale(Value::Decimal(whole), &Type::Decimal(*scale))
        }
        _ => value,
    }
}
