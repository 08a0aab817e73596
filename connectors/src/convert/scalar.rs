//! One value of a field's type from its text in the input, and where it goes: a column, or an item of a list.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use tripline_engine::event::ColumnBuilder;
use tripline_query_lang::duration::parse_us;
use tripline_query_lang::plan::{Field, TimeUnit};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

use super::FieldFault;
use super::number::{Finer, NumberFault, float, scaled};
use super::time::{in_unit, rfc3339};

/// A value of a field's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `bool`
    Bool(bool),
    /// `int`, `time` and `duration` in microseconds, the mantissa of a `decimal`.
    Int(i64),
    /// `float`
    Float(f64),
    /// `text`
    Text(Cow<'a, str>),
    /// `point`
    Point(Point),
    /// `list of T`
    List(Vec<Value>),
}

impl Scalar<'_> {
    /// Appends it to a column of its type; does nothing on one that is not decoded.
    #[inline]
    pub fn push(&self, column: &mut ColumnBuilder) {
        match self {
            Scalar::Bool(value) => column.push_bool(*value),
            Scalar::Int(value) => column.push_i64(*value),
            Scalar::Float(value) => column.push_f64(*value),
            Scalar::Text(value) => column.push_text(value),
            Scalar::Point(place) => column.push_point(place.lat, place.lon),
            Scalar::List(items) => column.push_list(items),
        }
    }

    /// As a value of its type.
    pub(crate) fn into_value(self, ty: &Type) -> Value {
        match (self, ty) {
            (Scalar::Bool(value), _) => Value::Bool(value),
            (Scalar::Int(value), Type::Time) => Value::Time(value),
            (Scalar::Int(value), Type::Duration) => Value::Duration(value),
            (Scalar::Int(value), Type::Decimal(scale)) => {
                Value::Decimal(Decimal { mantissa: i128::from(value), scale: *scale })
            }
            (Scalar::Int(value), _) => Value::Int(value),
            (Scalar::Float(value), _) => Value::Float(value),
            (Scalar::Text(value), _) => Value::Text(value.as_ref().into()),
            (Scalar::Point(place), _) => Value::Point(place),
            (Scalar::List(items), _) => Value::List(items.into()),
        }
    }
}

/// A field's value from one well-formed JSON value. `null` is missing.
#[inline]
pub fn from_json<'a>(field: &Field, raw: &'a str) -> Result<Scalar<'a>, FieldFault> {
    if raw == "null" { Err(FieldFault::Missing) } else { json(&field.ty, field.time_unit, raw) }
}

/// A duration in the language's notation, microseconds; in input it may be negative.
fn duration(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => parse_us(rest).map(|us| -us),
        None => parse_us(text),
    }
}

/// A field's value from a cell of a table: plain text, for a place or a list in JSON's notation. An empty cell is missing.
pub fn from_cell<'a>(field: &Field, cell: &'a str) -> Result<Scalar<'a>, FieldFault> {
    let trimmed = cell.trim_ascii();
    match (&field.ty, field.time_unit) {
        _ if cell.is_empty() => Err(FieldFault::Missing),
        (Type::Text, _) => Ok(Scalar::Text(Cow::Borrowed(cell))),
        (Type::Time, None) => time(trimmed),
        (Type::Duration, _) => duration(trimmed).map(Scalar::Int).ok_or(FieldFault::WrongType),
        (Type::Point | Type::List(_), unit) => {
            let raw: &RawValue = serde_json::from_str(trimmed).map_err(|_| FieldFault::WrongType)?;
            json(&field.ty, unit, raw.get())
        }
        (ty, unit) => plain(ty, unit, trimmed),
    }
}

