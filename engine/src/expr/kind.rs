//! The types that a value can have at run time (all but text, which is borrowed), and what all of them can be compiled from.

use std::cmp::Ordering;
use std::sync::Arc;

use super::closure::{ExprFn, compile_bool, compile_int, compile_list};
use super::lookup::compile_lookup;
use super::place::{RowPlace, ValuePlace};
use super::{Row, call, logic, loops, numeric};
use tripline_query_lang::number;
use tripline_query_lang::plan::{Expr, ExprKind, FieldId, LoopFn};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

/// A run-time type.
pub(super) trait Kind: Clone + Send + Sync + 'static {
    /// What a field holds.
    fn of_row(row: &dyn Row, field: FieldId, ty: &Type) -> Option<Self>;
    /// What a value of type `ty` holds; none when it is null or of another type.
    fn of_value(value: &Value, ty: &Type) -> Option<Self>;
    /// As a value of type `ty`.
    fn into_value(self, ty: &Type) -> Value;
    /// The operators that give this type.
    fn compute(expr: &Expr) -> ExprFn<Self>;
    /// The order of two; points and lists have none that the language shows.
    fn order(&self, other: &Self) -> Ordering;
}

/// Never known.
pub(super) fn unknown<T: 'static>() -> ExprFn<T> {
    Box::new(|_| None)
}

/// Compiles an expression whose type has the run-time type `T`.
pub(super) fn compile<T: Kind>(expr: &Expr) -> ExprFn<T> {
    let ty = expr.ty.clone();
    if let Some(place) = RowPlace::of(&expr.kind) {
        return match place {
            RowPlace::Field(field) => Box::new(move |s| T::of_row(s.row?, field, &ty)),
            _ => Box::new(move |s| place.find(s).and_then(|(row, field)| T::of_row(row, field, &ty))),
        };
    }
    if let Some(place) = ValuePlace::of(&expr.kind) {
        return Box::new(move |s| T::of_value(place.find(s)?, &ty));
    }
    if let Some(lookup) = compile_lookup(&expr.kind) {
        return Box::new(move |s| T::of_value(&lookup(s), &ty));
    }
    match &expr.kind {
        ExprKind::Const(value) => {
            let value = T::of_value(value, &ty);
            Box::new(move |_| value.clone())
        }
        ExprKind::If(condition, then, otherwise) => {
            let (condition, then, otherwise) = (compile_bool(condition), compile::<T>(then), compile::<T>(otherwise));
            Box::new(move |s| if condition(s) == Some(true) { then(s) } else { otherwise(s) })
        }
        ExprKind::Index(list, index) => {
            let (list, index) = (compile_list(list), compile_int(index));
            Box::new(move |s| T::of_value(list(s)?.get(usize::try_from(index(s)?).ok()?)?, &ty))
        }
        ExprKind::Call(function, args) => {
            let call = call::compile_call(*function, args);
            Box::new(move |s| T::of_value(&call(s), &ty))
        }
        ExprKind::Loop {
            step,
            func: func @ (LoopFn::First | LoopFn::Last | LoopFn::Min | LoopFn::Max),
            arg,
            filter,
        } => loops::pick(*step, *func, arg.as_deref(), filter.as_deref()),
        _ => T::compute(expr),
    }
}

impl Kind for bool {
    fn of_row(row: &dyn Row, field: FieldId, _: &Type) -> Option<Self> {
        row.bool(field)
    }

    fn of_value(value: &Value, _: &Type) -> Option<Self> {
        if let Value::Bool(value) = value { Some(*value) } else { None }
    }

    fn into_value(self, _: &Type) -> Value {
        Value::Bool(self)
    }

