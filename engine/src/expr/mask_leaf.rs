//! The parts of a predicate that have a kernel: one column against constants.

use std::sync::Arc;

use super::kernel::{ROWS, bits, head, padded, rows};
use super::kind::{Kind, scale_of};
use super::logic::as_text;
use super::mask::{Word, bits_of, where_valid};
use super::wide::in_range;
use crate::event::{Batch, Data, TextColumn};
use tripline_query_lang::number;
use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, FieldId};
use tripline_query_lang::value::{Type, Value};

/// One column against constants.
pub(super) enum Leaf {
    /// The same for every row.
    Const(Option<bool>),
    /// A `bool` field.
    Bool(FieldId),
    /// An integer column lies between two numbers, both included (or, negated, does not).
    Range { column: Ints, low: i64, high: i64, negated: bool },
    /// An integer column is one of these, ascending.
    OneOf { column: Ints, members: Vec<i64> },
    /// A float column against a number.
    Float { field: FieldId, op: CompareOp, with: f64 },
    /// A text column is one of these (or, negated, none).
    Texts { field: FieldId, members: Texts, negated: bool },
    /// A text column starts with this.
    Prefix { field: FieldId, prefix: String },
    /// A column is missing (or, negated, is not).
    Missing { field: FieldId, negated: bool },
}

/// A column of integers.
#[derive(Clone, Copy)]
pub(super) enum Ints {
    /// A field of type `int`, `time`, `duration` or `decimal`.
    Field(FieldId),
    /// The event time.
    At,
}

/// Texts to compare with.
pub(super) enum Texts {
    /// So few that each is tried.
    Few(Vec<Member>),
    /// Ascending.
    Any(Vec<Arc<str>>),
}

/// A text to compare with.
pub(super) struct Member {
    text: Arc<str>,
    /// Its first eight bytes; see [`head`].
    head: u64,
    len: u32,
}

/// The kernel of a normal form; none if it has none.
pub(super) fn leaf(expr: &Expr) -> Option<Leaf> {
    match &expr.kind {
        ExprKind::Const(Value::Bool(value)) => Some(Leaf::Const(Some(*value))),
        ExprKind::Const(Value::Null) => Some(Leaf::Const(None)),
        ExprKind::Field(field) if expr.ty == Type::Bool => Some(Leaf::Bool(*field)),
        ExprKind::Compare(op, left, right) => match &right.kind {
            ExprKind::Const(Value::Null) => Some(Leaf::Const(None)),
            ExprKind::Const(value) => compared(*op, left, value),
            _ => None,
        },
        ExprKind::In(item, list) => match &list.kind {
            ExprKind::Const(Value::List(members)) if !members.contains(&Value::Null) => one_of(item, members),
            _ => None,
        },
        ExprKind::Like(item, pattern) => match (&item.kind, pattern.strip_suffix('*')) {
            (ExprKind::Field(field), Some(prefix)) if !prefix.contains('*') => {
                Some(Leaf::Prefix { field: *field, prefix: prefix.to_owned() })
            }
            _ => None,
        },
        ExprKind::Is { negated, left, right } => match (&left.kind, &right.kind) {
            (ExprKind::Field(field), ExprKind::Const(Value::Null))
            | (ExprKind::Const(Value::Null), ExprKind::Field(field)) => {
                Some(Leaf::Missing { field: *field, negated: *negated })
            }
            _ => None,
        },
        _ => None,
    }
}

/// `column op constant`.
fn compared(op: CompareOp, left: &Expr, value: &Value) -> Option<Leaf> {
    match (&left.kind, value) {
        (ExprKind::Field(field), Value::Float(with)) => Some(Leaf::Float { field: *field, op, with: *with }),
        (ExprKind::Field(field), Value::Text(text)) if matches!(op, CompareOp::Equal | CompareOp::NotEqual) => {
            let members = Texts::new(vec![text.clone()]);
            Some(Leaf::Texts { field: *field, members, negated: op == CompareOp::NotEqual })
        }
        _ => {
            let (column, factor) = ints(left)?;
            range(op, column, factor, mantissa(value, left)?)
        }
    }
}

/// The integer column that an expression reads, and what its numbers are multiplied by to be the expression's.
fn ints(expr: &Expr) -> Option<(Ints, i128)> {
    match &expr.kind {
        ExprKind::At => Some((Ints::At, 1)),
        ExprKind::Field(field) => match expr.ty {
            Type::Int | Type::Time | Type::Duration | Type::Decimal(_) => Some((Ints::Field(*field), 1)),
            _ => None,
        },
        ExprKind::Convert(inner) if matches!(expr.ty, Type::Decimal(_)) => {
            let (column, factor) = ints(inner)?;
            let digits = scale_of(&expr.ty).checked_sub(scale_of(&inner.ty))?;
            let factor = factor.checked_mul(number::pow10(digits)?)?;
            // Then 64 bits times the factor never overflow, as a conversion of the row would.
            (factor < 1 << 62).then_some((column, factor))
        }
        _ => None,
    }
}

