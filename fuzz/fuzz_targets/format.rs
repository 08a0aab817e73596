//! Any text that is a program is laid out, and stays the same program. The stable counterpart is `query-lang/tests/robust.rs`.
#![no_main]
#![allow(dead_code, reason = "each target takes one look")]

#[path = "../looks/text.rs"]
mod look;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| look::laid_out(text));
