//! How values look in messages: plain text, the same for ever, since alerts are compared byte by byte.
//!
//! Unknown is `-`; a decimal has all digits of its scale; a float is the shortest text that reads back as it, whole ones
//! without a point; a time is RFC 3339 in UTC; a duration is in the units of the language, largest first (`1h30m`).

use std::fmt::{Display, Formatter, Result, Write};

use jiff::Timestamp;

use crate::value::{Decimal, Value};

/// A time in RFC 3339, UTC, with as many digits of the second as it needs; outside of the years -9999 to 9999, which
/// that cannot say, microseconds since 1970 with `us` behind them.
pub struct Rfc3339(
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub i64,
);

impl Display for Rfc3339 {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let scale = usize::from(self.scale);
        let digits = self.mantissa.unsigned_abs().to_string();
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, rest) = digits.split_at(digits.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{rest}")
    }
}

/// A duration, as [`Value`] shows it.
struct Span(i64);

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        const UNITS: [(u64, &str); 5] =
            [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_char('-')?;
        }
        let mut rest = self.0.unsigned_abs();
        for (size, unit) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        if rest > 0 { write!(f, "{rest}us") } else { Ok(()) }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Value::Null => f.write_char('-'),
            Value::Bool(v) => write!(f, "{v}"),
            Value::Int(v) => write!(f, "{v}"),
            Value::Float(v) => write!(f, "{v}"),
            Value::Decimal(v) => write!(f, "{v}"),
            Value::Text(v) => f.write_str(v),
            Value::Time(v) => write!(f, "{}", Rfc3339(*v)),
            Value::Duration(v) => write!(f, "{}", Span(*v)),
            Value::Point(v) => write!(f, "{}, {}", v.lat, v.lon),
            Value::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_char(']')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Point;

    fn decimal(mantissa: i128, scale: u8) -> Value {
        Value::Decimal(Decimal { mantissa, scale })
    }

    #[test]
    fn values_look_like_this() {
        let cases = [
            (Value::Null, "-"),
            (Value::Bool(true), "true"),
            (Value::Int(-3), "-3"),
            (Value::Float(1234.0), "1234"),
            (Value::Float(0.1), "0.1"),
            (decimal(210_000, 2), "2100.00"),
            (decimal(-5, 2), "-0.05"),
            (decimal(i128::MIN, 0), "-170141183460469231731687303715884105728"),
            (Value::Text("a \"b\"".into()), "a \"b\""),
            (Value::Time(1_767_225_600_000_000), "2026-01-01T00:00:00Z"),
            (Value::Time(1_767_225_600_250_000), "2026-01-01T00:00:00.25Z"),
            (Value::Time(i64::MAX), "9223372036854775807us"),
            (Value::Duration(0), "0s"),
            (Value::Duration(5_400_000_000), "1h30m"),
            (Value::Duration(-90_061_001_002), "-1d1h1m1s1ms2us"),
            (Value::Duration(i64::MIN), "-106751991d4h54s775ms808us"),
            (Value::Point(Point { lat: 52.5, lon: 13.0 }), "52.5, 13"),
            (Value::List([Value::Text("a".into()), Value::Null].into()), "[a, -]"),
        ];
        for (value, text) in cases {
            assert_eq!(value.to_string(), text);
        }
    }
}
