//! Calls of the scalar library: arguments are borrowed from where they stand.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;
use smallvec::SmallVec;
use tripline_query_lang::eval::regex;
use tripline_query_lang::plan::{Expr, ExprKind};
use tripline_query_lang::stdlib::{Arg, FunctionId, Kind};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

use super::Scene;
use super::closure::{
    BoolFn, DecimalFn, FloatFn, IntFn, ListFn, PointFn, ValueFn, compile_bool, compile_decimal, compile_float,
    compile_int, compile_list, compile_point, compile_text,
};
use super::text::TextFn;

/// An argument, compiled.
enum ArgFn {
    Null,
    Bool(BoolFn),
    Int(IntFn),
    Time(IntFn),
    Duration(IntFn),
    Float(FloatFn),
    Decimal(DecimalFn, u8),
    Text(TextFn),
    Point(PointFn),
    List(ListFn),
    Regex(Regex),
}

/// An argument's value, borrowed or owned, for as long as the call takes.
enum Held<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Time(i64),
    Duration(i64),
    Float(f64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
    Point(Point),
    List(Arc<[Value]>),
    Regex(&'a Regex),
}

/// Compiles a call.
pub(super) fn compile_call(function: FunctionId, args: &[Expr]) -> ValueFn {
    let function = function.function();
    let kind = |position| function.param(position).map(|param| param.kind);
    let args = args.iter().enumerate().map(|(position, arg)| ArgFn::of_kind(arg, kind(position)));
    let args: Vec<ArgFn> = args.collect();
    Box::new(move |s| {
        let held: SmallVec<[Held<'_>; 4]> = args.iter().map(|arg| arg.hold(s)).collect();
        let borrowed: SmallVec<[Arg<'_>; 4]> = held.iter().map(Held::arg).collect();
        function.call(&borrowed)
    })
}

impl ArgFn {
    /// What is known is worked out here, once.
    fn of_kind(expr: &Expr, kind: Option<Kind>) -> ArgFn {
        if let (Some(Kind::Regex), ExprKind::Const(Value::Text(pattern))) = (kind, &expr.kind)
            && let Ok(regex) = regex(pattern)
        {
            return ArgFn::Regex(regex);
        }
        ArgFn::new(expr)
    }

    fn new(expr: &Expr) -> ArgFn {
        match &expr.ty {
            Type::Bool => ArgFn::Bool(compile_bool(expr)),
            Type::Int => ArgFn::Int(compile_int(expr)),
            Type::Time => ArgFn::Time(compile_int(expr)),
            Type::Duration => ArgFn::Duration(compile_int(expr)),
            Type::Float => ArgFn::Float(compile_float(expr)),
            Type::Decimal(scale) => ArgFn::Decimal(compile_decimal(expr), *scale),
            Type::Text => ArgFn::Text(compile_text(expr)),
            Type::Point => ArgFn::Point(compile_point(expr)),
            Type::List(_) => ArgFn::List(compile_list(expr)),
            Type::Null => ArgFn::Null,
        }
    }

    fn hold<'a>(&'a self, scene: &Scene<'a>) -> Held<'a> {
        let held = match self {
            ArgFn::Null => None,
            ArgFn::Bool(f) => f(scene).map(Held::Bool),
            ArgFn::Int(f) => f(scene).map(Held::Int),
            ArgFn::Time(f) => f(scene).map(Held::Time),
            ArgFn::Duration(f) => f(scene).map(Held::Duration),
            ArgFn::Float(f) => f(scene).map(Held::Float),
            ArgFn::Decimal(f, scale) => f(scene).map(|mantissa| Held::Decimal(Decimal { mantissa, scale: *scale })),
            ArgFn::Text(f) => f.eval(scene).map(Held::Text),
            ArgFn::Point(f) => f(scene).map(Held::Point),
            ArgFn::List(f) => f(scene).map(Held::List),
            ArgFn::Regex(regex) => Some(Held::Regex(regex)),
        };
        held.unwrap_or(Held::Null)
    }
}

impl Held<'_> {
    fn arg(&self) -> Arg<'_> {
        match self {
            Held::Null => Arg::Null,
            Held::Bool(v) => Arg::Bool(*v),
            Held::Int(v) => Arg::Int(*v),
            Held::Time(v) => Arg::Time(*v),
            Held::Duration(v) => Arg::Duration(*v),
            Held::Float(v) => Arg::Float(*v),
            Held::Decimal(v) => Arg::Decimal(*v),
            Held::Text(v) => Arg::Text(v),
            Held::Point(v) => Arg::Point(*v),
            Held::List(v) => Arg::List(v),
            Held::Regex(v) => Arg::Regex(v),
        }
    }
}
