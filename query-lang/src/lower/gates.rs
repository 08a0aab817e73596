//! What is parsed but not built yet: one small function each, so that lifting one is taking it out.

use crate::ast;
use crate::diagnostics::Code;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::unsupported as codes;
use crate::resolve::World;
use crate::span::Span;

/// Says that something is not supported yet, and what it will do.
fn gate(world: &World<'_>, code: Code, file: usize, span: Span, what: &str, will: &str) {
    world.report(Diagnostic::new(code, file, span, format!("{what} is not supported yet")).label(will));
}

/// `by device in devices`
pub(super) fn key_table(world: &World<'_>, file: usize, table: &ast::Name) {
    gate(world, codes::KEY_TABLE, file, table.span, "taking keys from a table", "will watch the keys of its rows");
}
