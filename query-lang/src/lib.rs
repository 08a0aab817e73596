//! The rule language: text in, typed plan out. Pure: no dataflow, files, clock or environment.
//!
//! Each stage is named after the form that it makes:
//! text -> [`lexer`] -> tokens -> [`parser`] -> [`ast`] -> [`resolve`] -> names known -> [`types`] -> [`plan`].
//! [`diagnostics`] are what any of them has to say; [`eval`] is the slow, obvious evaluator of typed expressions.

pub mod ast;
pub mod diagnostics;
pub mod display;
pub mod eval;
pub mod format;
pub mod lexer;
pub mod number;
pub mod parser;
pub mod plan;
pub mod span;
pub mod stdlib;
pub mod value;

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
pub fn compile(_sources: &[Source], _params: &[(String, String)]) -> Compiled {
    unimplemented!()
}
