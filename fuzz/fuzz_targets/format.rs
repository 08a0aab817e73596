//! What is laid out is the same program, and laid out again it is the same text. The stable counterpart is
//! `query-lang/tests/robust.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tripline::query_lang::format::{FormatError, format};

fuzz_target!(|text: &str| match format(text) {
    Ok(once) => assert_eq!(format(&once).ok().as_ref(), Some(&once)),
    Err(FormatError::Syntax(_)) => {}
    Err(FormatError::Changed) => panic!("the layout would change the program"),
});
