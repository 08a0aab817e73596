//! Three-valued logic, comparisons, membership and text patterns.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Scene;
use super::closure::{BoolFn, compile_bool, compile_int, compile_list, compile_text, compile_value};
use super::kind::{Kind, compile, scale_of, unknown};
use super::like::Like;
use super::lookup::compile_listed;
use super::numeric::at_scale;
use regex::Regex;
use tripline_query_lang::plan::{Expr, ExprKind};
use tripline_query_lang::value::{Point, Type, Value};

/// Operators that give a `bool`.
pub(super) fn compute(expr: &Expr) -> BoolFn {
    match &expr.kind {
        ExprKind::Not(inner) => {
            let inner = compile_bool(inner);
            Box::new(move |s| inner(s).map(|v| !v))
        }
        ExprKind::And(parts) => all(parts, false),
        ExprKind::Or(parts) => all(parts, true),
        ExprKind::Compare(op, left, right) => {
            let op = *op;
            sides(left, right, move |sides| match sides {
                Sides::Known(order) => Some(op.holds(order, Ordering::Equal)),
                Sides::OneNull | Sides::BothNull => None,
            })
        }
        ExprKind::Is { negated, left, right } => {
            let negated = *negated;
            sides(left, right, move |sides| {
                let same = matches!(sides, Sides::Known(Ordering::Equal) | Sides::BothNull);
                Some(same != negated)
            })
        }
        ExprKind::In(item, list) => contained(item, list),
        ExprKind::Listed { table, key } => compile_listed(*table, key),
        ExprKind::Like(text, pattern) => {
            let (text, like) = (compile_text(text), Like::new(pattern));
            Box::new(move |s| Some(like.fits(&text.eval(s)?)))
        }
        ExprKind::Matches(text, pattern) => {
            let Ok(regex) = Regex::new(pattern) else { return unknown() };
            let text = compile_text(text);
            Box::new(move |s| Some(regex.is_match(&text.eval(s)?)))
        }
        ExprKind::Convert(inner) => compile_bool(inner),
        _ => unknown(),
    }
}

/// `and` (decided by the first false) or `or` (decided by the first true).
fn all(parts: &[Expr], decided_by: bool) -> BoolFn {
    let parts: Vec<BoolFn> = parts.iter().map(compile_bool).collect();
    Box::new(move |s| {
        let mut result = Some(!decided_by);
        for part in &parts {
            match part(s) {
                Some(value) if value == decided_by => return Some(decided_by),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    })
}

/// How the two sides of a comparison stand.
enum Sides {
    Known(Ordering),
    OneNull,
    BothNull,
}

impl Sides {
    #[inline]
    fn of<T>(left: Option<T>, right: Option<T>, order: impl Fn(&T, &T) -> Ordering) -> Sides {
        match (left, right) {
            (Some(left), Some(right)) => Sides::Known(order(&left, &right)),
            (None, None) => Sides::BothNull,
            _ => Sides::OneNull,
        }
    }
}

/// Compiles a comparison of two expressions of one type; a bare `null` fits every type.
fn sides(left: &Expr, right: &Expr, end: impl Fn(Sides) -> Option<bool> + Send + Sync + 'static) -> BoolFn {
    fn typed<T: Kind>(
        left: &Expr,
        right: &Expr,
        end: impl Fn(Sides) -> Option<bool> + Send + Sync + 'static,
    ) -> BoolFn {
        let side = |e: &Expr| if e.ty == Type::Null { unknown() } else { compile::<T>(e) };
        let (left, right) = (side(left), side(right));
        Box::new(move |s| end(Sides::of(left(s), right(s), T::order)))
    }
    let ty = if left.ty == Type::Null { &right.ty } else { &left.ty };
    match ty {
        Type::Bool => typed::<bool>(left, right, end),
        Type::Int | Type::Time | Type::Duration => typed::<i64>(left, right, end),
        Type::Float => typed::<f64>(left, right, end),
        Type::Point => typed::<Point>(left, right, end),
        Type::Decimal(_) => {
            let scale = scale_of(&left.ty).max(scale_of(&right.ty));
            let (left, right) = (at_scale(left, scale), at_scale(right, scale));
            Box::new(move |s| end(Sides::of(left(s), right(s), i128::cmp)))
        }
        Type::Text => {
            let (left, right) = (compile_text(left), compile_text(right));
            Box::new(move |s| end(Sides::of(left.eval(s), right.eval(s), Ord::cmp)))
        }
        // Lists are not compared: two of them are never known to be equal.
        Type::List(_) => {
            let (left, right) = (compile_list(left), compile_list(right));
            Box::new(move |s| {
                let missing = left(s).is_none() && right(s).is_none();
                end(if missing { Sides::BothNull } else { Sides::OneNull })
            })
        }
        Type::Null => Box::new(move |_| end(Sides::BothNull)),
    }
}

/// `item in list`: true when equal to an element, else unknown when item, list or an element is null, else false.
fn contained(item: &Expr, list: &Expr) -> BoolFn {
    if let ExprKind::Const(Value::List(members)) = &list.kind {
        return contained_in_constants(item, members);
    }
    let (item, list) = (compile_value(item), compile_list(list));
    Box::new(move |s| found_in(&item(s), &list(s)?))
}

fn found_in(item: &Value, list: &[Value]) -> Option<bool> {
    if *item == Value::Null {
        return None;
    }
    if list.iter().any(|member| item.equals(member) == Some(true)) {
        return Some(true);
    }
    (!list.contains(&Value::Null)).then_some(false)
}

fn contained_in_constants(item: &Expr, members: &Arc<[Value]>) -> BoolFn {
    // What it means when no member is equal.
    let absent = (!members.contains(&Value::Null)).then_some(false);
    match item.ty {
        Type::Int | Type::Time | Type::Duration => {
            let mut known: Vec<i64> = members.iter().filter_map(|v| i64::of_value(v, &item.ty)).collect();
            known.sort_unstable();
            let item = compile_int(item);
            Box::new(move |s| if known.binary_search(&item(s)?).is_ok() { Some(true) } else { absent })
        }
        Type::Text => {
            let mut known: Vec<Arc<str>> = members.iter().filter_map(as_text).collect();
            known.sort_unstable();
            let item = compile_text(item);
            let has = move |s: &Scene<'_>| {
                let text = item.eval(s)?;
                Some(known.binary_search_by(|member| (**member).cmp(&text)).is_ok())
            };
            Box::new(move |s| if has(s)? { Some(true) } else { absent })
        }
        _ => {
            let (item, members) = (compile_value(item), members.clone());
            Box::new(move |s| found_in(&item(s), &members))
        }
    }
}

/// The text of a value of that type.
pub(super) fn as_text(value: &Value) -> Option<Arc<str>> {
    if let Value::Text(text) = value { Some(text.clone()) } else { None }
}
