//! What must hold of any bytes that the JSON reader is shown, a record a line: what it takes is an object to `serde_json`, too,
//! and a reader that has learned the order of keys from other records reads a record as one that sees it first.

use tripline_connectors::json::JsonDecoder;
use tripline_engine::event::{BatchBuilder, PartitionId};
use tripline_engine::io::Decoder;
use tripline_query_lang::plan::{Stream, StreamId};
use tripline_query_lang::value::Value;
use tripline_query_lang::{Source, compile};

/// Fields that stand in the record itself, whose forms are learned; and one that stands deeper.
const STREAMS: [&str; 2] = [
    "stream s { a: text?  b: int?  c: decimal(2)?  e: bool?  at: time(ms) } timed by at\n\
     rule r { on s where b > 0 alert low \"{a}\" }",
    "stream s { a: text?  b: int?  c: decimal(2)?  d: float?  e: bool?  f: point?  g: list of text? \
     h: text? from \"n.m[0].o\"  at: time(ms) } timed by at\n\
     rule r { on s where b > 0 alert low \"{a}\" }",
];

/// Reads all records.
pub fn read_alike(records: &[u8]) {
    STREAMS.iter().for_each(|text| read_by(text, records));
}

fn read_by(text: &str, records: &[u8]) {
    let compiled = compile(&[Source { name: "s.trip".to_owned(), text: text.to_owned() }], &[]);
    let plan = compiled.plan.expect("the stream is well-formed");
    let stream = &plan.streams[0];
    let mut learned = JsonDecoder::new(stream);
    for record in records.split(|byte| *byte == b'\n') {
        let (known, fresh) = (read(&mut learned, stream, record), read(&mut JsonDecoder::new(stream), stream, record));
        assert_eq!(known, fresh, "{}", String::from_utf8_lossy(record));
        if fresh.is_some() {
            match serde_json::from_slice::<serde_json::Value>(record) {
                Ok(whole) => assert!(whole.is_object()),
                // In values that no field takes: half of a pair of surrogates, a number beyond all that a float holds.
                Err(why) => {
                    let why = why.to_string();
                    let is_known = ["surrogate", "hex escape", "range"].iter().any(|what| why.contains(what));
                    assert!(is_known, "{why}: {}", String::from_utf8_lossy(record));
                }
            }
        }
    }
}

/// The record's time and values; none where it is refused.
fn read(decoder: &mut JsonDecoder, stream: &Stream, record: &[u8]) -> Option<(i64, Vec<Value>)> {
    let mut row = BatchBuilder::new(stream, &vec![true; stream.fields.len()]);
    let at_us = decoder.decode(record, &mut row).ok()?;
    row.end_row(at_us, 0);
    let batch = row.finish(PartitionId { stream: StreamId(0), topic: "".into(), partition: 0 });
    let values = batch.columns.iter().zip(&stream.fields).map(|(column, field)| column.value(0, &field.ty));
    Some((at_us, values.collect()))
}
