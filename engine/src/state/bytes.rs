//! The bytes of state: how numbers, texts, values and coordinates are written to a chunk and taken off it again.
//!
//! Whole numbers are variable-length (7 bits a byte, lowest first; signed ones zigzag), so that small ones, which most
//! are, take one byte. Each number has exactly one spelling: equal state is equal bytes, and a spare byte is damage.
//! Reading never panics and never reserves more memory than the bytes at hand could fill.

use std::sync::Arc;

use super::StateError;
use crate::event::{Cause, Coordinates, Hop, PartitionId, Position};
use tripline_query_lang::plan::StreamId;
use tripline_query_lang::value::{Decimal, Point, Value};

/// Lists may stand in lists, but not deeper than this.
const DEPTH_MAX: u32 = 8;

/// Rules may build on rules whose alerts come later than their time, but not deeper than this.
const LATER_MAX: usize = 256;

/// Appends to a chunk.
pub trait Put {
    /// One byte: a tag, a version.
    fn put_u8(&mut self, value: u8);
    /// A whole number, 1 to 10 bytes.
    fn put_u64(&mut self, value: u64);
    /// A whole number, 1 to 5 bytes.
    fn put_u32(&mut self, value: u32);
    /// A length or count.
    fn put_len(&mut self, value: usize);
    /// A signed number (times, offsets), 1 to 10 bytes.
    fn put_i64(&mut self, value: i64);
    /// A signed number (mantissas), 1 to 19 bytes.
    fn put_i128(&mut self, value: i128);
    /// All 64 bits, as they are.
    fn put_f64(&mut self, value: f64);
    /// One byte.
    fn put_bool(&mut self, value: bool);
    /// Length and bytes.
    fn put_bytes(&mut self, value: &[u8]);
    /// Length and UTF-8.
    fn put_text(&mut self, value: &str);
    /// A number that may be missing.
    fn put_option_i64(&mut self, value: Option<i64>);
    /// Type tag and value.
    fn put_value(&mut self, value: &Value);
    /// Where an event stands.
    fn put_coordinates(&mut self, value: &Coordinates);
    /// A position.
    fn put_position(&mut self, value: &Position);
}

