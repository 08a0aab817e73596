//! The slow, obvious evaluator of typed expressions: one function per kind of node, a value out of values.
//! The compiler folds constants with it, the reference matcher runs on it, and the engine's compiled expressions are held
//! equal to it.

mod arith;
mod looped;
mod scope;
mod text;

pub use arith::arithmetic;
pub use scope::{Constant, Scope};
pub use text::{is_like, regex};

use std::cmp::Ordering;

use crate::number::{decimal_to_float, rescale};
use crate::plan::{CompareOp, Expr, ExprKind};
use crate::stdlib::{Arg, FunctionId};
use crate::value::{Decimal, Type, Value};

/// The value of an expression in a scope. Never panics: what has no value is `Null`.
pub fn eval(expr: &Expr, scope: &dyn Scope) -> Value {
    match &expr.kind {
        ExprKind::Const(value) => value.clone(),
        ExprKind::Field(field) => scope.field(*field),
        ExprKind::Slot(slot) => scope.slot(*slot),
        ExprKind::At => scope.at(),
        ExprKind::Step(step, field) => scope.step(*step, *field),
        ExprKind::StepAt(step) => scope.step_at(*step),
        ExprKind::Loop { step, func, arg, filter } => {
            looped::evaluate(scope, *step, *func, arg.as_deref(), filter.as_deref(), &expr.ty)
        }
        ExprKind::Key(part) => scope.key(*part),
        ExprKind::With(position) => scope.with(*position),
        ExprKind::History(history) => scope.history(*history),
        ExprKind::Lookup { table, key, field } => {
            let row = key_of(key, scope).and_then(|key| scope.row(*table, &key));
            row.and_then(|row| row.get(field.index()).cloned()).unwrap_or(Value::Null)
        }
        ExprKind::Listed { table, key } => known(key_of(key, scope).map(|key| scope.row(*table, &key).is_some())),
        ExprKind::Prev { arg, n } => scope.before(*n).map_or(Value::Null, |before| eval(arg, &*before)),
        ExprKind::Not(inner) => known(truth(&eval(inner, scope)).map(|holds| !holds)),
        ExprKind::And(parts) => known(all_hold(parts.iter().map(|part| truth(&eval(part, scope))))),
        ExprKind::Or(parts) => {
            known(all_hold(parts.iter().map(|part| truth(&eval(part, scope)).map(|holds| !holds))).map(|none| !none))
        }
        ExprKind::Negate(inner) => arith::negate(&eval(inner, scope)),
        ExprKind::Arith(op, left, right) => arithmetic(*op, &eval(left, scope), &eval(right, scope), &expr.ty),
        ExprKind::Compare(op, left, right) => known(compare(*op, &eval(left, scope), &eval(right, scope))),
        ExprKind::Is { negated, left, right } => Value::Bool(is(&eval(left, scope), &eval(right, scope)) != *negated),
        ExprKind::In(item, list) => known(contains(&eval(list, scope), &eval(item, scope))),
        ExprKind::Like(item, pattern) => on_text(&eval(item, scope), |item| is_like(item, pattern)),
        ExprKind::Matches(item, pattern) => match regex(pattern) {
            Ok(regex) => on_text(&eval(item, scope), |item| regex.is_match(item)),
            Err(_) => Value::Null,
        },
        ExprKind::If(condition, then, otherwise) => eval(if holds(condition, scope) { then } else { otherwise }, scope),
        ExprKind::Call(function, args) => call(*function, args, scope),
        ExprKind::Index(list, index) => item_at(&eval(list, scope), &eval(index, scope)),
        ExprKind::List(items) => Value::List(items.iter().map(|item| eval(item, scope)).collect()),
        ExprKind::Convert(inner) => convert(&eval(inner, scope), &expr.ty),
    }
}

/// Whether a condition certainly holds.
pub fn holds(condition: &Expr, scope: &dyn Scope) -> bool {
    truth(&eval(condition, scope)) == Some(true)
}

/// To a type that a value of another can have: int to decimal, int and decimal to float, decimal to a scale without loss;
/// lists by their items. A value of the type itself stays; anything else is unknown.
pub fn convert(value: &Value, ty: &Type) -> Value {
    let float = |x: Option<f64>| x.map_or(Value::Null, Value::Float);
    let decimal = |mantissa, from, scale| {
        rescale(mantissa, from, scale).map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale }))
    };
    match (value, ty) {
        (Value::Int(x), Type::Float) => Value::Float(*x as f64),
        (Value::Decimal(x), Type::Float) => float(decimal_to_float(x.mantissa, x.scale)),
        (Value::Int(x), Type::Decimal(scale)) => decimal(i128::from(*x), 0, *scale),
        (Value::Decimal(x), Type::Decimal(scale)) => decimal(x.mantissa, x.scale, *scale),
        (Value::List(items), Type::List(item)) => Value::List(items.iter().map(|x| convert(x, item)).collect()),
        (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Float(_), Type::Float)
        | (Value::Text(_), Type::Text)
        | (Value::Time(_), Type::Time)
        | (Value::Duration(_), Type::Duration)
        | (Value::Point(_), Type::Point) => value.clone(),
        _ => Value::Null,
    }
}

/// A comparison; unknown when a side is.
pub fn compare(op: CompareOp, left: &Value, right: &Value) -> Option<bool> {
    match op {
        CompareOp::Equal => left.equals(right),
        CompareOp::NotEqual => left.equals(right).map(|equal| !equal),
        _ => left.compare(right).map(|order| op.holds(order, Ordering::Equal)),
    }
}

/// Equal, where null is null; never unknown.
fn is(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        _ => left.equals(right) == Some(true),
    }
}

/// True when equal to an item; else unknown when list, item or an item of the list is.
fn contains(list: &Value, item: &Value) -> Option<bool> {
    let Value::List(items) = list else { return None };
    if *item == Value::Null {
        return None;
    }
    if items.iter().any(|x| x.equals(item) == Some(true)) {
        return Some(true);
    }
    (!items.contains(&Value::Null)).then_some(false)
}

/// Three-valued `and`: false as soon as one is, true when all are.
fn all_hold(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => result = None,
        }
    }
    result
}

/// A key's parts; none when one of them is unknown.
fn key_of(key: &[Expr], scope: &dyn Scope) -> Option<Vec<Value>> {
    let parts: Vec<_> = key.iter().map(|part| eval(part, scope)).collect();
    (!parts.contains(&Value::Null)).then_some(parts)
}

fn call(function: FunctionId, args: &[Expr], scope: &dyn Scope) -> Value {
    let args: Vec<_> = args.iter().map(|arg| eval(arg, scope)).collect();
    let args: Vec<_> = args.iter().map(Arg::from).collect();
    function.function().call(&args)
}

fn item_at(list: &Value, index: &Value) -> Value {
    let (Value::List(items), Value::Int(index)) = (list, index) else { return Value::Null };
    usize::try_from(*index).ok().and_then(|index| items.get(index)).cloned().unwrap_or(Value::Null)
}

fn on_text(value: &Value, test: impl FnOnce(&str) -> bool) -> Value {
    match value {
        Value::Text(text) => Value::Bool(test(text)),
        _ => Value::Null,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        _ => None,
    }
}

fn known(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Bool)
}
