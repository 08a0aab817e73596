//! Any text is a plan or errors. The stable counterpart is `query-lang/tests/robust.rs`.
#![no_main]
#![allow(dead_code, reason = "each target takes one look")]

#[path = "../looks/text.rs"]
mod look;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| look::compiled(text));