/// Numbers and truth values, written the same way in every format.
fn plain<'a>(ty: &Type, unit: Option<TimeUnit>, text: &str) -> Result<Scalar<'a>, FieldFault> {
    let number = match (ty, unit, text) {
        (Type::Bool, _, "true") => return Ok(Scalar::Bool(true)),
        (Type::Bool, _, "false") => return Ok(Scalar::Bool(false)),
        (Type::Float, ..) => return float(text).map(Scalar::Float).map_err(FieldFault::from),
        (Type::Int, ..) => scaled(text, 0, Finer::Refuse),
        (Type::Decimal(scale), ..) => scaled(text, i32::from(*scale), Finer::Refuse),
        (Type::Time, Some(unit), _) => in_unit(text, unit),
        _ => return Err(FieldFault::WrongType),
    };
    number.map(Scalar::Int).map_err(FieldFault::from)
}

impl From<NumberFault> for FieldFault {
    fn from(fault: NumberFault) -> Self {
        match fault {
            NumberFault::NotANumber => FieldFault::WrongType,
            NumberFault::TooFine => FieldFault::OutOfRange,
            NumberFault::TooLarge => FieldFault::TooLarge,
        }
    }
}

fn time<'a>(text: &str) -> Result<Scalar<'a>, FieldFault> {
    match rfc3339(text) {
        Some(time) => Ok(Scalar::Int(time)),
        // What looks like a time names a day or a moment that is not there.
        None if text.len() >= 20 && text.as_bytes()[4] == b'-' => Err(FieldFault::OutOfRange),
        None => Err(FieldFault::WrongType),
    }
}

fn json<'a>(ty: &Type, unit: Option<TimeUnit>, raw: &'a str) -> Result<Scalar<'a>, FieldFault> {
    match (ty, unit, raw.as_bytes().first()) {
        (Type::Text, _, Some(b'"')) => unquoted(raw).map(Scalar::Text),
        (Type::Decimal(_), _, Some(b'"')) => plain(ty, unit, &unquoted(raw)?),
        (Type::Time, None, Some(b'"')) => time(&unquoted(raw)?),
        (Type::Duration, _, Some(b'"')) => duration(&unquoted(raw)?).map(Scalar::Int).ok_or(FieldFault::WrongType),
        (Type::Point, _, Some(b'[' | b'{')) => point(raw).map(Scalar::Point),
        (Type::List(item), _, Some(b'[')) => list(item, unit, raw).map(Scalar::List),
        (Type::Text | Type::Duration | Type::Point | Type::List(_), ..) => Err(FieldFault::WrongType),
        (_, _, Some(b'"')) => Err(FieldFault::WrongType),
        _ => plain(ty, unit, raw),
    }
}

/// The text of a JSON string; without escapes it is not copied.
fn unquoted(raw: &str) -> Result<Cow<'_, str>, FieldFault> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw.get(1..raw.len() - 1).ok_or(FieldFault::WrongType)?));
    }
    // Half of a surrogate pair gets here and is no text.
    serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|_| FieldFault::WrongType)
}

fn list(item: &Type, unit: Option<TimeUnit>, raw: &str) -> Result<Vec<Value>, FieldFault> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| FieldFault::WrongType)?;
    items.iter().map(|raw| json(item, unit, raw.get()).map(|value| value.into_value(item))).collect()
}

/// `[lat, lon]`, or `{lat, lon}` with whatever else stands there.
fn point(raw: &str) -> Result<Point, FieldFault> {
    let (lat, lon) = if raw.starts_with('[') {
        serde_json::from_str::<(&RawValue, &RawValue)>(raw).map_err(|_| FieldFault::WrongType)?
    } else {
        // A map, so that of a repeated key the last counts.
        let place: BTreeMap<String, &RawValue> = serde_json::from_str(raw).map_err(|_| FieldFault::WrongType)?;
        let part = |name| place.get(name).copied().ok_or(FieldFault::WrongType);
        (part("lat")?, part("lon")?)
    };
    let (lat, lon) = (float(lat.get())?, float(lon.get())?);
    let on_the_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    if on_the_globe { Ok(Point { lat, lon }) } else { Err(FieldFault::OutOfRange) }
}
