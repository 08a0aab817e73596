//! Random streams: few values, equal timestamps, missing fields, late events, several partitions.

use serde_json::{Map, Value};

use crate::draw::Draw;
use crate::run::{Record, TableRow};

/// Up to some sixty records in order of arrival.
pub fn records(draw: &mut Draw) -> Vec<Record> {
    let count = 4 + draw.below(40);
    let mut clock = 0i64;
    (0..count).map(|_| record(draw, &mut clock)).collect()
}

fn record(draw: &mut Draw, clock: &mut i64) -> Record {
    let stream = u32::from(draw.below(3) == 2);
    let partition = i32::from(draw.below(3) == 2);
    *clock += [1000, 0, 500, 1000, 2000, 7000][draw.below(6) as usize];
    // A little behind: within the lateness, sometimes beyond it; seldom far in front.
    let at = *clock
        - match draw.below(8) {
            5 => 1000,
            6 => 2000,
            7 => [3000, 4000, 4001, 6000][draw.below(4) as usize],
            _ => 0,
        };
    let at = if draw.below(60) == 59 { at + 31_000 } else { at };
    let mut object = Map::new();
    let mut put = |draw: &mut Draw, name: &str, values: &[Value]| {
        let choice = draw.below(values.len() as u32 + 1) as usize;
        if let Some(value) = values.get(choice) {
            object.insert(name.to_string(), value.clone());
        }
    };
    put(draw, "k", &["p", "p", "p", "q", "q"].map(Value::from));
    put(draw, "x", &[1, 0, 2, 3, 1, 2].map(Value::from));
    put(draw, "w", &["u", "v", "u", "v", "z"].map(Value::from));
    if stream == 0 {
        put(draw, "d", &["1.50", "0.25", "2.00"].map(Value::from));
        put(draw, "f", &[0.5, 1.5, -2.0].map(Value::from));
        put(draw, "b", &[true, false].map(Value::from));
    }
    object.insert("at".to_string(), Value::from(at));
    Record { stream, partition, timestamp_ms: *clock, json: Value::Object(object).to_string() }
}

/// Some rows of the table in order of arrival: always there, at times, late, gone.
pub fn rows(draw: &mut Draw) -> Vec<TableRow> {
    let mut clock = 0i64;
    (0..draw.below(12)).map(|_| row(draw, &mut clock)).collect()
}

fn row(draw: &mut Draw, clock: &mut i64) -> TableRow {
    *clock += [3000, 0, 1000, 9000][draw.below(4) as usize];
    let at_ms = *clock - [0, 0, 500, 2500][draw.below(4) as usize];
    let at_us = (draw.below(5) != 4).then_some(at_ms * 1000);
    let mut object = Map::new();
    object.insert("id".to_string(), Value::from(draw.pick(&["u", "v", "p", "q"])));
    if draw.below(4) != 3 {
        object.insert("n".to_string(), Value::from(draw.below(4)));
    }
    if draw.below(3) != 2 {
        object.insert("v".to_string(), Value::from(draw.pick(&["u", "z", "q"])));
    }
    let (partition, gone) = (i32::from(draw.below(3) == 2), draw.below(6) == 5);
    TableRow { table: 0, partition, at_us, json: Value::Object(object).to_string(), gone }
}