/// Takes off the front of a chunk what [`Put`] has put there. `what` names it in the error.
pub trait Take {
    /// See [`Put::put_u8`].
    fn take_u8(&mut self, what: &'static str) -> Result<u8, StateError>;
    /// See [`Put::put_u64`].
    fn take_u64(&mut self, what: &'static str) -> Result<u64, StateError>;
    /// See [`Put::put_u32`].
    fn take_u32(&mut self, what: &'static str) -> Result<u32, StateError>;
    /// A count of things of which each takes at least one byte: damaged when the rest cannot hold so many.
    fn take_len(&mut self, what: &'static str) -> Result<usize, StateError>;
    /// See [`Put::put_i64`].
    fn take_i64(&mut self, what: &'static str) -> Result<i64, StateError>;
    /// See [`Put::put_i128`].
    fn take_i128(&mut self, what: &'static str) -> Result<i128, StateError>;
    /// See [`Put::put_f64`].
    fn take_f64(&mut self, what: &'static str) -> Result<f64, StateError>;
    /// See [`Put::put_bool`].
    fn take_bool(&mut self, what: &'static str) -> Result<bool, StateError>;
    /// See [`Put::put_text`].
    fn take_text(&mut self, what: &'static str) -> Result<Arc<str>, StateError>;
    /// See [`Put::put_bytes`].
    fn take_bytes(&mut self, what: &'static str) -> Result<Vec<u8>, StateError>;
    /// See [`Put::put_option_i64`].
    fn take_option_i64(&mut self, what: &'static str) -> Result<Option<i64>, StateError>;
    /// See [`Put::put_value`].
    fn take_value(&mut self, what: &'static str) -> Result<Value, StateError>;
    /// See [`Put::put_coordinates`].
    fn take_coordinates(&mut self, what: &'static str) -> Result<Coordinates, StateError>;
    /// A position.
    fn take_position(&mut self, what: &'static str) -> Result<Position, StateError>;
}

impl Put for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u64(&mut self, value: u64) {
        put_varint(self, u128::from(value));
    }

    fn put_u32(&mut self, value: u32) {
        put_varint(self, u128::from(value));
    }

    fn put_len(&mut self, value: usize) {
        self.put_u64(value as u64);
    }

    fn put_i64(&mut self, value: i64) {
        self.put_u64((value << 1 ^ value >> 63) as u64);
    }

    fn put_i128(&mut self, value: i128) {
        put_varint(self, (value << 1 ^ value >> 127) as u128);
    }

    fn put_f64(&mut self, value: f64) {
        self.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    fn put_bool(&mut self, value: bool) {
        self.push(u8::from(value));
    }

    fn put_bytes(&mut self, value: &[u8]) {
        self.put_len(value.len());
        self.extend_from_slice(value);
    }

    fn put_text(&mut self, value: &str) {
        self.put_bytes(value.as_bytes());
    }

    fn put_option_i64(&mut self, value: Option<i64>) {
        self.put_bool(value.is_some());
        if let Some(value) = value {
            self.put_i64(value);
        }
    }

    fn put_value(&mut self, value: &Value) {
        match value {
            Value::Null => self.put_u8(0),
            Value::Bool(v) => {
                self.put_u8(1);
                self.put_bool(*v);
            }
            Value::Int(v) => {
                self.put_u8(2);
                self.put_i64(*v);
            }
            Value::Float(v) => {
                self.put_u8(3);
                self.put_f64(*v);
            }
            Value::Decimal(v) => {
                self.put_u8(4);
                self.put_u8(v.scale);
                self.put_i128(v.mantissa);
            }
            Value::Text(v) => {
                self.put_u8(5);
                self.put_text(v);
            }
            Value::Time(v) => {
                self.put_u8(6);
                self.put_i64(*v);
            }
            Value::Duration(v) => {
                self.put_u8(7);
                self.put_i64(*v);
            }
            Value::Point(v) => {
                self.put_u8(8);
                self.put_f64(v.lat);
                self.put_f64(v.lon);
            }
            Value::List(items) => {
                self.put_u8(9);
                self.put_len(items.len());
                items.iter().for_each(|item| self.put_value(item));
            }
        }
    }

    fn put_coordinates(&mut self, value: &Coordinates) {
        self.put_i64(value.at_us);
        self.put_u32(value.partition.stream.0);
        self.put_text(&value.partition.topic);
        self.put_i64(i64::from(value.partition.partition));
        self.put_i64(value.offset);
        self.put_bool(value.place.is_some());
        if let Some(place) = &value.place {
            self.put_position(place);
        }
    }

    fn put_position(&mut self, value: &Position) {
        self.put_i64(value.time_us);
        let mut cause = &value.cause;
        loop {
            match cause {
                Cause::Event { stream, topic, partition, offset } => {
                    self.put_u8(0);
                    self.put_u32(*stream);
                    self.put_text(topic);
                    self.put_i64(i64::from(*partition));
                    self.put_i64(*offset);
                    break;
                }
                Cause::Timer => {
                    self.put_u8(1);
                    break;
                }
                Cause::Later { time_us, cause: then } => {
                    self.put_u8(2);
                    self.put_i64(*time_us);
                    cause = then;
                }
            }
        }
        self.put_len(value.path.len());
        for Hop { rule, key, sequence } in &value.path {
            self.put_u32(*rule);
            self.put_bytes(key);
            self.put_u32(*sequence);
        }
    }
}

impl Take for &[u8] {
    fn take_u8(&mut self, what: &'static str) -> Result<u8, StateError> {
        let (&first, rest) = self.split_first().ok_or(StateError::Cut { what, need: 1 })?;
        *self = rest;
        Ok(first)
    }

    fn take_u64(&mut self, what: &'static str) -> Result<u64, StateError> {
        u64::try_from(take_varint(self, what)?).map_err(|_| damaged(what, "is over 64 bits"))
    }

    fn take_u32(&mut self, what: &'static str) -> Result<u32, StateError> {
        u32::try_from(take_varint(self, what)?).map_err(|_| damaged(what, "is over 32 bits"))
    }

    fn take_len(&mut self, what: &'static str) -> Result<usize, StateError> {
        let len = usize::try_from(self.take_u64(what)?).map_err(|_| damaged(what, "is longer than memory"))?;
        if len > self.len() {
            return Err(StateError::Cut { what, need: len - self.len() });
        }
        Ok(len)
    }

    fn take_i64(&mut self, what: &'static str) -> Result<i64, StateError> {
        let raw = self.take_u64(what)?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    fn take_i128(&mut self, what: &'static str) -> Result<i128, StateError> {
        let raw = take_varint(self, what)?;
        Ok((raw >> 1) as i128 ^ -((raw & 1) as i128))
    }

    fn take_f64(&mut self, what: &'static str) -> Result<f64, StateError> {
        let (bits, rest) =
            self.split_first_chunk::<8>().ok_or_else(|| StateError::Cut { what, need: 8 - self.len() })?;
        *self = rest;
        Ok(f64::from_bits(u64::from_le_bytes(*bits)))
    }

    fn take_bool(&mut self, what: &'static str) -> Result<bool, StateError> {
        match self.take_u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(damaged(what, "is neither true nor false")),
        }
    }

    fn take_text(&mut self, what: &'static str) -> Result<Arc<str>, StateError> {
        let text = std::str::from_utf8(take_slice(self, what)?).map_err(|_| damaged(what, "is not UTF-8"))?;
        Ok(text.into())
    }

    fn take_bytes(&mut self, what: &'static str) -> Result<Vec<u8>, StateError> {
        take_slice(self, what).map(<[u8]>::to_vec)
    }

    fn take_option_i64(&mut self, what: &'static str) -> Result<Option<i64>, StateError> {
        if self.take_bool(what)? { self.take_i64(what).map(Some) } else { Ok(None) }
    }

    fn take_value(&mut self, what: &'static str) -> Result<Value, StateError> {
        take_value(self, what, 0)
    }

    fn take_coordinates(&mut self, what: &'static str) -> Result<Coordinates, StateError> {
        let at_us = self.take_i64(what)?;
        let stream = StreamId(self.take_u32(what)?);
        let topic = self.take_text(what)?;
        let partition =
            i32::try_from(self.take_i64(what)?).map_err(|_| damaged(what, "has a partition over 32 bits"))?;
        let offset = self.take_i64(what)?;
        let place = if self.take_bool(what)? { Some(Arc::new(self.take_position(what)?)) } else { None };
        Ok(Coordinates { at_us, partition: PartitionId { stream, topic, partition }, offset, place })
    }

    fn take_position(&mut self, what: &'static str) -> Result<Position, StateError> {
        let time_us = self.take_i64(what)?;
        let mut later = Vec::new();
        let mut cause = loop {
            match self.take_u8(what)? {
                0 => {
                    let (stream, topic) = (self.take_u32(what)?, self.take_text(what)?);
                    let partition = i32::try_from(self.take_i64(what)?);
                    let partition = partition.map_err(|_| damaged(what, "has a partition over 32 bits"))?;
                    break Cause::Event { stream, topic, partition, offset: self.take_i64(what)? };
                }
                1 => break Cause::Timer,
                2 if later.len() < LATER_MAX => later.push(self.take_i64(what)?),
                _ => return Err(damaged(what, "has no such cause")),
            }
        };
        for time_us in later.into_iter().rev() {
            cause = Cause::Later { time_us, cause: Box::new(cause) };
        }
        let mut path = Vec::new();
        for _ in 0..self.take_len(what)? {
            let (rule, key, sequence) = (self.take_u32(what)?, self.take_bytes(what)?, self.take_u32(what)?);
            path.push(Hop { rule, key, sequence });
        }
        Ok(Position { time_us, cause, path })
    }
}

fn damaged(what: &'static str, how: &str) -> StateError {
    StateError::Damaged { what: format!("{what} {how}") }
}

fn put_varint(out: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(bytes: &mut &[u8], what: &'static str) -> Result<u128, StateError> {
    let mut value = 0u128;
    for shift in (0..128).step_by(7) {
        let byte = bytes.take_u8(what)?;
        let part = u128::from(byte & 0x7f);
        let shifted = part << shift;
        if shifted >> shift != part || (byte == 0 && shift > 0) {
            break;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged(what, "is not a number"))
}

fn take_slice<'a>(bytes: &mut &'a [u8], what: &'static str) -> Result<&'a [u8], StateError> {
    let len = bytes.take_len(what)?;
    let (taken, rest) = bytes.split_at(len);
    *bytes = rest;
    Ok(taken)
}

fn take_value(bytes: &mut &[u8], what: &'static str, depth: u32) -> Result<Value, StateError> {
    Ok(match bytes.take_u8(what)? {
        0 => Value::Null,
        1 => Value::Bool(bytes.take_bool(what)?),
        2 => Value::Int(bytes.take_i64(what)?),
        3 => Value::Float(bytes.take_f64(what)?),
        4 => {
            let scale = bytes.take_u8(what)?;
            Value::Decimal(Decimal { mantissa: bytes.take_i128(what)?, scale })
        }
        5 => Value::Text(bytes.take_text(what)?),
        6 => Value::Time(bytes.take_i64(what)?),
        7 => Value::Duration(bytes.take_i64(what)?),
        8 => Value::Point(Point { lat: bytes.take_f64(what)?, lon: bytes.take_f64(what)? }),
        9 if depth < DEPTH_MAX => {
            let len = bytes.take_len(what)?;
            Value::List((0..len).map(|_| take_value(bytes, what, depth + 1)).collect::<Result<_, _>>()?)
        }
        _ => return Err(damaged(what, "has an unknown type")),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Float),
            (any::<i128>(), 0u8..38).prop_map(|(mantissa, scale)| Value::Decimal(Decimal { mantissa, scale })),
            ".{0,9}".prop_map(|t| Value::Text(t.into())),
            any::<i64>().prop_map(Value::Time),
            any::<i64>().prop_map(Value::Duration),
            any::<(f64, f64)>().prop_map(|(lat, lon)| Value::Point(Point { lat, lon })),
        ];
        leaf.prop_recursive(3, 16, 4, |item| proptest::collection::vec(item, 0..4).prop_map(|v| Value::List(v.into())))
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(v in value(), n: u64, small: u32, i: i64, wide: i128, o: Option<i64>, t in ".{0,9}") {
            let mut out = Vec::new();
            out.put_value(&v);
            out.put_u64(n);
            out.put_u32(small);
            out.put_i64(i);
            out.put_i128(wide);
            out.put_option_i64(o);
            out.put_text(&t);
            let mut bytes = &out[..];
            prop_assert_eq!(bytes.take_value("value")?, v);
            prop_assert_eq!(bytes.take_u64("n")?, n);
            prop_assert_eq!(bytes.take_u32("small")?, small);
            prop_assert_eq!(bytes.take_i64("i")?, i);
            prop_assert_eq!(bytes.take_i128("wide")?, wide);
            prop_assert_eq!(bytes.take_option_i64("o")?, o);
            prop_assert_eq!(&*bytes.take_text("t")?, t.as_str());
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn a_cut_is_found_everywhere(v in value()) {
            let mut out = Vec::new();
            out.put_value(&v);
            for end in 0..out.len() {
                let mut bytes = &out[..end];
                let taken = bytes.take_value("value");
                prop_assert!(matches!(taken, Err(StateError::Cut { .. })), "{taken:?}");
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(noise in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = &noise[..];
            if let Ok(v) = bytes.take_value("value") {
                let read = noise.len() - bytes.len();
                let mut again = Vec::new();
                again.put_value(&v);
                prop_assert_eq!(&noise[..read], &again[..]);
            }
            let _ = (&noise[..]).take_coordinates("coordinates");
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        for (bytes, expected) in [(&[0x7f][..], 127), (&[0x80, 1], 128), (&[0], 0)] {
            assert_eq!((&mut &bytes[..]).take_u64("n"), Ok(expected));
        }
        let mut padded = &[0x80, 0][..];
        assert!(matches!(padded.take_u64("n"), Err(StateError::Damaged { .. })));
        let mut endless = &[0xff; 30][..];
        assert!(matches!(endless.take_u64("n"), Err(StateError::Damaged { .. })));
    }
}