/// A constant of the expression's type as an integer.
fn mantissa(value: &Value, of: &Expr) -> Option<i128> {
    match of.ty {
        Type::Decimal(_) => i128::of_value(value, &of.ty),
        _ => i64::of_value(value, &of.ty).map(i128::from),
    }
}

/// `column * factor op with` as a range of the column.
fn range(op: CompareOp, column: Ints, factor: i128, with: i128) -> Option<Leaf> {
    let (floor, exact) = (with.div_euclid(factor), with.rem_euclid(factor) == 0);
    let ceil = if exact { floor } else { floor.checked_add(1)? };
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    let (low, high) = match op {
        CompareOp::Equal | CompareOp::NotEqual => (ceil, floor),
        CompareOp::Less => (least, ceil.checked_sub(1)?),
        CompareOp::LessEqual => (least, floor),
        CompareOp::Greater => (floor.checked_add(1)?, most),
        CompareOp::GreaterEqual => (ceil, most),
    };
    let (low, high) = (low.max(least), high.min(most));
    // Nothing lies between 1 and 0.
    let (low, high) = if low > high { (1, 0) } else { (low as i64, high as i64) };
    Some(Leaf::Range { column, low, high, negated: op == CompareOp::NotEqual })
}

/// `column in [constants]`, none of them null.
fn one_of(item: &Expr, members: &Arc<[Value]>) -> Option<Leaf> {
    match (&item.kind, &item.ty) {
        (ExprKind::Field(field), Type::Text) => {
            let members = Texts::new(members.iter().filter_map(as_text).collect());
            Some(Leaf::Texts { field: *field, members, negated: false })
        }
        (_, Type::Int | Type::Time | Type::Duration | Type::Decimal(_)) => {
            let (column, factor) = ints(item)?;
            let whole = |value| mantissa(value, item).filter(|m| m % factor == 0);
            let mut members: Vec<i64> =
                members.iter().filter_map(whole).filter_map(|m| i64::try_from(m / factor).ok()).collect();
            members.sort_unstable();
            Some(Leaf::OneOf { column, members })
        }
        _ => None,
    }
}

impl Leaf {
    /// A guess of what 64 rows cost.
    pub(super) fn cost(&self) -> u32 {
        match self {
            Leaf::Const(_) | Leaf::Bool(_) | Leaf::Missing { .. } => 0,
            Leaf::Range { .. } | Leaf::Float { .. } => 1,
            Leaf::Texts { members: Texts::Few(members), .. } => 3 + members.len() as u32,
            Leaf::OneOf { .. } => 8,
            Leaf::Texts { .. } | Leaf::Prefix { .. } => 12,
        }
    }

    /// The answer for those rows of word `index` that are wanted; zeros for all others.
    pub(super) fn word(&self, batch: &Batch, index: usize, wanted: u64) -> Word {
        match self {
            Leaf::Const(Some(value)) => Word { holds: if *value { wanted } else { 0 }, unknown: 0 },
            Leaf::Const(None) => Word { holds: 0, unknown: wanted },
            Leaf::Bool(field) => {
                let column = batch.column(*field);
                let Data::Bool(bits) = &column.data else { return unknown(wanted) };
                where_valid(bits.words()[index], column.validity.as_ref(), index, wanted)
            }
            Leaf::Range { column, low, high, negated: false } => column.in_range(batch, index, wanted, (*low, *high)),
            Leaf::Range { column, low, high, negated: true } => {
                column.word(batch, index, wanted, |v| v < *low || v > *high)
            }
            Leaf::OneOf { column, members } => column.word(batch, index, wanted, |v| members.binary_search(&v).is_ok()),
            Leaf::Float { field, op, with } => {
                let column = batch.column(*field);
                let Data::Float(values) = &column.data else { return unknown(wanted) };
                let bits = bits_of(values, index, |v| op.holds(v, *with));
                let finite = bits_of(values, index, f64::is_finite);
                let word = where_valid(bits, column.validity.as_ref(), index, wanted & finite);
                Word { holds: word.holds, unknown: word.unknown | wanted & !finite }
            }
            Leaf::Texts { field, members, negated } => text_word(batch, *field, index, wanted, |texts, rows| {
                let bits = members.bits(texts, index, rows);
                if *negated { !bits } else { bits }
            }),
            Leaf::Prefix { field, prefix } => text_word(batch, *field, index, wanted, |texts, rows| {
                bits_among(rows, |bit| texts.bytes(index * ROWS + bit).starts_with(prefix.as_bytes()))
            }),
            Leaf::Missing { field, negated } => {
                let column = batch.column(*field);
                let valid = match &column.validity {
                    _ if matches!(column.data, Data::Absent) => 0,
                    None => u64::MAX,
                    Some(validity) => validity.words()[index],
                };
                Word { holds: wanted & if *negated { valid } else { !valid }, unknown: 0 }
            }
        }
    }
}

