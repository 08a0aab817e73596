//! The grammar's own corpus, in tree-sitter's notation, and its highlights. `UPDATE=1` records the trees anew.

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Language, Parser, Query};

const BAR: &str = "================\n";

fn language() -> Language {
    tree_sitter_tripline::LANGUAGE.into()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The tree as an expression, a level of nodes a line.
fn shown(text: &str) -> String {
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the versions fit");
    let tree = parser.parse(text, None).expect("no time limit");
    let mut out = String::new();
    let mut depth = 0usize;
    for part in tree.root_node().to_sexp().split(' ') {
        let starts = part.starts_with('(') && !out.ends_with(": ");
        if (starts || part.ends_with(':')) && !out.is_empty() {
            out.push_str(&format!("\n{}", "  ".repeat(depth)));
        }
        out.push_str(part);
        if part.ends_with(':') {
            out.push(' ');
        }
        depth += part.matches('(').count();
        depth -= part.matches(')').count();
    }
    out
}

#[test]
fn trees_are_as_recorded() {
    let file = path("test/corpus/items.txt");
    let written = fs::read_to_string(&file).expect("the corpus is there");
    let mut now = String::new();
    let mut cases = written.split(BAR).skip(1);
    while let (Some(title), Some(case)) = (cases.next(), cases.next()) {
        let text = case.split("\n---\n").next().unwrap_or_default();
        let tree = shown(text);
        assert!(!tree.contains("ERROR") && !tree.contains("MISSING"), "{title}{tree}");
        now.push_str(&format!("{BAR}{title}{BAR}{text}\n---\n\n{tree}\n\n"));
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &now).expect("it can be written");
    }
    let written = fs::read_to_string(&file).expect("the corpus is there");
    assert!(written == now, "other trees than recorded (UPDATE=1 takes them):\n{now}");
}

#[test]
fn highlights_name_nodes_that_there_are() {
    let text = fs::read_to_string(path("queries/highlights.scm")).expect("the query is there");
    let query = Query::new(&language(), &text);
    assert!(query.is_ok(), "{:?}", query.err());
}
