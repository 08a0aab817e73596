//! Values of params that are given from outside, as text in the language's own notation.

use crate::ast::{self, ItemKind};
use crate::parser;

/// A param's value from outside.
pub(crate) struct Override {
    /// The param.
    pub name: String,
    /// The value as given.
    pub text: String,
    /// What was read; none when it is not one value.
    pub value: Option<ast::Expr>,
}

/// Reads the values. Their places mean nothing to the user.
pub(crate) fn parse(params: &[(String, String)]) -> Vec<Override> {
    let read = |(name, text): &(String, String)| {
        let value = parse_value(text);
        Override { name: name.clone(), text: text.clone(), value }
    };
    params.iter().map(read).collect()
}

fn parse_value(text: &str) -> Option<ast::Expr> {
    let (file, diagnostics) = parser::parse(0, &format!("param value = {text}"));
    if !diagnostics.is_empty() {
        return None;
    }
    let mut items = file.items.into_iter();
    match (items.next()?.node, items.next()) {
        (ItemKind::Param(param), None) => Some(param.value),
        _ => None,
    }
}
