//! Records that look like one seen before: the same keys in the same order, the same brackets and blanks, and only the plain
//! values differ. Such a record is taken in one pass from bytes to columns.
//!
//! A [`Template`] is a record's text with holes where plain values stood. A record that has the template's text between
//! well-formed plain values is well-formed, and each field stands in it where it stood in the record that was learned from.
//! What it takes, it takes as [`super::scan`] and [`crate::convert`] would; what it is not sure of, it leaves to them.

use tripline_engine::event::BatchBuilder;
use tripline_query_lang::plan::{Field, TimeUnit};
use tripline_query_lang::value::Type;

use super::quick::scalar_end;
use super::scan::Slot;
use super::shape::Shape;
use super::swar::{self, POWERS, Plain};
use crate::convert::{FieldFault, RECORD_BYTES_MAX, Scalar, TIME_US_MAX, from_json};

/// Holes of a template at most: wider records are rare, and read well enough without.
const HOLES_MAX: usize = 256;

/// A record's text with holes.
#[derive(Debug)]
pub(super) struct Template {
    holes: Vec<Hole>,
    /// What stands behind the last value.
    tail: Lead,
    /// Optional fields that it does not have.
    missing: Vec<usize>,
}

/// A plain value and the text before it.
#[derive(Debug)]
struct Hole {
    lead: Lead,
    /// How it is read when it is of the common form.
    kind: Kind,
    /// The fields that stand here.
    fields: Box<[usize]>,
    /// One of them is the event's time.
    is_time: bool,
}

/// What the value of a hole is, if it is of the common form: of exactly one field, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `text`
    Text,
    /// `int`
    Int,
    /// A time in a unit of so many microseconds.
    Time(i64),
    /// `decimal(scale)`
    Decimal(u32),
    /// `bool`
    Bool,
    /// Of another type, or for several fields.
    Any,
    /// For no field.
    Nothing,
}

/// Text, the first 16 bytes of it ready to be compared at once.
#[derive(Debug)]
struct Lead {
    text: Box<[u8]>,
    head: u128,
    mask: u128,
}

impl Lead {
    fn new(text: &[u8]) -> Lead {
        let mut head = [0; 16];
        let mut mask = [0; 16];
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(text) {
            (*head, *mask) = (*byte, 0xff);
        }
        Lead { text: text.into(), head: u128::from_le_bytes(head), mask: u128::from_le_bytes(mask) }
    }

    /// Where it ends, if it stands here.
    #[inline(always)]
    fn pass(&self, record: &[u8], at: usize) -> Option<usize> {
        let end = at + self.text.len();
        // No byte of a template is zero, as those behind the record's end are.
        let same = (swar::sixteen(record, at) ^ self.head) & self.mask == 0
            && (self.text.len() <= 16 || record.get(at + 16..end)? == &self.text[16..]);
        same.then_some(end)
    }
}

/// A record that is being read, and the row that it becomes.
struct Reader<'r> {
    record: &'r [u8],
    fields: &'r [Field],
    row: &'r mut BatchBuilder,
    /// All of it is UTF-8; not known as long as only ASCII has been seen.
    is_text: bool,
    timed_by: Option<usize>,
    time_us: Option<i64>,
}

impl Template {
    /// Learns from a record that was found well-formed; the slots say where its fields stand. `None`: there is something in
    /// it whose meaning is more than that of plain values in their places.
    pub(super) fn learn(
        record: &str,
        (fields, timed_by): (&[Field], Option<usize>),
        shape: &Shape,
        slots: &[Slot],
    ) -> Option<Template> {
        let bytes = record.as_bytes();
        if bytes.contains(&b'\\') || !shape.is_plain() {
            return None;
        }
        let mut template = Template { holes: Vec::new(), tail: Lead::new(&[]), missing: Vec::new() };
        let (mut at, mut lead, mut key) = (0, 0, 0..0);
        let mut found = vec![false; slots.len()];
        while at < bytes.len() {
            if matches!(bytes[at], b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') {
                at += 1;
                continue;
            }
            let end = scalar_end(bytes, at)?;
            let behind = bytes[end..].trim_ascii_start();
            if behind.first() == Some(&b':') {
                key = at + 1..end - 1;
                at = end;
                continue;
            }
            let slot = slots.iter().position(|slot| *slot == Slot::Found(at as u32, end as u32));
            // Whether a plain value may stand on the way to a field depends on what it is.
            if template.holes.len() == HOLES_MAX || slot.is_none() && shape.leads_on(record.get(key.clone())?) {
                return None;
            }
            slot.into_iter().for_each(|slot| found[slot] = true);
            let of_slot = |(_, of): &(usize, &usize)| Some(**of) == slot;
            let here: Box<[usize]> = shape.slot_of.iter().enumerate().filter(of_slot).map(|(field, _)| field).collect();
            let kind = kind(fields, &here);
            let is_time = timed_by.is_some_and(|timed_by| here.contains(&timed_by));
            template.holes.push(Hole { lead: Lead::new(&bytes[lead..at]), kind, fields: here, is_time });
            (at, lead) = (end, end);
        }
        template.tail = Lead::new(&bytes[lead..]);
        for (field, slot) in shape.slot_of.iter().enumerate().filter(|(_, slot)| !found[**slot]) {
            if slots[*slot] != Slot::Missing || !fields[field].optional {
                return None;
            }
            template.missing.push(field);
        }
        Some(template)
    }

