//! The notation of cases: whatever stands in a file, it is read or refused with a reason, and what is read can be run. The stable
//! counterpart is `tests/cases/fuzz.rs`.
#![no_main]
#![allow(dead_code, reason = "the modules are those of the case corpus")]

#[path = "../../tests/cases/file.rs"]
mod file;
#[path = "../../tests/cases/look.rs"]
mod look;
#[path = "../../tests/support/run.rs"]
mod run;
#[path = "../../tests/cases/table.rs"]
mod table;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| file::parse(text).iter().flatten().for_each(look::look));
