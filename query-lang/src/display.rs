//! How values look in messages: plain text, the same for ever, since alerts are compared byte by byte. The one rendering
//! that templates, tests and the command line share.
//!
//! Unknown is `-`; a decimal has all digits of its scale; a float is the shortest text that reads back as it, whole ones
//! without a point; a time is RFC 3339 in UTC; a duration and a place are as they are written in rules.

use std::fmt::{self, Display, Formatter, Write};

use jiff::Timestamp;

use crate::calendar;
use crate::value::{Decimal, Point, Type, Value};

/// A time in RFC 3339, UTC, with as many digits of the second as it needs; outside of the years -9999 to 9999, which
/// that cannot say, microseconds since 1970 with `us` behind them.
pub struct Rfc3339(
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub i64,
);

impl Display for Rfc3339 {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => match calendar::utc(self.0) {
                Some(time) => write!(f, "{time}Z"),
                None => write!(f, "{}us", self.0),
            },
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("-"),
            Value::Bool(x) => write!(f, "{x}"),
            Value::Int(x) => f.write_str(number((*x).into(), 0, &mut [0; DIGITS])),
            Value::Float(x) => float(*x, f),
            Value::Decimal(x) => x.fmt(f),
            Value::Text(x) => f.write_str(x),
            Value::Time(us) => Rfc3339(*us).fmt(f),
            Value::Duration(us) => duration(*us, f),
            Value::Point(x) => x.fmt(f),
            Value::List(items) => list(items, f),
        }
    }
}

impl Value {
    /// Appends what `Display` writes. Alerts are made of texts and numbers, so these do not take the way through a
    /// formatter, which is ten times as long.
    pub fn show(&self, out: &mut String) {
        let mut digits = [0; DIGITS];
        match self {
            Value::Text(text) => out.push_str(text),
            Value::Int(x) => out.push_str(number((*x).into(), 0, &mut digits)),
            Value::Decimal(x) if x.scale <= SCALE_SHOWN => out.push_str(number(x.mantissa, x.scale, &mut digits)),
            // Writing to a text cannot fail.
            other => drop(write!(out, "{other}")),
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.scale <= SCALE_SHOWN {
            return f.write_str(number(self.mantissa, self.scale, &mut [0; DIGITS]));
        }
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let scale = usize::from(self.scale);
        // One digit before the point at least.
        let digits = format!("{:0width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// Room for every digit of 128 bits, the point, a zero before it and the sign.
const DIGITS: usize = 48;
/// So many digits behind the point have room.
const SCALE_SHOWN: u8 = 40;

/// A decimal's text.
fn number(mantissa: i128, scale: u8, room: &mut [u8; DIGITS]) -> &str {
    let mut start = DIGITS;
    let mut put = |byte: u8| {
        start -= 1;
        room[start] = byte;
    };
    let (mut rest, mut behind) = (mantissa.unsigned_abs(), u32::from(scale));
    // Division of 128 bits is slow, and seldom needed.
    let mut small = u64::try_from(rest).ok();
    loop {
        let digit = match &mut small {
            Some(small) => {
                let digit = *small % 10;
                *small /= 10;
                digit as u8
            }
            None => {
                let digit = rest % 10;
                rest /= 10;
                small = u64::try_from(rest).ok();
                digit as u8
            }
        };
        put(b'0' + digit);
        match behind {
            0 => {
                if small == Some(0) {
                    break;
                }
            }
            _ => {
                behind -= 1;
                if behind == 0 {
                    put(b'.');
                }
            }
        }
    }
    if mantissa < 0 {
        put(b'-');
    }
    std::str::from_utf8(&room[start..]).unwrap_or_default()
}

impl Display for Point {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("point(")?;
        float(self.lat, f)?;
        f.write_str(", ")?;
        float(self.lon, f)?;
        f.write_str(")")
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Float => f.write_str("float"),
            Type::Decimal(scale) => write!(f, "decimal({scale})"),
            Type::Text => f.write_str("text"),
            Type::Time => f.write_str("time"),
            Type::Duration => f.write_str("duration"),
            Type::Point => f.write_str("point"),
            Type::List(item) => write!(f, "list of {item}"),
            Type::Null => f.write_str("null"),
        }
    }
}

/// Very large and very small numbers have an exponent, all others none.
fn float(x: f64, f: &mut Formatter<'_>) -> fmt::Result {
    let x = x + 0.0;
    if x == 0.0 || (1e-6..1e16).contains(&x.abs()) { write!(f, "{x}") } else { write!(f, "{x:e}") }
}

/// The largest unit that leaves a whole number: `90m`, not `1h30m`.
fn duration(us: i64, f: &mut Formatter<'_>) -> fmt::Result {
    const UNITS: [(i64, &str); 5] =
        [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")];
    if us == 0 {
        return f.write_str("0s");
    }
    for (length, unit) in UNITS {
        if us % length == 0 {
            return write!(f, "{}{unit}", us / length);
        }
    }
    write!(f, "{us}us")
}

fn list(items: &[Value], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are_written() {
        let decimal = |mantissa, scale| Value::Decimal(Decimal { mantissa, scale });
        for (value, shown) in [
            (Value::Null, "-"),
            (decimal(-5, 2), "-0.05"),
            (decimal(210000, 2), "2100.00"),
            (decimal(7, 0), "7"),
            (decimal(0, 2), "0.00"),
            (decimal(-123_456, 38), "-0.00000000000000000000000000000000123456"),
            (decimal(5, 45), "0.000000000000000000000000000000000000000000005"),
            (decimal(i128::MAX, 38), "1.70141183460469231731687303715884105727"),
            (Value::Int(i64::MIN), "-9223372036854775808"),
            (Value::Int(10), "10"),
            (decimal(i128::MIN, 0), "-170141183460469231731687303715884105728"),
            (Value::Float(893.0), "893"),
            (Value::Float(0.1), "0.1"),
            (Value::Float(-0.0), "0"),
            (Value::Float(1e300), "1e300"),
            (Value::Time(0), "1970-01-01T00:00:00Z"),
            (Value::Time(1_500_000), "1970-01-01T00:00:01.5Z"),
            (Value::Time(253_402_300_799_999_999), "9999-12-31T23:59:59.999999Z"),
            (Value::Time(253_402_300_800_000_000), "253402300800000000us"),
            (Value::Time(-377_705_116_800_000_000), "-009999-01-01T00:00:00Z"),
            (Value::Time(i64::MAX), "9223372036854775807us"),
            (Value::Duration(5_400_000_000), "90m"),
            (Value::Duration(0), "0s"),
            (Value::Duration(-1), "-1us"),
            (Value::Duration(i64::MIN), "-9223372036854775808us"),
            (Value::Point(Point { lat: 52.5, lon: 13.0 }), "point(52.5, 13)"),
            (Value::List([Value::Int(1), Value::Null].into()), "[1, -]"),
        ] {
            assert_eq!(value.to_string(), shown);
            let mut text = String::new();
            value.show(&mut text);
            assert_eq!(text, shown);
        }
    }
}
