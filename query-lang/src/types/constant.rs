//! Constants: what has to be known when a file is compiled.

use super::convert::constant_value;
use super::place::Place;
use super::{Typer, check};
use crate::ast;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes, warnings};
use crate::plan::Expr;
use crate::resolve::World;
use crate::value::{Type, Value};

impl<'a> Typer<'a, '_> {
    /// A constant text.
    pub(super) fn constant_text(&mut self, tree: &'a ast::Expr, what: &str) -> Option<String> {
        let expr = self.of_type(tree, &Type::Text);
        match constant_value(&expr) {
            Some(Value::Text(text)) => Some(text.as_ref().to_owned()),
            // Reported already, or `null`.
            Some(_) => None,
            None => {
                self.not_constant(tree, what);
                None
            }
        }
    }

    /// A constant duration of at least 0, microseconds.
    pub(super) fn constant_us(&mut self, tree: &'a ast::Expr, what: &str) -> Option<i64> {
        let expr = self.of_type(tree, &Type::Duration);
        match constant_value(&expr) {
            Some(Value::Duration(us)) if *us < 0 => {
                let fault = self.say(codes::RANGE, tree.span, format!("{what} cannot be negative"));
                self.report(fault.label(value_of_tree(tree, &Value::Duration(*us))));
                None
            }
            Some(Value::Duration(us)) => Some(*us),
            Some(_) => None,
            None => {
                self.not_constant(tree, what);
                None
            }
        }
    }

    /// A constant int from `least` on.
    pub(super) fn constant_count(&mut self, tree: &'a ast::Expr, what: &str, least: u32) -> Option<u32> {
        let expr = self.of_type(tree, &Type::Int);
        match constant_value(&expr) {
            Some(Value::Int(n)) => match u32::try_from(*n) {
                Ok(n) if n >= least => Some(n),
                _ => {
                    let bound = if *n < i64::from(least) {
                        format!("at least {least}")
                    } else {
                        format!("at most {}", u32::MAX)
                    };
                    let fault = self.say(codes::RANGE, tree.span, format!("{what} is {bound}"));
                    self.report(fault.label(value_of_tree(tree, n)));
                    None
                }
            },
            Some(_) => None,
            None => {
                self.not_constant(tree, what);
                None
            }
        }
    }

    /// Says that something is not known when the file is compiled.
    pub(super) fn not_constant(&self, tree: &'a ast::Expr, what: &str) {
        let message = format!("{what} has to be a constant");
        let fault = self.say(codes::CONSTANT, tree.span, message);
        self.report(fault.hint("constants are literals, params, and what is computed of them"));
    }
}

/// A constant duration of at least 0, microseconds; none when it was reported.
pub(crate) fn duration_us<'a>(world: &World<'a>, file: usize, tree: &'a ast::Expr, what: &'static str) -> Option<i64> {
    Typer::new(world, file, Place::constant(what), tree).constant_us(tree, what)
}

/// A constant int from 1 on; none when it was reported.
pub(crate) fn count<'a>(world: &World<'a>, file: usize, tree: &'a ast::Expr, what: &'static str) -> Option<u32> {
    count_from(world, file, tree, what, 1)
}

/// A constant int from `least` on; none when it was reported.
pub(crate) fn count_from<'a>(
    world: &World<'a>,
    file: usize,
    tree: &'a ast::Expr,
    what: &'static str,
    least: u32,
) -> Option<u32> {
    Typer::new(world, file, Place::constant(what), tree).constant_count(tree, what, least)
}

/// A constant of any type; `None` when it was reported.
pub(crate) fn value<'a>(
    world: &World<'a>,
    file: usize,
    tree: &'a ast::Expr,
    what: &'static str,
) -> Option<(Value, Type)> {
    let expr = super::expression(world, file, Place::constant(what), tree);
    constant_value(&expr).map(|value| (value.clone(), expr.ty.clone()))
}

/// A constant brought to a type, as a field of that type would read it; none when it was reported.
pub(crate) fn value_of<'a>(
    world: &World<'a>,
    file: usize,
    tree: &'a ast::Expr,
    ty: &Type,
    what: &'static str,
) -> Option<Value> {
    let before = world.error_count();
    if let (Type::Text, ast::ExprKind::Name(name)) = (ty, &tree.node)
        && !world.param_values.contains_key(name.as_str())
        && !world.lets.contains_key(name.as_str())
    {
        let fault = Diagnostic::new(names::UNKNOWN, file, tree.span, format!("nothing is called `{name}` here"));
        world.report(fault.hint(format!("a text stands in quotes: `\"{name}\"`")));
        return None;
    }
    let mut typer = Typer::new(world, file, Place::constant(what), tree);
    let expr = typer.expr(tree);
    let value = constant_value(&expr)?;
    if *value == Value::Null {
        return (world.error_count() == before).then_some(Value::Null);
    }
    let fitted = crate::eval::convert(value, ty);
    if fitted != Value::Null {
        return Some(fitted);
    }
    let fault = match (ty, value) {
        (Type::Decimal(scale), Value::Decimal(_)) => {
            let message = format!("{value} has more digits after the point than {}", check::describe(ty));
            Diagnostic::new(codes::SCALE, file, tree.span, message).label(format!("at most {scale}"))
        }
        _ => {
            typer.checked(expr, ty, tree.span);
            return None;
        }
    };
    world.report(fault);
    None
}

/// What a constant is, for a label: a param by its name, since its value stands elsewhere.
fn value_of_tree(tree: &ast::Expr, value: &impl std::fmt::Display) -> String {
    match &tree.node {
        ast::ExprKind::Name(name) => format!("`{name}` is {value}"),
        _ => format!("this is {value}"),
    }
}

/// Says when a condition is known without any event.
pub(super) fn warn_of_condition(world: &World<'_>, file: usize, condition: &Expr, tree: &ast::Expr) {
    let Some(value) = constant_value(condition) else { return };
    let message =
        if *value == Value::Bool(true) { "this condition always holds" } else { "this condition never holds" };
    world.report(Diagnostic::new(warnings::CONSTANT_CONDITION, file, tree.span, message));
}
