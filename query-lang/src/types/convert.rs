//! Bringing operands to one type, and putting constants together while the tree is built.

use crate::eval::{Constant, convert as convert_value, eval};
use crate::plan::{Expr, ExprKind};
use crate::value::{Type, Value};

/// The most digits after the point that a decimal can have.
pub(crate) const SCALE_MAX: u8 = 18;

/// A constant.
pub(crate) fn constant(value: Value, ty: Type) -> Expr {
    Expr { kind: ExprKind::Const(value), ty }
}

/// What stands for something that was reported: fits every type, so that nothing else is said about it.
pub(crate) fn poison() -> Expr {
    constant(Value::Null, Type::Null)
}

/// The value of a constant expression.
pub(crate) fn constant_value(expr: &Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Const(value) => Some(value),
        _ => None,
    }
}

/// A node; one whose operands are all constant becomes its value, and conditions lose what is certain.
pub(crate) fn node(kind: ExprKind, ty: Type) -> Expr {
    let expr = Expr { kind, ty };
    match &expr.kind {
        ExprKind::And(parts) => return simplify(parts.clone(), false, expr),
        ExprKind::Or(parts) => return simplify(parts.clone(), true, expr),
        ExprKind::If(condition, then, otherwise) => {
            if let Some(condition) = constant_value(condition) {
                let taken = if *condition == Value::Bool(true) { then } else { otherwise };
                return (**taken).clone();
            }
        }
        // What it is of depends on the event.
        ExprKind::Prev { .. } | ExprKind::Loop { .. } | ExprKind::Lookup { .. } | ExprKind::Listed { .. } => {
            return expr;
        }
        _ => {}
    }
    let children = expr.children();
    if !children.is_empty() && children.iter().all(|child| constant_value(child).is_some()) {
        let value = eval(&expr, &Constant);
        return constant(value, expr.ty);
    }
    if let ExprKind::List(items) = &expr.kind
        && items.is_empty()
    {
        return constant(Value::List([].into()), expr.ty);
    }
    expr
}

/// `and` without the parts that certainly hold, `or` without those that certainly do not; nested ones are put together.
fn simplify(parts: Vec<Expr>, is_or: bool, whole: Expr) -> Expr {
    let decides = Value::Bool(is_or);
    let mut kept: Vec<Expr> = Vec::new();
    for part in parts {
        match (part.kind, is_or) {
            (ExprKind::And(inner), false) | (ExprKind::Or(inner), true) => kept.extend(inner),
            (ExprKind::Const(value), _) if value == decides => return constant(decides, Type::Bool),
            (ExprKind::Const(Value::Bool(_)), _) => {}
            (kind, _) => kept.push(Expr { kind, ty: Type::Bool }),
        }
    }
    match kept.len() {
        0 => constant(Value::Bool(!is_or), Type::Bool),
        1 => kept.pop().unwrap_or(whole),
        _ if kept.iter().all(|part| constant_value(part).is_some()) => constant(Value::Null, Type::Bool),
        _ => Expr { kind: if is_or { ExprKind::Or(kept) } else { ExprKind::And(kept) }, ty: Type::Bool },
    }
}

/// The type that values of both can be brought to without a choice.
pub(crate) fn common(a: &Type, b: &Type) -> Option<Type> {
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::Int | Type::Decimal(_), Type::Float) | (Type::Float, Type::Int | Type::Decimal(_)) => Type::Float,
        (Type::Int, Type::Decimal(scale)) | (Type::Decimal(scale), Type::Int) => Type::Decimal(*scale),
        (Type::Decimal(a), Type::Decimal(b)) => Type::Decimal(*a.max(b)),
        (Type::List(a), Type::List(b)) => Type::List(Box::new(common(a, b)?)),
        _ => return None,
    })
}

/// The expression as one of a type that [`common`] gave.
pub(crate) fn converted(expr: Expr, ty: &Type) -> Expr {
    if expr.ty == *ty {
        return expr;
    }
    match expr.kind {
        ExprKind::Const(value) => constant(convert_value(&value, ty), ty.clone()),
        _ => Expr { kind: ExprKind::Convert(Box::new(expr)), ty: ty.clone() },
    }
}

/// An int, decimal or float, or what was reported.
pub(crate) fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Decimal(_) | Type::Float | Type::Null)
}

/// Has an order: `<`, `min`, `percentile`.
pub(crate) fn is_ordered(ty: &Type) -> bool {
    is_number(ty) || matches!(ty, Type::Text | Type::Time | Type::Duration)
}
