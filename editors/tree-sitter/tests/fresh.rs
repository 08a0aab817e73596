//! What is generated is fresh: src/grammar.json of grammar.js, src/parser.c of that. `UPDATE=1` makes src/parser.c anew.

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter_generate::{OptLevel, generate_parser_for_grammar};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_grammar_is_fresh() {
    let text = fs::read(path("grammar.js")).expect("the grammar is there");
    let hash = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let recorded = fs::read_to_string(path("src/grammar.js.fnv")).expect("its hash is there");
    assert_eq!(
        recorded.trim(),
        format!("{hash:016x}"),
        "src/grammar.json is stale: node editors/tree-sitter/build.mjs"
    );
    let json = fs::read_to_string(path("src/grammar.json")).expect("the grammar is there");
    let mut said = Vec::new();
    let (name, code) =
        generate_parser_for_grammar(&json, None, OptLevel::default(), &mut said).expect("the grammar has no conflict");
    assert_eq!(name, "tripline");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path("src/parser.c"), &code).expect("it can be written");
    }
    let written = fs::read_to_string(path("src/parser.c")).unwrap_or_default();
    assert!(written == code, "src/parser.c is stale: UPDATE=1 cargo test -p tree-sitter-tripline");
}
