//! The quick scanner: takes the plain records that nearly all are, and leaves every other one to the full scanner.
//!
//! Plain: one object; values are texts without escapes, numbers, `true`, `false`, `null`, or objects on the way to a field;
//! spaces only behind `:` and `,`. What it takes, it takes as [`super::scan`] would; what it is not sure of, it does not take.

use super::scan::Slot;
use super::shape::Shape;
use super::swar;

/// Fills the slots from a plain record. False: not plain; the slots then mean nothing.
pub(super) fn quick(record: &str, shape: &mut Shape, slots: &mut [Slot]) -> bool {
    slots.fill(Slot::Missing);
    let mut reader = Reader { bytes: record.as_bytes(), at: 0 };
    reader.object(0, shape, slots).is_some() && reader.at == record.len()
}

/// Where the plain value ends that stands here: a text without escapes, a number, `true`, `false` or `null`.
#[inline]
pub(super) fn scalar_end(record: &[u8], at: usize) -> Option<usize> {
    let mut reader = Reader { bytes: record, at };
    reader.scalar()?;
    Some(reader.at)
}

/// A place in a record. Each method passes over what it is named after; `None`: not plain.
struct Reader<'r> {
    bytes: &'r [u8],
    at: usize,
}

impl Reader<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// The object at a node of the shape. Goes as deep as the paths of fields do.
    fn object(&mut self, node: usize, shape: &mut Shape, slots: &mut [Slot]) -> Option<()> {
        self.byte(b'{')?;
        let mut after = None;
        loop {
            let start = self.at + 1;
            self.text()?;
            // Between two quotes of a text stand whole characters.
            let key = std::str::from_utf8(self.bytes.get(start..self.at - 1)?).ok()?;
            let member = shape.nodes[node].member(key, &mut after);
            self.byte(b':')?;
            self.spaces();
            match member {
                Some(member) => self.field(member, shape, slots)?,
                None => self.scalar()?,
            }
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
            self.spaces();
        }
        self.byte(b'}')
    }

    /// A value at a node that leads to fields.
    #[inline]
    fn field(&mut self, node: usize, shape: &mut Shape, slots: &mut [Slot]) -> Option<()> {
        let start = self.at;
        match shape.nodes[node].slot {
            Some(slot) if shape.nodes[node].is_leaf() => {
                self.scalar()?;
                // A record is shorter than 4 GiB.
                slots[slot] = Slot::Found(start as u32, self.at as u32);
                Some(())
            }
            // What a repeated object leaves of the one before is for the full scanner.
            None if shape.nodes[node].slots.iter().all(|slot| slots[*slot] == Slot::Missing) => {
                self.object(node, shape, slots)
            }
            _ => None,
        }
    }

    #[inline]
    fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.text(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// A text without escapes and control characters.
    #[inline]
    fn text(&mut self) -> Option<()> {
        self.byte(b'"')?;
        let (end, _) = swar::text(self.bytes, self.at)?;
        self.at = end + 1;
        Some(())
    }

    /// A number, as strict as JSON is.
    #[inline]
    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tripline_query_lang::plan::{Field, PathPart};
    use tripline_query_lang::value::Type;

    use super::super::scan::scan;
    use super::*;

    fn shape() -> Shape {
        let field = |path: &[&str]| Field {
            name: String::new(),
            ty: Type::Int,
            optional: false,
            path: path.iter().map(|part| PathPart::Key((*part).to_owned())).collect(),
            time_unit: None,
        };
        Shape::new(&[field(&["a"]), field(&["data", "b"]), field(&["data", "c", "d"]), field(&["é"]), field(&["both"])])
    }

    /// Pieces of JSON, right and wrong, so that most records are nearly plain.
    fn record() -> impl Strategy<Value = String> {
        let scalar = prop::sample::select(vec![
            "1",
            "-0",
            "0.5",
            "1e3",
            "-12.50E-2",
            "01",
            "1.",
            "-",
            ".5",
            "true",
            "false",
            "null",
            "nul",
            "\"\"",
            "\"text\"",
            "\"a longer text than eight\"",
            "\"é\"",
            "\"esc\\n\"",
            "\"tab\there\"",
            "\"\u{1}\"",
            "\"open",
            "[]",
            "[1,2]",
            "{}",
            "\"a:b,c{d}\"",
            "\"12345678\"",
        ]);
        let key = prop::sample::select(vec!["a", "data", "b", "c", "d", "é", "both", "other", "", "a\\u0061"]);
        let value = scalar.prop_map(str::to_owned).prop_recursive(3, 12, 4, move |inner| {
            let pair = (key.clone(), inner, prop::sample::select(vec![":", ":", ":", ": ", " :"]));
            let comma = prop::sample::select(vec![",", ",", ",", ", ", " ,", ",,"]);
            (prop::collection::vec(pair, 0..5), comma).prop_map(|(pairs, comma)| {
                let pairs: Vec<String> =
                    pairs.into_iter().map(|(key, value, colon)| format!("\"{key}\"{colon}{value}")).collect();
                format!("{{{}}}", pairs.join(comma))
            })
        });
        (value, prop::sample::select(vec!["", "", "", "", "", "", " ", "x", "}"])).prop_map(|(value, end)| value + end)
    }

    proptest! {
        #[test]
        fn takes_only_what_the_full_scanner_takes(records in prop::collection::vec(record(), 1..4)) {
            let (mut ours, mut full) = (shape(), shape());
            for record in records {
                let mut slots = vec![Slot::Missing; ours.slots];
                let mut expected = slots.clone();
                let taken = quick(&record, &mut ours, &mut slots);
                let valid = scan(&record, &mut full, &mut expected).is_ok();
                if taken {
                    prop_assert!(valid, "{}", record);
                    prop_assert_eq!(slots, expected, "{}", record);
                }
            }
        }
    }

    #[test]
    fn leaves_what_is_not_plain_or_not_json() {
        for record in [
            r#"{"a":"tab	here, and more"}"#,
            r#"{"a":"esc\n"}"#,
            r#"{"a":"open}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            r#"{"a":1} "#,
            r#"{"a":truex}"#,
            r#"{"a":[1]}"#,
            r#"{"other":{}}"#,
            r#"{"data":1}"#,
            r#"{"data":{"b":1},"data":{"b":2}}"#,
            "{}",
            "",
        ] {
            let mut shape = shape();
            let mut slots = vec![Slot::Missing; shape.slots];
            assert!(!quick(record, &mut shape, &mut slots), "{record}");
        }
    }

    #[test]
    fn takes_plain_records() {
        let (mut shape, record) =
            (shape(), r#"{"a":1, "other": "x","data":{"c":{"d":-2.5e3},"b":null},"é":"text of some length"}"#);
        let mut slots = vec![Slot::Missing; shape.slots];
        assert!(quick(record, &mut shape, &mut slots));
        let text = |slot: &Slot| match slot {
            Slot::Found(from, to) => &record[*from as usize..*to as usize],
            _ => "-",
        };
        assert_eq!(slots.iter().map(text).collect::<Vec<_>>(), ["1", "null", "-2.5e3", "\"text of some length\"", "-"]);
    }
}
