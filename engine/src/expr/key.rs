//! Keys: the canonical bytes of a key's parts, and their hash, for rows of a batch and for values.
//!
//! The bytes of a key are those of its parts, one behind the other: a byte for the type, then the value. They are
//! injective (equal bytes: equal keys of the same types), free of nulls (a key with a missing part has none) and readable
//! back to values. Numbers are big-endian with the sign turned round, so that the order of bytes is the order of numbers:
//!
//! | type | bytes |
//! |---|---|
//! | bool | 1, value |
//! | int, time, duration | 2, 3, 4, 8 bytes |
//! | float | 5, 8 bytes; zero has one sign |
//! | decimal | 6, scale, 16 bytes of mantissa |
//! | text of less than 128 bytes | 128 + length, UTF-8 |
//! | longer text | 7, 4 bytes of length, UTF-8 |
//! | point | 8, twice 8 bytes as for float |
//! | list | 9, 4 bytes of length, the items (0 for a missing one) |

use super::{BatchRow, Scene, ValueFn, compile_value};
use crate::event::{Batch, Bitmap, Data, TextColumn};
use tripline_query_lang::plan::{Expr, ExprKind, FieldId};
use tripline_query_lang::value::{Decimal, Point, Type, Value};
use twox_hash::XxHash3_64;

/// Part of the format of state and of the placement of keys: never changes.
const SEED: u64 = 0x7472_6970_6c69_6e65;

/// The hash of a key's canonical bytes: XXH3-64 with a fixed seed, the same for ever.
#[inline]
pub fn hash_key(bytes: &[u8]) -> u64 {
    if (9..=16).contains(&bytes.len()) { hash_short(bytes) } else { XxHash3_64::oneshot_with_seed(SEED, bytes) }
}

/// The same of 9 to 16 bytes, which most keys have, without the call for each event that a rule wants. As XXH3's
/// specification has it for inputs of this length.
#[inline]
fn hash_short(bytes: &[u8]) -> u64 {
    let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else { return 0 };
    hash_ends(u64::from_le_bytes(*first), u64::from_le_bytes(*last), bytes.len())
}

/// The same, given the first eight bytes and the last eight.
#[inline]
fn hash_ends(first: u64, last: u64, len: usize) -> u64 {
    /// The specified secret's words at 24, 32, 40 and 48, each two combined.
    const FLIP: [u64; 2] =
        [0x1f67_b3b7_a4a4_4072 ^ 0x78e5_c0cc_4ee6_79cb, 0x2172_ffcc_7dd0_5a82 ^ 0x8e24_43f7_7446_08b8];
    const MIX: u64 = 0x1656_6791_9e37_79f9;
    let low = first ^ FLIP[0].wrapping_add(SEED);
    let high = last ^ FLIP[1].wrapping_sub(SEED);
    let product = u128::from(low) * u128::from(high);
    let folded = product as u64 ^ (product >> 64) as u64;
    let mut hash = (len as u64).wrapping_add(low.swap_bytes()).wrapping_add(high).wrapping_add(folded);
    hash ^= hash >> 37;
    hash = hash.wrapping_mul(MIX);
    hash ^ hash >> 32
}

/// Appends the canonical bytes of a key's parts; false (and nothing appended) when a part is null.
pub fn write_key(parts: &[Value], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    for part in parts {
        if *part == Value::Null {
            out.truncate(start);
            return false;
        }
        write_value(part, out);
    }
    true
}

/// Appends the bytes of a value as above; 0 for null.
pub(crate) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(v) => out.extend([1, u8::from(*v)]),
        Value::Int(v) => write_int(2, *v, out),
        Value::Time(v) => write_int(3, *v, out),
        Value::Duration(v) => write_int(4, *v, out),
        Value::Float(v) => {
            out.push(5);
            write_float(*v, out);
        }
        Value::Decimal(d) => {
            out.extend([6, d.scale]);
            out.extend(((d.mantissa as u128) ^ 1 << 127).to_be_bytes());
        }
        Value::Text(text) => write_text(text.as_bytes(), out),
        Value::Point(p) => {
            out.push(8);
            write_float(p.lat, out);
            write_float(p.lon, out);
        }
        Value::List(items) => {
            out.push(9);
            out.extend((items.len() as u32).to_be_bytes());
            items.iter().for_each(|item| write_value(item, out));
        }
    }
}

