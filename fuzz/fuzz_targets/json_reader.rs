//! The JSON reader, shown any bytes. The stable counterpart is `connectors/tests/json_reader.rs`.
#![no_main]

#[path = "../looks/json.rs"]
mod look;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|records: &[u8]| look::read_alike(records));
