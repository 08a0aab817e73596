//! The rule language: text in, typed plan out. Pure: no dataflow, files, clock or environment.
//!
//! Each stage is named after the form that it makes:
//! text -> [`lexer`] -> tokens -> [`parser`] -> [`ast`] -> `resolve` -> names known -> `types` and `lower` -> [`plan`].
//! [`diagnostics`] are what any of them has to say; [`eval`] is the slow, obvious evaluator of typed expressions.

pub mod ast;
pub mod bill;
mod calendar;
pub mod diagnostics;
pub mod display;
pub mod duration;
pub mod eval;
pub mod fingerprint;
pub mod format;
pub mod lexer;
mod lower;
pub mod number;
pub mod parser;
pub mod plan;
mod resolve;
pub mod show;
pub mod span;
pub mod stdlib;
mod types;
pub mod value;

use std::collections::BTreeMap;

use diagnostics::Diagnostic;

/// One rule file: its name as the user gave it, and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// For messages, and for the order of declaration: files are compiled by name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What compiling gave: a plan unless some diagnostic is an error, and everything there is to say.
#[derive(Debug)]
pub struct Compiled {
    /// The plan; `None` when any diagnostic is an error.
    pub plan: Option<plan::Plan>,
    /// Errors and warnings of all files, in order of file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles rule files together. `params` override `param` items by name, as text in the language's own notation.
pub fn compile(sources: &[Source], params: &[(String, String)]) -> Compiled {
    compile_with(sources, params, &[])
}

/// As [`compile`]; the list params of these names change while the rules run: each is a table of one field, behind those of
/// the text ([`plan::RowsFrom::Param`]).
pub fn compile_with(sources: &[Source], params: &[(String, String)], changing: &[String]) -> Compiled {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|file| &sources[*file].name);
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    for file in order {
        let (tree, said) = parser::parse(file, &sources[file].text);
        diagnostics.extend(said);
        files.push((file, tree));
    }
    diagnostics.extend(doubts(sources, &files, &diagnostics));
    let overrides = resolve::parse_overrides(params);
    let mut world = resolve::World::collect(sources, &files);
    let plan = lower::plan(&mut world, &overrides, changing);
    diagnostics.extend(world.into_diagnostics());
    diagnostics.sort_by(|a, b| (a.file, a.span, a.code, &a.message).cmp(&(b.file, b.span, b.code, &b.message)));
    // What is typed twice, such as the `by` of a rule for each of its streams, is said once.
    diagnostics.dedup();
    let is_right = !diagnostics.iter().any(|diagnostic| diagnostic.code.is_error());
    Compiled { plan: is_right.then_some(plan), diagnostics }
}

/// What is worth a look in the files as they are: nothing in one, one title for two tests.
fn doubts(sources: &[Source], files: &[(usize, ast::File)], said: &[Diagnostic]) -> Vec<Diagnostic> {
    use diagnostics::codes::warnings::{EMPTY_FILE, SAME_TITLE};
    let mut doubts = Vec::new();
    let mut titles: BTreeMap<&str, (usize, span::Span)> = BTreeMap::new();
    for (file, tree) in files {
        if tree.items.is_empty() && !said.iter().any(|one| one.file == *file) {
            let doubt = Diagnostic::new(EMPTY_FILE, *file, span::Span::default(), "nothing stands in this file");
            doubts.push(doubt.hint("if it is a leftover, remove it"));
        }
        for item in &tree.items {
            let ast::ItemKind::Test(test) = &item.node else { continue };
            let title = &test.title;
            let Some((other, span)) = titles.get(title.text.as_str()).copied() else {
                titles.insert(&title.text, (*file, title.span));
                continue;
            };
            let elsewhere =
                sources.get(other).filter(|_| other != *file).map(|source| format!(" of `{}`", source.name));
            let message = format!("a test{} has this title already", elsewhere.unwrap_or_default());
            let doubt = Diagnostic::new(SAME_TITLE, *file, title.span, message);
            doubts.push(if other == *file { doubt.related(span, "the first one") } else { doubt });
        }
    }
    doubts
}
