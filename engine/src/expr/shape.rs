//! The shape of expressions: which look at the event at hand alone, how a conjunction splits, and one form for all
//! phrasings of a predicate.

use super::{Scene, compile_value};
use tripline_query_lang::plan::{ArithOp, CompareOp, Expr, ExprKind};
use tripline_query_lang::value::{Decimal, Type, Value};

/// Whether it looks at the event at hand alone: fields, `at`, constants and what is computed of them. A look-up does not: it
/// waits until its table is known up to the event's time.
pub fn is_local(expr: &Expr) -> bool {
    let elsewhere = matches!(
        expr.kind,
        ExprKind::Slot(_)
            | ExprKind::Step(..)
            | ExprKind::StepAt(_)
            | ExprKind::Loop { .. }
            | ExprKind::Key(_)
            | ExprKind::With(_)
            | ExprKind::History(_)
            | ExprKind::Prev { .. }
            | ExprKind::Lookup { .. }
            | ExprKind::Listed { .. }
    );
    !elsewhere && expr.children().into_iter().all(is_local)
}

/// Splits a condition into the part that looks at the candidate alone and the rest; it holds when both hold.
pub fn split_local(expr: &Expr) -> (Option<Expr>, Option<Expr>) {
    let (local, rest) = expr.conjuncts().into_iter().cloned().partition(is_local);
    (conjunction(local), conjunction(rest))
}

pub(super) fn conjunction(mut parts: Vec<Expr>) -> Option<Expr> {
    let first = parts.pop()?;
    if parts.is_empty() {
        return Some(first);
    }
    parts.push(first);
    Some(Expr { kind: ExprKind::And(parts), ty: Type::Bool })
}

/// The same text for predicates that mean the same by their form (see [`normal`]): predicates with equal stream and equal
/// canonical text share a mask.
pub fn canonical(expr: &Expr) -> String {
    text(&normal(expr))
}

/// The derived `Debug` form is total: kinds, types, ids and constants to the last digit.
fn text(expr: &Expr) -> String {
    format!("{expr:?}")
}

/// The normal form: constants computed, `not` moved inwards, `and` and `or` flat, sorted and without repetition, constants
/// on the right, `x - y > 0` as `x > y`, `x == a or x == b` as `x in [a, b]`. Each step keeps the three-valued meaning.
pub(crate) fn normal(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    for child in expr.children_mut() {
        *child = normal(child);
    }
    let expr = folded(expr);
    let Expr { kind, ty } = expr;
    match kind {
        ExprKind::Not(inner) => negated(*inner),
        ExprKind::And(parts) => joined(parts, false),
        ExprKind::Or(parts) => joined(parts, true),
        ExprKind::Compare(op, left, right) => compared(op, left, right),
        ExprKind::In(item, list) => member(item, list),
        kind => Expr { kind, ty },
    }
}

/// Computed, when everything inside is constant.
fn folded(expr: Expr) -> Expr {
    let children = expr.children();
    let constant = !children.is_empty()
        && !matches!(
            expr.kind,
            ExprKind::Loop { .. } | ExprKind::Prev { .. } | ExprKind::Lookup { .. } | ExprKind::Listed { .. }
        )
        && children.iter().all(|child| matches!(child.kind, ExprKind::Const(_)));
    if !constant {
        return expr;
    }
    Expr { kind: ExprKind::Const(compile_value(&expr)(&Scene::EMPTY)), ty: expr.ty }
}

fn truth(kind: ExprKind) -> Expr {
    Expr { kind, ty: Type::Bool }
}

/// `not` of a normal form.
fn negated(expr: Expr) -> Expr {
    match expr.kind {
        ExprKind::Not(inner) => *inner,
        ExprKind::And(parts) => joined(parts.into_iter().map(negated).collect(), true),
        ExprKind::Or(parts) => joined(parts.into_iter().map(negated).collect(), false),
        ExprKind::Compare(op, left, right) => compared(op.opposite(), left, right),
        ExprKind::Is { negated, left, right } => truth(ExprKind::Is { negated: !negated, left, right }),
        kind => truth(ExprKind::Not(Box::new(Expr { kind, ty: expr.ty }))),
    }
}

/// A comparison with the constant on the right, or else with the smaller text on the left.
fn compared(op: CompareOp, left: Box<Expr>, right: Box<Expr>) -> Expr {
    let is_const = |e: &Expr| matches!(e.kind, ExprKind::Const(_));
    if let Some((op, left, right)) = is_const(&right).then(|| moved(op, &left, &right)).flatten() {
        return compared(op, Box::new(left), Box::new(right));
    }
    if let Some((op, left, right)) = is_const(&left).then(|| moved(op.mirrored(), &right, &left)).flatten() {
        return compared(op, Box::new(left), Box::new(right));
    }
    let swap = is_const(&left) || !is_const(&right) && text(&right) < text(&left);
    truth(if swap { ExprKind::Compare(op.mirrored(), right, left) } else { ExprKind::Compare(op, left, right) })
}