#[inline]
fn write_int(tag: u8, value: i64, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend(((value as u64) ^ 1 << 63).to_be_bytes());
}

#[inline]
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    if text.len() < 128 {
        out.push(128 | text.len() as u8);
    } else {
        out.push(7);
        out.extend((text.len() as u32).to_be_bytes());
    }
    out.extend_from_slice(text);
}

fn write_float(value: f64, out: &mut Vec<u8>) {
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    out.extend(ordered.to_be_bytes());
}

/// The parts of a key from its canonical bytes; `None` when they are not those of a key of these types.
pub fn read_key(mut bytes: &[u8], types: &[Type]) -> Option<Vec<Value>> {
    let parts: Option<Vec<Value>> = types.iter().map(|ty| read_value(&mut bytes).filter(|v| fits(v, ty))).collect();
    parts.filter(|_| bytes.is_empty())
}

fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Time(_), Type::Time)
        | (Value::Duration(_), Type::Duration)
        | (Value::Float(_), Type::Float)
        | (Value::Text(_), Type::Text)
        | (Value::Point(_), Type::Point)
        | (Value::List(_), Type::List(_)) => true,
        (Value::Decimal(d), Type::Decimal(scale)) => d.scale == *scale,
        _ => false,
    }
}

/// Lists may stand in lists, but not deeper than this.
const DEPTH_MAX: u8 = 8;

/// Takes a value off the front of `bytes`; `None` when there is none.
pub(crate) fn read_value(bytes: &mut &[u8]) -> Option<Value> {
    read_nested(bytes, 0)
}

fn read_nested(bytes: &mut &[u8], depth: u8) -> Option<Value> {
    let tag = read::<1>(bytes)?[0];
    Some(match tag {
        0 => Value::Null,
        1 => Value::Bool(read::<1>(bytes)?[0] == 1),
        2 => Value::Int(read_int(bytes)?),
        3 => Value::Time(read_int(bytes)?),
        4 => Value::Duration(read_int(bytes)?),
        5 => Value::Float(read_float(bytes)?),
        6 => {
            let scale = read::<1>(bytes)?[0];
            Value::Decimal(Decimal { mantissa: (u128::from_be_bytes(read(bytes)?) ^ 1 << 127) as i128, scale })
        }
        7 => {
            let length = u32::from_be_bytes(read(bytes)?);
            read_text(bytes, length as usize)?
        }
        8 => Value::Point(Point { lat: read_float(bytes)?, lon: read_float(bytes)? }),
        9 if depth < DEPTH_MAX => {
            let length = u32::from_be_bytes(read(bytes)?) as usize;
            let items: Option<Vec<Value>> = (0..length).map(|_| read_nested(bytes, depth + 1)).collect();
            Value::List(items?.into())
        }
        short if short >= 128 => read_text(bytes, usize::from(short & 127))?,
        _ => return None,
    })
}

fn read<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn read_int(bytes: &mut &[u8]) -> Option<i64> {
    Some((u64::from_be_bytes(read(bytes)?) ^ 1 << 63) as i64)
}

fn read_float(bytes: &mut &[u8]) -> Option<f64> {
    let ordered = u64::from_be_bytes(read(bytes)?);
    Some(f64::from_bits(if ordered >> 63 == 1 { ordered ^ 1 << 63 } else { !ordered }))
}

fn read_text(bytes: &mut &[u8], length: usize) -> Option<Value> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Value::Text(std::str::from_utf8(head).ok()?.into()))
}

