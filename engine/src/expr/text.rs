//! Compiled texts: borrowed from the event or the expression where they stand there, made only where they are computed.

use std::borrow::Cow;
use std::sync::Arc;

use super::closure::{BoolFn, ValueFn, compile_bool, compile_int, compile_list};
use super::lookup::compile_lookup;
use super::loops::Taken;
use super::place::{RowPlace, ValuePlace};
use super::{Scene, call};
use tripline_query_lang::plan::{Expr, ExprKind, LoopFn};
use tripline_query_lang::value::Value;

/// A compiled expression of type `text`.
pub struct TextFn(Node);

enum Node {
    Const(Option<Arc<str>>),
    Row(RowPlace),
    Value(ValuePlace),
    If(BoolFn, Box<TextFn>, Box<TextFn>),
    /// First, last, smallest or largest of a loop.
    Loop(Taken, LoopFn, Box<TextFn>),
    /// Calls and items of lists.
    Made(ValueFn),
}

impl TextFn {
    /// Compiles an expression of type `text`.
    pub(super) fn new(expr: &Expr) -> TextFn {
        TextFn(Node::new(expr))
    }

    /// Its value; lives as long as the expression and what the scene shows.
    pub fn eval<'a>(&'a self, scene: &Scene<'a>) -> Option<Cow<'a, str>> {
        match &self.0 {
            Node::Const(text) => text.as_deref().map(Cow::Borrowed),
            Node::Row(place) => {
                let (row, field) = place.find(scene)?;
                row.text(field).map(Cow::Borrowed)
            }
            Node::Value(place) => match place.find(scene)? {
                Value::Text(text) => Some(Cow::Borrowed(text)),
                _ => None,
            },
            Node::If(condition, then, otherwise) => {
                if condition(scene) == Some(true) {
                    then.eval(scene)
                } else {
                    otherwise.eval(scene)
                }
            }
            Node::Loop(taken, func, arg) => {
                let mut texts = taken.scenes(scene).filter_map(|s| arg.eval(&s));
                match func {
                    LoopFn::First => texts.next(),
                    LoopFn::Last => texts.next_back(),
                    LoopFn::Min => texts.min(),
                    LoopFn::Max => texts.max(),
                    _ => None,
                }
            }
            Node::Made(value) => match value(scene) {
                Value::Text(text) => Some(Cow::Owned(text.as_ref().to_owned())),
                _ => None,
            },
        }
    }
}

impl Node {
    fn new(expr: &Expr) -> Node {
        if let Some(place) = RowPlace::of(&expr.kind) {
            return Node::Row(place);
        }
        if let Some(place) = ValuePlace::of(&expr.kind) {
            return Node::Value(place);
        }
        if let Some(lookup) = compile_lookup(&expr.kind) {
            return Node::Made(lookup);
        }
        match &expr.kind {
            ExprKind::Const(Value::Text(text)) => Node::Const(Some(text.clone())),
            ExprKind::If(condition, then, otherwise) => {
                let boxed = |e| Box::new(TextFn::new(e));
                Node::If(compile_bool(condition), boxed(then), boxed(otherwise))
            }
            ExprKind::Loop { step, func, arg: Some(arg), filter } => {
                Node::Loop(Taken::new(*step, filter.as_deref()), *func, Box::new(TextFn::new(arg)))
            }
            ExprKind::Call(function, args) => Node::Made(call::compile_call(*function, args)),
            ExprKind::Index(list, index) => {
                let (list, index) = (compile_list(list), compile_int(index));
                let item = move |s: &Scene<'_>| list(s)?.get(usize::try_from(index(s)?).ok()?).cloned();
                Node::Made(Box::new(move |s| item(s).unwrap_or(Value::Null)))
            }
            ExprKind::Convert(inner) => Node::new(inner),
            _ => Node::Const(None),
        }
    }
}