/// `x - y op c` as a comparison of two, where a constant or nothing is left to subtract. Of decimals of one scale alone, whose
/// 64 bits in an event leave room for the difference: neither form is ever beyond the numbers.
fn moved(op: CompareOp, sum: &Expr, with: &Expr) -> Option<(CompareOp, Expr, Expr)> {
    let ExprKind::Arith(arith @ (ArithOp::Add | ArithOp::Subtract), x, y) = &sum.kind else { return None };
    let is_field = |e: &Expr| matches!(e.kind, ExprKind::Field(_) | ExprKind::Slot(_) | ExprKind::Step(..));
    let constant = |e: &Expr| match &e.kind {
        ExprKind::Const(Value::Decimal(decimal)) if e.ty == Type::Decimal(decimal.scale) => {
            i64::try_from(decimal.mantissa).ok()
        }
        _ => None,
    };
    let Type::Decimal(scale) = with.ty else { return None };
    if x.ty != with.ty || y.ty != with.ty || sum.ty != with.ty {
        return None;
    }
    let decimal = |mantissa: i64| {
        let value = Value::Decimal(Decimal { mantissa: i128::from(mantissa), scale });
        Expr { kind: ExprKind::Const(value), ty: with.ty.clone() }
    };
    let c = constant(with)?;
    match (arith, constant(x), constant(y)) {
        (ArithOp::Subtract, None, Some(y)) if is_field(x) => Some((op, (**x).clone(), decimal(c.checked_add(y)?))),
        (ArithOp::Subtract, Some(x), None) if is_field(y) => {
            Some((op.mirrored(), (**y).clone(), decimal(x.checked_sub(c)?)))
        }
        (ArithOp::Subtract, None, None) if c == 0 && is_field(x) && is_field(y) => {
            Some((op, (**x).clone(), (**y).clone()))
        }
        (ArithOp::Add, None, Some(y)) if is_field(x) => Some((op, (**x).clone(), decimal(c.checked_sub(y)?))),
        (ArithOp::Add, Some(x), None) if is_field(y) => Some((op, (**y).clone(), decimal(c.checked_sub(x)?))),
        _ => None,
    }
}

/// Membership in constants: sorted, each once; of one it is equality.
fn member(item: Box<Expr>, list: Box<Expr>) -> Expr {
    let ExprKind::Const(Value::List(members)) = &list.kind else { return truth(ExprKind::In(item, list)) };
    let mut sorted = members.to_vec();
    sorted.sort_by_cached_key(|member| format!("{member:?}"));
    sorted.dedup();
    if let [only] = &sorted[..]
        && *only != Value::Null
        && let Type::List(ty) = &list.ty
    {
        let only = Expr { kind: ExprKind::Const(only.clone()), ty: (**ty).clone() };
        return compared(CompareOp::Equal, item, Box::new(only));
    }
    let list = Expr { kind: ExprKind::Const(Value::List(sorted.into())), ty: list.ty.clone() };
    truth(ExprKind::In(item, Box::new(list)))
}

/// `and` (decided by false) or `or` (decided by true) of normal forms.
fn joined(parts: Vec<Expr>, decided_by: bool) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part.kind {
            ExprKind::Const(Value::Bool(value)) if value == decided_by => return part,
            ExprKind::Const(Value::Bool(_)) => {}
            ExprKind::And(inner) if !decided_by => flat.extend(inner),
            ExprKind::Or(inner) if decided_by => flat.extend(inner),
            _ => flat.push(part),
        }
    }
    if decided_by {
        flat = gathered(flat);
    }
    flat.sort_by_cached_key(text);
    flat.dedup();
    match flat.len() {
        0 => truth(ExprKind::Const(Value::Bool(!decided_by))),
        1 => flat.remove(0),
        _ => truth(if decided_by { ExprKind::Or(flat) } else { ExprKind::And(flat) }),
    }
}

/// Of the parts of an `or`, equalities and memberships of the same item as one membership.
fn gathered(parts: Vec<Expr>) -> Vec<Expr> {
    let mut items: Vec<(Box<Expr>, Vec<Value>)> = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
        let (item, members) = match part.kind {
            ExprKind::Compare(CompareOp::Equal, item, list) if matches!(list.kind, ExprKind::Const(_)) => {
                let ExprKind::Const(value) = list.kind else { continue };
                (item, vec![value])
            }
            ExprKind::In(item, list) if matches!(list.kind, ExprKind::Const(Value::List(_))) => {
                let ExprKind::Const(Value::List(values)) = list.kind else { continue };
                (item, values.to_vec())
            }
            _ => {
                rest.push(part);
                continue;
            }
        };
        match items.iter_mut().find(|(known, _)| *known == item) {
            Some((_, known)) => known.extend(members),
            None => items.push((item, members)),
        }
    }
    rest.extend(items.into_iter().map(|(item, members)| {
        let ty = Type::List(Box::new(item.ty.clone()));
        member(item, Box::new(Expr { kind: ExprKind::Const(Value::List(members.into())), ty }))
    }));
    rest
}