/// The keys of some rows of a batch, in the order of the rows. Reused from batch to batch.
#[derive(Clone, Debug, Default)]
pub struct KeyRows {
    /// The hash of each key.
    pub hashes: Vec<u64>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl KeyRows {
    /// The canonical bytes of the key of the `index`-th of the rows.
    #[inline]
    pub fn bytes(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// No keys.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.hashes.clear();
        self.ends.clear();
        self.bytes.clear();
    }

    /// Appends the key of a text of 8 to 15 bytes, which `ahead` begins with: canonical bytes and hash from
    /// registers.
    #[inline]
    fn push_short(&mut self, ahead: u128, text: usize) {
        let len = text + 1;
        let tagged = ahead << 8 | (128 | text as u128);
        let key = tagged & u128::MAX >> (128 - 8 * len);
        let end = self.bytes.len() + len;
        self.bytes.extend_from_slice(&key.to_le_bytes());
        self.bytes.truncate(end);
        self.hashes.push(hash_ends(key as u64, (key >> (8 * (len - 8))) as u64, len));
        self.ends.push(end as u32);
    }

    /// The bytes that were appended since the last key are a key.
    #[inline]
    fn end_key(&mut self) {
        let start = self.ends.last().map_or(0, |end| *end as usize);
        self.hashes.push(hash_key(&self.bytes[start..]));
        self.ends.push(self.bytes.len() as u32);
    }
}

/// The key expressions of a rule for one stream, compiled. No parts: every row has the empty key.
pub struct KeyFn {
    parts: Vec<Part>,
}

enum Part {
    /// A field of type `text`.
    Text(FieldId),
    /// A field of type `int`, `time` or `duration`, with the byte of its type.
    Int(FieldId, u8),
    Computed(ValueFn),
}

impl Part {
    fn new(expr: &Expr) -> Part {
        match (&expr.kind, &expr.ty) {
            (ExprKind::Field(field), Type::Text) => Part::Text(*field),
            (ExprKind::Field(field), Type::Int) => Part::Int(*field, 2),
            (ExprKind::Field(field), Type::Time) => Part::Int(*field, 3),
            (ExprKind::Field(field), Type::Duration) => Part::Int(*field, 4),
            _ => Part::Computed(compile_value(expr)),
        }
    }

    /// Appends the bytes of the row's part; false when it is null.
    #[inline]
    fn write(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Part::Text(field) => match text_at(batch, *field, row) {
                Some(text) => write_text(text, out),
                None => return false,
            },
            Part::Int(field, tag) => {
                let column = batch.column(*field);
                match &column.data {
                    Data::Int(values) if column.is_valid(row) => write_int(*tag, values[row], out),
                    _ => return false,
                }
            }
            Part::Computed(value) => match value(&Scene::of_row(&BatchRow { batch, row })) {
                Value::Null => return false,
                value => write_value(&value, out),
            },
        }
        true
    }
}

#[inline]
fn text_at(batch: &Batch, field: FieldId, row: usize) -> Option<&[u8]> {
    let column = batch.column(field);
    match &column.data {
        Data::Text(texts) if column.is_valid(row) => Some(texts.bytes(row)),
        _ => None,
    }
}

impl KeyFn {
    /// Compiles local expressions ([`super::is_local`]), one per part of the key.
    pub fn new(parts: &[Expr]) -> KeyFn {
        KeyFn { parts: parts.iter().map(Part::new).collect() }
    }

    /// Replaces what is in `out` by the keys of the rows of `rows`; takes rows that have no key (a part is null) out of `rows`.
    pub fn keys(&self, batch: &Batch, rows: &mut Bitmap, out: &mut KeyRows) {
        out.clear();
        if let [Part::Text(field)] = &self.parts[..]
            && let column = batch.column(*field)
            && let (Data::Text(texts), None) = (&column.data, &column.validity)
        {
            return text_keys(texts, rows, out);
        }
        for (index, word) in rows.words_mut().iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left & left.wrapping_neg();
                left ^= bit;
                let row = index * 64 + bit.trailing_zeros() as usize;
                let start = out.bytes.len();
                if self.parts.iter().all(|part| part.write(batch, row, &mut out.bytes)) {
                    out.end_key();
                } else {
                    out.bytes.truncate(start);
                    *word ^= bit;
                }
            }
        }
    }
}

