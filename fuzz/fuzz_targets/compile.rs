//! Any text compiles to a plan or to errors that can be shown. The stable counterpart is `query-lang/tests/robust.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tripline_query_lang::diagnostics::render;
use tripline_query_lang::{Source, compile};

fuzz_target!(|text: &str| {
    let sources = [Source { name: "input.trip".to_owned(), text: text.to_owned() }];
    let compiled = compile(&sources, &[]);
    assert_eq!(compiled.plan.is_none(), compiled.diagnostics.iter().any(|one| one.code.is_error()));
    for diagnostic in &compiled.diagnostics {
        render(diagnostic, &sources, false);
    }
});
