//! The grammar reads what the compiler's parser reads: over the parser's cases, the manual, the stories and the case corpus,
//! token by token.

#[path = "../../../tests/editors/corpus.rs"]
mod corpus;

use std::path::Path;

use tree_sitter::{Node, Parser};
use tripline_query_lang::lexer::lex;
use tripline_query_lang::parser::parse;

/// Leaves of the tree with their places, and whether it could be read.
fn leaves(node: Node<'_>, found: &mut Vec<(usize, usize)>) {
    if node.child_count() == 0 {
        if node.kind() != "comment" && node.start_byte() < node.end_byte() {
            found.push((node.start_byte(), node.end_byte()));
        }
        return;
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).for_each(|child| leaves(child, found));
}

#[test]
fn what_the_parser_reads_is_read_token_by_token() {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_tripline::LANGUAGE.into()).expect("the versions fit");
    let (mut faults, mut read) = (Vec::new(), 0);
    for (name, text) in corpus::texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")) {
        if !parse(0, &text).1.is_empty() {
            continue;
        }
        read += 1;
        let tree = parser.parse(&text, None).expect("no time limit");
        if tree.root_node().has_error() {
            faults.push(format!("{name}: {}", broken(tree.root_node(), &text)));
            continue;
        }
        let mut found = Vec::new();
        leaves(tree.root_node(), &mut found);
        let tokens: Vec<_> =
            lex(&text).tokens.iter().map(|token| (token.span.start as usize, token.span.end as usize)).collect();
        if found != tokens {
            let at = found.iter().zip(&tokens).position(|(a, b)| a != b).unwrap_or(found.len().min(tokens.len()));
            faults.push(format!("{name}: another token {:?} than {:?}", found.get(at), tokens.get(at)));
        }
    }
    assert!(read > 100, "the corpus is lost: {read}");
    assert!(faults.is_empty(), "{} of {read}\n{}", faults.len(), faults.join("\n"));
}

/// The first place that could not be read.
fn broken(node: Node<'_>, text: &str) -> String {
    let mut cursor = node.walk();
    let inner = node.children(&mut cursor).find(|child| child.has_error() && !child.is_error() && !child.is_missing());
    match inner {
        Some(inner) => broken(inner, text),
        None => {
            let line = text[..node.start_byte()].lines().count();
            let shown: String = text[node.start_byte()..node.end_byte()].chars().take(160).collect();
            format!("line {line}: {} {shown:?}", node.to_sexp().chars().take(300).collect::<String>())
        }
    }
}

/// What the parser refuses is refused here, as far as a grammar can: half a rule, clauses out of order, a chain of comparisons.
#[test]
fn what_is_broken_is_seen() {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_tripline::LANGUAGE.into()).expect("the versions fit");
    for text in [
        "rule r {",
        "rule r { alert low \"\" on s }",
        "rule r { on s where a < b < c alert low \"\" }",
        "rule r { match a then alert low \"\" }",
        "stream s { a text }",
        "param x 1",
        "test \"t\" { expect }",
    ] {
        let tree = parser.parse(text, None).expect("no time limit");
        assert!(tree.root_node().has_error(), "{text} was read: {}", tree.root_node().to_sexp());
    }
}
