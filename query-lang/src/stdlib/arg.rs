//! An argument of a scalar function, borrowed from wherever it lives.

use regex::Regex;

use crate::value::{Decimal, Point, Value};

/// One argument; `Null` is missing or unknown.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// Missing, or unknown.
    Null,
    /// True or false.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Float.
    Float(f64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Text.
    Text(&'a str),
    /// Microseconds since the epoch.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// Place.
    Point(Point),
    /// List.
    List(&'a [Value]),
    /// A regular expression, compiled: a constant that the evaluator worked out once.
    Regex(&'a Regex),
}

impl<'a> From<&'a Value> for Arg<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Arg::Null,
            Value::Bool(x) => Arg::Bool(*x),
            Value::Int(x) => Arg::Int(*x),
            Value::Float(x) => Arg::Float(*x),
            Value::Decimal(x) => Arg::Decimal(*x),
            Value::Text(x) => Arg::Text(x),
            Value::Time(x) => Arg::Time(*x),
            Value::Duration(x) => Arg::Duration(*x),
            Value::Point(x) => Arg::Point(*x),
            Value::List(x) => Arg::List(x),
        }
    }
}

impl Arg<'_> {
    /// As a value of its own.
    pub fn to_value(self) -> Value {
        match self {
            Arg::Null => Value::Null,
            Arg::Bool(x) => Value::Bool(x),
            Arg::Int(x) => Value::Int(x),
            Arg::Float(x) => Value::Float(x),
            Arg::Decimal(x) => Value::Decimal(x),
            Arg::Text(x) => Value::Text(x.into()),
            Arg::Time(x) => Value::Time(x),
            Arg::Duration(x) => Value::Duration(x),
            Arg::Point(x) => Value::Point(x),
            Arg::List(x) => Value::List(x.into()),
            Arg::Regex(x) => Value::Text(x.as_str().into()),
        }
    }
}
