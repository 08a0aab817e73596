//! The engine against the slow reference: the input's bytes choose the rules, the stream and the setting. The stable counterpart
//! is `tests/properties`.
#![no_main]
#![allow(dead_code, reason = "the modules are those of the property tests")]

#[path = "../../tests/properties/built.rs"]
mod built;
#[path = "../../tests/properties/draw.rs"]
mod draw;
#[path = "../../tests/properties/events.rs"]
mod events;
#[path = "../../tests/properties/pair.rs"]
mod pair;
#[path = "../../tests/properties/rules.rs"]
mod rules;
#[path = "../../tests/support/run.rs"]
mod run;
#[path = "../../tests/support/views.rs"]
mod shown;
#[path = "../../tests/properties/stages.rs"]
mod stages;
#[path = "../../tests/properties/views.rs"]
mod views;

use libfuzzer_sys::fuzz_target;
use pair::{Choices, difference};

fuzz_target!(|bytes: &[u8]| {
    let pair = Choices::of_bytes(bytes).pair();
    if let Some(what) = difference(&pair) {
        panic!("{}\n{:?}\n{:?}\n{what}", pair.text, pair.records, pair.rows);
    }
});
