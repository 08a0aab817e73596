//! The compiled forms of an expression, one per type that a value can have at run time. `None` is unknown.

use std::borrow::Cow;
use std::sync::Arc;

use super::Scene;
use tripline_query_lang::plan::Expr;
use tripline_query_lang::value::{Point, Value};

/// A `bool`, three-valued: `None` is unknown.
pub type BoolFn = Box<dyn Fn(&Scene<'_>) -> Option<bool> + Send + Sync>;
/// An `int`, or a `time` or `duration` in microseconds.
pub type IntFn = Box<dyn Fn(&Scene<'_>) -> Option<i64> + Send + Sync>;
/// The mantissa of a decimal; the scale is the expression's type's.
pub type DecimalFn = Box<dyn Fn(&Scene<'_>) -> Option<i128> + Send + Sync>;
/// A `float`, always finite: what would not be is unknown.
pub type FloatFn = Box<dyn Fn(&Scene<'_>) -> Option<f64> + Send + Sync>;
/// A `point`.
pub type PointFn = Box<dyn Fn(&Scene<'_>) -> Option<Point> + Send + Sync>;
/// A list.
pub type ListFn = Box<dyn Fn(&Scene<'_>) -> Option<Arc<[Value]>> + Send + Sync>;
/// Any value, for keys, alert fields and templates; [`Value::Null`] is unknown.
pub type ValueFn = Box<dyn Fn(&Scene<'_>) -> Value + Send + Sync>;

/// A `text`: borrowed from the event or the expression where it stands there, made only where it is computed.
pub struct TextFn {}

impl TextFn {
    /// Its value; lives as long as the expression and what the scene shows.
    pub fn eval<'a>(&'a self, _scene: &Scene<'a>) -> Option<Cow<'a, str>> {
        unimplemented!()
    }
}

/// Compiles an expression of type `bool`.
pub fn compile_bool(_expr: &Expr) -> BoolFn {
    unimplemented!()
}

/// Compiles an expression of type `int`, `time` or `duration`.
pub fn compile_int(_expr: &Expr) -> IntFn {
    unimplemented!()
}

/// Compiles an expression of type `decimal`.
pub fn compile_decimal(_expr: &Expr) -> DecimalFn {
    unimplemented!()
}

/// Compiles an expression of type `float`.
pub fn compile_float(_expr: &Expr) -> FloatFn {
    unimplemented!()
}

/// Compiles an expression of type `text`.
pub fn compile_text(_expr: &Expr) -> TextFn {
    unimplemented!()
}

/// Compiles an expression of type `point`.
pub fn compile_point(_expr: &Expr) -> PointFn {
    unimplemented!()
}

/// Compiles an expression of a list type.
pub fn compile_list(_expr: &Expr) -> ListFn {
    unimplemented!()
}

/// Compiles an expression of any type.
pub fn compile_value(_expr: &Expr) -> ValueFn {
    unimplemented!()
}