fn unknown(wanted: u64) -> Word {
    Word { holds: 0, unknown: wanted }
}

impl Ints {
    #[inline]
    fn word(self, batch: &Batch, index: usize, wanted: u64, test: impl Fn(i64) -> bool) -> Word {
        match self {
            Ints::At => Word { holds: wanted & bits_of(&batch.at_us, index, test), unknown: 0 },
            Ints::Field(field) => {
                let column = batch.column(field);
                let (Data::Int(values) | Data::Decimal(values, _)) = &column.data else { return unknown(wanted) };
                where_valid(bits_of(values, index, test), column.validity.as_ref(), index, wanted)
            }
        }
    }
}

/// The answer of a test of texts, which sees only rows that are wanted and not missing.
#[inline]
fn text_word(batch: &Batch, field: FieldId, index: usize, wanted: u64, bits: impl Fn(&TextColumn, u64) -> u64) -> Word {
    let column = batch.column(field);
    let Data::Text(texts) = &column.data else { return unknown(wanted) };
    let valid = column.validity.as_ref().map_or(u64::MAX, |v| v.words()[index]);
    Word { holds: wanted & valid & bits(texts, wanted & valid), unknown: wanted & !valid }
}

/// A bit for each of these rows for which `test` holds.
#[inline]
fn bits_among(rows: u64, test: impl Fn(usize) -> bool) -> u64 {
    let (mut left, mut bits) = (rows, 0);
    while left != 0 {
        let bit = left.trailing_zeros() as usize;
        left &= left - 1;
        bits |= u64::from(test(bit)) << bit;
    }
    bits
}

impl Ints {
    #[inline]
    fn in_range(self, batch: &Batch, index: usize, wanted: u64, (low, high): (i64, i64)) -> Word {
        let of = |values: &[i64]| match <&[i64; ROWS]>::try_from(rows(values, index)) {
            Ok(values) => in_range(values, low, high),
            Err(_) => bits(rows(values, index), |v| v >= low && v <= high),
        };
        match self {
            Ints::At => Word { holds: wanted & of(&batch.at_us), unknown: 0 },
            Ints::Field(field) => {
                let column = batch.column(field);
                let (Data::Int(values) | Data::Decimal(values, _)) = &column.data else { return unknown(wanted) };
                where_valid(of(values), column.validity.as_ref(), index, wanted)
            }
        }
    }
}

impl Texts {
    /// More texts than this are searched for instead of tried.
    const FEW: usize = 8;

    fn new(mut members: Vec<Arc<str>>) -> Texts {
        if members.len() <= Texts::FEW {
            return Texts::Few(members.iter().map(|text: &Arc<str>| Member::new(text)).collect());
        }
        members.sort_unstable();
        Texts::Any(members)
    }

    #[inline]
    fn bits(&self, texts: &TextColumn, index: usize, rows: u64) -> u64 {
        let (offsets, bytes) = texts.parts();
        let offsets = &offsets[index * ROWS..];
        match self {
            Texts::Few(members) => members.iter().fold(0, |bits, member| {
                bits | bits_among(rows & member.lengths(offsets), |bit| member.is_at(bytes, offsets[bit] as usize))
            }),
            Texts::Any(members) => bits_among(rows, |bit| {
                let text = &bytes[offsets[bit] as usize..offsets[bit + 1] as usize];
                members.binary_search_by(|member| member.as_bytes().cmp(text)).is_ok()
            }),
        }
    }
}

impl Member {
    fn new(text: &Arc<str>) -> Member {
        let head = padded(&text.as_bytes()[..text.len().min(8)]);
        Member { text: text.clone(), head, len: text.len() as u32 }
    }

    /// A bit for each row whose text is as long; `offsets` from the first of 64 rows on. Names of different kinds of event
    /// mostly differ in length, and lengths are compared many at a time.
    #[inline]
    fn lengths(&self, offsets: &[u32]) -> u64 {
        let mut lengths = [0; ROWS];
        let rows = ROWS.min(offsets.len().saturating_sub(1));
        for (row, length) in lengths[..rows].iter_mut().enumerate() {
            *length = offsets[row + 1].wrapping_sub(offsets[row]);
        }
        bits(&lengths[..rows], |length| length == self.len)
    }

    /// Whether a text that starts here, and is as long, is this one.
    #[inline]
    fn is_at(&self, bytes: &[u8], start: usize) -> bool {
        let len = self.len as usize;
        head(bytes, start, len) == self.head
            && (len <= 8 || bytes.get(start..start + len) == Some(self.text.as_bytes()))
    }
}
