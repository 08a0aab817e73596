//! Literals: digits to numbers, exactly.

use super::Typer;
use super::convert::{SCALE_MAX, constant, poison};
use crate::ast::ExprKind as Tree;
use crate::diagnostics::codes::types as codes;
use crate::duration;
use crate::plan::Expr;
use crate::span::Span;
use crate::value::{Decimal, Type, Value};

impl Typer<'_, '_> {
    /// A number, duration or text.
    pub(super) fn literal(&mut self, tree: &Tree, span: Span) -> Expr {
        match tree {
            Tree::Int(digits) => match digits.parse() {
                Ok(value) => constant(Value::Int(value), Type::Int),
                Err(_) => self.too_large(span, "an int goes up to 9223372036854775807"),
            },
            Tree::Decimal(digits) => match decimal(digits) {
                Some(value) => constant(Value::Decimal(value), Type::Decimal(value.scale)),
                None => self.too_large(span, "a decimal has up to 18 digits after the point, and 38 in all"),
            },
            Tree::Float(digits) => match digits.parse::<f64>() {
                Ok(value) if value.is_finite() => constant(Value::Float(value), Type::Float),
                _ => self.too_large(span, "a float goes up to about 1.8e308"),
            },
            Tree::Duration(digits, unit) => match duration::times(digits, *unit) {
                Some(us) => constant(Value::Duration(us), Type::Duration),
                None => self.too_large(span, "a duration goes up to about 292,000 years"),
            },
            Tree::Text(text) => constant(Value::Text(text.as_str().into()), Type::Text),
            _ => poison(),
        }
    }

    fn too_large(&self, span: Span, limit: &str) -> Expr {
        self.report(self.say(codes::NUMBER, span, format!("{} is too large", self.quote(span))).label(limit));
        poison()
    }
}

/// `12.50` as 1250 with scale 2.
fn decimal(digits: &str) -> Option<Decimal> {
    let (whole, fraction) = digits.split_once('.')?;
    let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= SCALE_MAX)?;
    let mantissa = format!("{whole}{fraction}").parse().ok()?;
    Some(Decimal { mantissa, scale })
}