    /// Pushes a value or null to every column; returns the time of the field `timed_by`, or 0. `None`: the record is another,
    /// and columns may have got values.
    #[inline]
    pub(super) fn read(
        &self,
        record: &[u8],
        (fields, timed_by): (&[Field], Option<usize>),
        row: &mut BatchBuilder,
    ) -> Option<i64> {
        if record.len() > RECORD_BYTES_MAX {
            return None;
        }
        let mut reader = Reader { record, fields, row, is_text: false, timed_by, time_us: None };
        let mut at = 0;
        for hole in &self.holes {
            at = reader.value(hole, hole.lead.pass(record, at)?)?;
        }
        if self.tail.pass(record, at)? != record.len() {
            return None;
        }
        let time_us = if timed_by.is_some() { reader.time_us? } else { 0 };
        self.missing.iter().for_each(|field| row.columns[*field].push_null());
        Some(time_us)
    }
}

fn kind(fields: &[Field], here: &[usize]) -> Kind {
    let [field] = here else { return if here.is_empty() { Kind::Nothing } else { Kind::Any } };
    match (&fields[*field].ty, fields[*field].time_unit) {
        (Type::Text, _) => Kind::Text,
        (Type::Bool, _) => Kind::Bool,
        (Type::Int, _) => Kind::Int,
        (Type::Decimal(scale), _) => Kind::Decimal(u32::from(*scale)),
        (Type::Time, Some(TimeUnit::Seconds)) => Kind::Time(1_000_000),
        (Type::Time, Some(TimeUnit::Milliseconds)) => Kind::Time(1_000),
        (Type::Time, Some(TimeUnit::Microseconds)) => Kind::Time(1),
        _ => Kind::Any,
    }
}

impl Reader<'_> {
    /// Takes the value of a hole; says where it ends.
    #[inline(always)]
    fn value(&mut self, hole: &Hole, at: usize) -> Option<usize> {
        let taken = match hole.kind {
            Kind::Text | Kind::Nothing if self.record.get(at) == Some(&b'"') => return self.text(hole, at + 1),
            Kind::Int => swar::number(self.record, at).filter(|number| number.fraction == 0),
            Kind::Time(unit) => self.time(at, unit),
            Kind::Decimal(scale) => self.decimal(at, scale),
            Kind::Bool => return self.bool(hole, at).or_else(|| self.any(hole, at)),
            Kind::Text | Kind::Nothing | Kind::Any => None,
        };
        let Some(Plain { mantissa, end, .. }) = taken else { return self.any(hole, at) };
        self.row.columns[hole.fields[0]].push_i64(mantissa);
        if hole.is_time {
            self.time_us = Some(mantissa);
        }
        Some(end)
    }

    /// From behind the opening quote.
    #[inline(always)]
    fn text(&mut self, hole: &Hole, start: usize) -> Option<usize> {
        let (end, is_ascii) = swar::text(self.record, start)?;
        if !is_ascii && !self.is_text {
            self.is_text = std::str::from_utf8(self.record).is_ok();
            if !self.is_text {
                return None;
            }
        }
        if let [field] = *hole.fields {
            // SAFETY: the text is ASCII, or a part between two quotes of what is UTF-8.
            let text = unsafe { std::str::from_utf8_unchecked(&self.record[start..end]) };
            self.row.columns[field].push_text(text);
        }
        Some(end + 1)
    }

    #[inline(always)]
    fn time(&self, at: usize, unit: i64) -> Option<Plain> {
        let number = swar::number(self.record, at).filter(|number| number.fraction == 0)?;
        let mantissa = number.mantissa.checked_mul(unit).filter(|time| (0..=TIME_US_MAX).contains(time))?;
        Some(Plain { mantissa, ..number })
    }

    #[inline(always)]
    fn decimal(&self, at: usize, scale: u32) -> Option<Plain> {
        let number = swar::number(self.record, at)?;
        let factor = POWERS.get(scale.checked_sub(number.fraction)? as usize)?;
        Some(Plain { mantissa: number.mantissa.checked_mul(*factor as i64)?, ..number })
    }

    #[inline(always)]
    fn bool(&mut self, hole: &Hole, at: usize) -> Option<usize> {
        let four = swar::sixteen(self.record, at) as u32;
        let value = four == u32::from_le_bytes(*b"true");
        if !value && (four != u32::from_le_bytes(*b"fals") || self.record.get(at + 4) != Some(&b'e')) {
            return None;
        }
        self.row.columns[hole.fields[0]].push_bool(value);
        Some(at + if value { 4 } else { 5 })
    }

    /// As [`Reader::value`], for a value of whatever form.
    #[inline(never)]
    fn any(&mut self, hole: &Hole, at: usize) -> Option<usize> {
        let end = scalar_end(self.record, at)?;
        let raw = std::str::from_utf8(&self.record[at..end]).ok()?;
        for &field in &hole.fields {
            let column = &mut self.row.columns[field];
            match from_json(&self.fields[field], raw) {
                Ok(value) => {
                    if let (true, Scalar::Int(time_us)) = (self.timed_by == Some(field), &value) {
                        self.time_us = Some(*time_us);
                    }
                    value.push(column);
                }
                Err(FieldFault::Missing) if self.fields[field].optional => column.push_null(),
                Err(_) => return None,
            }
        }
        Some(end)
    }
}
