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
#[path = "../../tests/properties/stages.rs"]
mod stages;
#[path = "../../tests/properties/views.rs"]
mod views;

use draw::Draw;
use libfuzzer_sys::fuzz_target;
use pair::{Choices, KINDS, Kind, difference};

fuzz_target!(|bytes: (u8, Vec<u8>, Vec<u8>, [u8; 8])| {
    let (kind, rule, stream, setting) = bytes;
    let choices = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).collect::<Vec<u32>>();
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    let mut rows = Draw::again(choices(&stream));
    let choices = Choices {
        rule: choices(&rule),
        records: events::records(&mut Draw::again(choices(&stream))),
        rows: if kind == Kind::Tables { events::rows(&mut rows) } else { Vec::new() },
        setting: choices(&setting),
        kind,
    };
    let pair = choices.pair();
    if let Some(what) = difference(&pair) {
        panic!("{}\n{:?}\n{:?}\n{what}", pair.text, pair.records, pair.rows);
    }
});