    fn compute(expr: &Expr) -> ExprFn<Self> {
        logic::compute(expr)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl Kind for i64 {
    fn of_row(row: &dyn Row, field: FieldId, _: &Type) -> Option<Self> {
        row.int(field)
    }

    fn of_value(value: &Value, _: &Type) -> Option<Self> {
        if let Value::Int(v) | Value::Time(v) | Value::Duration(v) = value { Some(*v) } else { None }
    }

    fn into_value(self, ty: &Type) -> Value {
        match ty {
            Type::Time => Value::Time(self),
            Type::Duration => Value::Duration(self),
            _ => Value::Int(self),
        }
    }

    fn compute(expr: &Expr) -> ExprFn<Self> {
        numeric::compute_int(expr)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

/// Digits after the point of a decimal type.
pub(super) fn scale_of(ty: &Type) -> u8 {
    if let Type::Decimal(scale) = ty { *scale } else { 0 }
}

/// A decimal's mantissa.
impl Kind for i128 {
    fn of_row(row: &dyn Row, field: FieldId, _: &Type) -> Option<Self> {
        row.int(field).map(i128::from)
    }

    fn of_value(value: &Value, ty: &Type) -> Option<Self> {
        match value {
            Value::Decimal(d) => number::rescale(d.mantissa, d.scale, scale_of(ty)),
            Value::Int(v) => number::rescale(i128::from(*v), 0, scale_of(ty)),
            _ => None,
        }
    }

    fn into_value(self, ty: &Type) -> Value {
        Value::Decimal(Decimal { mantissa: self, scale: scale_of(ty) })
    }

    fn compute(expr: &Expr) -> ExprFn<Self> {
        numeric::compute_decimal(expr)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl Kind for f64 {
    fn of_row(row: &dyn Row, field: FieldId, _: &Type) -> Option<Self> {
        number::finite(row.float(field)?)
    }

    fn of_value(value: &Value, _: &Type) -> Option<Self> {
        if let Value::Float(value) = value { number::finite(*value) } else { None }
    }

    fn into_value(self, _: &Type) -> Value {
        Value::Float(self)
    }

    fn compute(expr: &Expr) -> ExprFn<Self> {
        numeric::compute_float(expr)
    }

    fn order(&self, other: &Self) -> Ordering {
        // All floats here are finite, and zero has one sign.
        self.total_cmp(other)
    }
}

impl Kind for Point {
    fn of_row(row: &dyn Row, field: FieldId, _: &Type) -> Option<Self> {
        row.point(field)
    }

    fn of_value(value: &Value, _: &Type) -> Option<Self> {
        if let Value::Point(point) = value { Some(*point) } else { None }
    }

    fn into_value(self, _: &Type) -> Value {
        Value::Point(self)
    }

    fn compute(_: &Expr) -> ExprFn<Self> {
        unknown()
    }

    fn order(&self, other: &Self) -> Ordering {
        self.lat.total_cmp(&other.lat).then(self.lon.total_cmp(&other.lon))
    }
}

impl Kind for Arc<[Value]> {
    fn of_row(row: &dyn Row, field: FieldId, ty: &Type) -> Option<Self> {
        row.list(field).map(|items| typed_items(items, ty))
    }

    fn of_value(value: &Value, _: &Type) -> Option<Self> {
        if let Value::List(items) = value { Some(items.clone()) } else { None }
    }

    fn into_value(self, _: &Type) -> Value {
        Value::List(self)
    }

    fn compute(expr: &Expr) -> ExprFn<Self> {
        loops::compute_list(expr)
    }

    fn order(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

/// A row knows the items of a list by their column alone; the type of the field says which microseconds are times.
fn typed_items(items: Arc<[Value]>, ty: &Type) -> Arc<[Value]> {
    let Type::List(item) = ty else { return items };
    let typed = |value: &Value| match (value, &**item) {
        (Value::Int(us), Type::Time) => Value::Time(*us),
        (Value::Int(us), Type::Duration) => Value::Duration(*us),
        (Value::List(inner), inner_ty) => Value::List(typed_items(inner.clone(), inner_ty)),
        _ => value.clone(),
    };
    if matches!(**item, Type::Time | Type::Duration | Type::List(_)) {
        items.iter().map(typed).collect()
    } else {
        items
    }
}