/// The common case: one text field that is never missing.
fn text_keys(texts: &TextColumn, rows: &Bitmap, out: &mut KeyRows) {
    let (count, (offsets, bytes)) = (rows.count_ones(), texts.parts());
    out.hashes.reserve(count);
    out.ends.reserve(count);
    out.bytes.reserve(count * (1 + bytes.len().div_ceil(offsets.len().max(1))));
    for row in rows.iter_ones() {
        let (start, end) = (offsets[row] as usize, offsets[row + 1] as usize);
        if let (8..=15, Some(ahead)) = (end - start, bytes.get(start..).and_then(<[u8]>::first_chunk)) {
            out.push_short(u128::from_le_bytes(*ahead), end - start);
        } else {
            write_text(texts.bytes(row), &mut out.bytes);
            out.end_key();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        let mut bytes = Vec::new();
        assert!(write_key(&[Value::Text("c1".into()), Value::Int(-7)], &mut bytes));
        assert_eq!(bytes, [130, b'c', b'1', 2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9]);
        assert_eq!(hash_key(&bytes), 706_976_267_536_611_445);
        assert_eq!(hash_key(b""), 16_869_553_468_945_937_091);
        assert_eq!(hash_key(&[7; 300]), 2_063_248_958_998_637_334);
    }

    #[test]
    fn keys_of_texts_are_the_same_however_they_are_made() {
        let mut texts = TextColumn::default();
        let all: Vec<String> =
            (0..40usize).map(|len| "abcdefghijklmnopqrstuvwxyzäöü"[..len.min(26)].repeat(1 + len / 30)).collect();
        all.iter().for_each(|text| texts.push(text));
        let mut keys = KeyRows::default();
        text_keys(&texts, &Bitmap::ones(all.len()), &mut keys);
        for (index, text) in all.iter().enumerate() {
            let mut bytes = Vec::new();
            write_text(text.as_bytes(), &mut bytes);
            assert_eq!((keys.bytes(index), keys.hashes[index]), (&bytes[..], hash_key(&bytes)));
        }
    }

    #[test]
    fn short_keys_have_the_same_hash_by_the_shorter_way() {
        let mut bytes: Vec<u8> = Vec::new();
        for next in 0..40u32 {
            assert_eq!(hash_key(&bytes), XxHash3_64::oneshot_with_seed(SEED, &bytes), "{} bytes", bytes.len());
            bytes.push((next.wrapping_mul(2_654_435_761) >> 24) as u8);
        }
    }

    #[test]
    fn keys_read_back() {
        let decimal = Value::Decimal(Decimal { mantissa: -1250, scale: 2 });
        let parts = [
            (Value::Bool(true), Type::Bool),
            (Value::Int(i64::MIN), Type::Int),
            (Value::Time(5), Type::Time),
            (Value::Duration(-5), Type::Duration),
            (Value::Float(-1.5), Type::Float),
            (decimal, Type::Decimal(2)),
            (Value::Text("é".into()), Type::Text),
            (Value::Text("x".repeat(200).into()), Type::Text),
            (Value::Point(Point { lat: 52.5, lon: -13.4 }), Type::Point),
            (Value::List([Value::Int(1), Value::Null].into()), Type::List(Box::new(Type::Int))),
        ];
        let (values, types): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let mut bytes = Vec::new();
        assert!(write_key(&values, &mut bytes));
        assert_eq!(read_key(&bytes, &types), Some(values));
        assert_eq!(read_key(&bytes[..bytes.len() - 1], &types), None);
        assert_eq!(read_key(&bytes, &types[1..]), None);
    }

    #[test]
    fn a_null_part_is_no_key() {
        let mut bytes = vec![1];
        assert!(!write_key(&[Value::Int(1), Value::Null], &mut bytes));
        assert_eq!(bytes, [1]);
    }

    #[test]
    fn bytes_are_in_the_order_of_numbers() {
        let key = |value: Value| {
            let mut bytes = Vec::new();
            write_value(&value, &mut bytes);
            bytes
        };
        assert!(key(Value::Int(-3)) < key(Value::Int(2)));
        assert!(key(Value::Float(-3.0)) < key(Value::Float(-2.0)));
        assert!(key(Value::Float(-2.0)) < key(Value::Float(0.5)));
        assert_eq!(key(Value::Float(-0.0)), key(Value::Float(0.0)));
    }
}
