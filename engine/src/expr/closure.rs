//! The compiled forms of an expression, one per type that a value can have at run time. `None` is unknown.

use std::sync::Arc;

use super::Scene;
use super::kind::{Kind, compile, unknown};
use super::lookup::compile_lookup;
use super::place::ValuePlace;
use super::text::TextFn;
use tripline_query_lang::plan::Expr;
use tripline_query_lang::value::{Point, Type, Value};

/// An expression whose value is a `T`.
pub type ExprFn<T> = Box<dyn Fn(&Scene<'_>) -> Option<T> + Send + Sync>;
/// A `bool`, three-valued: `None` is unknown.
pub type BoolFn = ExprFn<bool>;
/// An `int`, or a `time` or `duration` in microseconds.
pub type IntFn = ExprFn<i64>;
/// The mantissa of a decimal; the scale is the expression's type's.
pub type DecimalFn = ExprFn<i128>;
/// A `float`, always finite: what would not be is unknown.
pub type FloatFn = ExprFn<f64>;
/// A `point`.
pub type PointFn = ExprFn<Point>;
/// A list.
pub type ListFn = ExprFn<Arc<[Value]>>;
/// Any value, for keys, alert fields and templates; [`Value::Null`] is unknown.
pub type ValueFn = Box<dyn Fn(&Scene<'_>) -> Value + Send + Sync>;

/// Compiles an expression of type `bool`.
pub fn compile_bool(expr: &Expr) -> BoolFn {
    compile(expr)
}

/// Compiles an expression of type `int`, `time` or `duration`.
pub fn compile_int(expr: &Expr) -> IntFn {
    compile(expr)
}

/// Compiles an expression of type `decimal`.
pub fn compile_decimal(expr: &Expr) -> DecimalFn {
    compile(expr)
}

/// Compiles an expression of type `float`.
pub fn compile_float(expr: &Expr) -> FloatFn {
    compile(expr)
}

/// Compiles an expression of type `text`.
pub fn compile_text(expr: &Expr) -> TextFn {
    TextFn::new(expr)
}

/// Compiles an expression of type `point`.
pub fn compile_point(expr: &Expr) -> PointFn {
    compile(expr)
}

/// Compiles an expression of a list type.
pub fn compile_list(expr: &Expr) -> ListFn {
    if expr.ty == Type::Null { unknown() } else { compile(expr) }
}

/// Compiles an expression of any type.
pub fn compile_value(expr: &Expr) -> ValueFn {
    if let Some(place) = ValuePlace::of(&expr.kind) {
        return Box::new(move |s| place.find(s).cloned().unwrap_or(Value::Null));
    }
    if let Some(lookup) = compile_lookup(&expr.kind) {
        return lookup;
    }
    match &expr.ty {
        Type::Bool => boxed::<bool>(expr),
        Type::Int | Type::Time | Type::Duration => boxed::<i64>(expr),
        Type::Float => boxed::<f64>(expr),
        Type::Decimal(_) => boxed::<i128>(expr),
        Type::Point => boxed::<Point>(expr),
        Type::List(_) => boxed::<Arc<[Value]>>(expr),
        Type::Null => Box::new(|_| Value::Null),
        Type::Text => {
            let text = compile_text(expr);
            Box::new(move |s| text.eval(s).map_or(Value::Null, |t| Value::Text(t.into())))
        }
    }
}

fn boxed<T: Kind>(expr: &Expr) -> ValueFn {
    let (value, ty) = (compile::<T>(expr), expr.ty.clone());
    Box::new(move |s| value(s).map_or(Value::Null, |v| v.into_value(&ty)))
}
