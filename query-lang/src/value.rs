//! Types and values of the language, as the compiler, the reference matcher, tests and alerts see them.
//! The engine's hot path never builds a [`Value`]: it works on typed columns.

use std::sync::Arc;

mod compare;

/// A type of the language. Whether a value may be missing is not part of it: every expression may be unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// 64-bit signed integer.
    Int,
    /// IEEE 754 double.
    Float,
    /// Exact decimal with this many digits after the point; the mantissa is an `i128`.
    Decimal(u8),
    /// UTF-8 text, ordered by code point.
    Text,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time,
    /// Microseconds.
    Duration,
    /// Latitude and longitude in degrees.
    Point,
    /// A list of one type.
    List(Box<Type>),
    /// The type of a bare `null`: fits every type.
    Null,
}

/// An exact decimal: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits, signed.
    pub mantissa: i128,
    /// Digits after the point.
    pub scale: u8,
}

/// A place on the sphere, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Latitude, north positive.
    pub lat: f64,
    /// Longitude, east positive.
    pub lon: f64,
}

/// One value, or `Null` for missing and unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
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
    Text(Arc<str>),
    /// Microseconds since the epoch.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// Place.
    Point(Point),
    /// List.
    List(Arc<[Value]>),
}
