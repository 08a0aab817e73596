//! Tripline's rule language for tree-sitter: the generated parser, for editors written in Rust.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_tripline() -> *const ();
}

/// The language, to be set in a tree-sitter parser.
// SAFETY: the function is the generated parser's own, made for exactly this use.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_tripline) };
