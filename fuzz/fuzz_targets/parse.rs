//! Any text parses to a tree and diagnostics that can be shown. The stable counterpart is `query-lang/tests/robust.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tripline_query_lang::diagnostics::render;
use tripline_query_lang::{Source, parser};

fuzz_target!(|text: &str| {
    let (_, diagnostics) = parser::parse(0, text);
    let sources = [Source { name: "input.trip".to_owned(), text: text.to_owned() }];
    for diagnostic in &diagnostics {
        assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end as usize <= text.len());
        render(diagnostic, &sources, false);
    }
});
