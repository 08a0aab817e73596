//! What an operand has to be.

use super::Typer;
use super::convert::{common, converted, poison};
use crate::ast;
use crate::diagnostics::codes::types as codes;
use crate::plan::Expr;
use crate::span::Span;
use crate::value::Type;

impl<'a> Typer<'a, '_> {
    /// A condition.
    pub(super) fn bool(&mut self, tree: &'a ast::Expr) -> Expr {
        self.of_type(tree, &Type::Bool)
    }

    /// An expression of exactly this type; ints and decimals are brought to a float or to more digits.
    pub(super) fn of_type(&mut self, tree: &'a ast::Expr, ty: &Type) -> Expr {
        let expr = self.expr(tree);
        self.checked(expr, ty, tree.span)
    }

    /// The expression as one of this type; otherwise says that it is not.
    pub(super) fn checked(&self, expr: Expr, ty: &Type, span: Span) -> Expr {
        if common(&expr.ty, ty).as_ref() == Some(ty) {
            return converted(expr, ty);
        }
        let message = format!("{} is {}, not {}", self.quote(span), describe(&expr.ty), describe(ty));
        let fault = self.say(codes::EXPECTED, span, message).label(format!("expected {}", describe(ty)));
        self.report(match hint(&expr.ty, ty) {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
        poison()
    }

    /// Two expressions with one type.
    pub(super) fn same(&self, left: Expr, right: Expr, spans: (Span, Span), doing: &str) -> Option<(Expr, Expr)> {
        if let Some(ty) = common(&left.ty, &right.ty) {
            return Some((converted(left, &ty), converted(right, &ty)));
        }
        let message = format!(
            "{} is {} and {} is {}: they cannot be {doing}",
            self.quote(spans.0),
            describe(&left.ty),
            self.quote(spans.1),
            describe(&right.ty)
        );
        let fault = self.say(codes::OPERANDS, spans.0.to(spans.1), message);
        self.report(match hint(&left.ty, &right.ty).or_else(|| hint(&right.ty, &left.ty)) {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
        None
    }
}

/// So many of something that has a plural in `s`.
pub(crate) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") }
}

/// With its article, for sentences.
pub(crate) fn describe(ty: &Type) -> String {
    match ty {
        Type::Null => "null".to_owned(),
        Type::Int => "an int".to_owned(),
        Type::Text => "text".to_owned(),
        ty => format!("a {ty}"),
    }
}

/// How one gets from a type to another.
fn hint(from: &Type, to: &Type) -> Option<&'static str> {
    Some(match (from, to) {
        (Type::Text, Type::Time) => "a point in time is written `time(\"2026-01-31T10:00:00Z\")`",
        (Type::Text, Type::Int | Type::Float | Type::Decimal(_)) => {
            "numbers stand without quotes; `int(x)` and `float(x)` read a text as a number"
        }
        (Type::Int | Type::Float | Type::Decimal(_), Type::Text) => "texts stand in quotes; `text(x)` makes one",
        (Type::Int | Type::Float | Type::Decimal(_), Type::Duration) => "a duration has a unit: `30s`, `10m`, `2h`",
        (Type::Duration, Type::Int | Type::Float | Type::Decimal(_)) => {
            "`seconds(d)`, `minutes(d)` and `hours(d)` make a number of a duration"
        }
        (Type::Decimal(_) | Type::Float, Type::Int) => "`int(x)` gives the whole part",
        (Type::Text, Type::Bool) => "compare it with a text: `x == \"yes\"`",
        (Type::Int | Type::Float | Type::Decimal(_), Type::Bool) => "compare it with a number: `x > 0`",
        _ => return None,
    })
}
