//! Order and equality of values of one type, as comparisons of the language see them.

use std::cmp::Ordering;

use super::{Point, Value};

impl Value {
    /// The order of two values of one type; `None` when either is unknown, or where there is no order.
    /// Text is ordered by code point, `false` before `true`.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b))
            | (Value::Time(a), Value::Time(b))
            | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Decimal(a), Value::Decimal(b)) if a.scale == b.scale => Some(a.mantissa.cmp(&b.mantissa)),
            // UTF-8 has the order of its code points.
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Whether two values of one type are equal; `None` when that is unknown. Lists are not compared.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        match (self, other) {
            (Value::Point(Point { lat, lon }), Value::Point(b)) => Some(*lat == b.lat && *lon == b.lon),
            _ => self.compare(other).map(Ordering::is_eq),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_type() {
        assert_eq!(Value::Text("Z".into()).compare(&Value::Text("a".into())), Some(Ordering::Less));
        assert_eq!(Value::Text("\u{ffff}".into()).compare(&Value::Text("\u{10000}".into())), Some(Ordering::Less));
        assert_eq!(Value::Null.compare(&Value::Null), None);
        assert_eq!(Value::Int(1).compare(&Value::Time(1)), None);
    }
}
