//! Events as CSV and JSON Lines, written and read.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::Deserialize;

use super::Events;
use super::abc::Letter;
use super::tx::{KINDS, Tx, Workload};

/// The columns of card events, in the order in which they are written.
const TX: [&str; 8] = ["id", "ts", "card", "amount", "merchant", "country", "kind", "ok"];
/// The columns of letters.
const ABC: [&str; 2] = ["type", "id"];

/// Why a file is not of a known format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not even CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// The first line fits neither stream.
    #[error(
        "line 1 is neither a header with the columns `{}`, nor one with `{}`, nor a JSON object with these fields",
        TX.join(","),
        ABC.join(",")
    )]
    Unknown,
    /// A line is not an event.
    #[error("line {line} is not an event: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What does not fit.
        what: String,
    },
    /// There is no line.
    #[error("there are no events")]
    Empty,
}

/// Writes the CSV form.
pub fn write_csv(events: &Events, mut out: impl Write) -> io::Result<()> {
    match events {
        Events::Tx(workload) => {
            writeln!(out, "{}", TX.join(","))?;
            for tx in &workload.events {
                let [card, merchant, country, kind] = texts(workload, tx);
                let (whole, cents) = (tx.amount / 100, tx.amount % 100);
                writeln!(
                    out,
                    "{},{},{card},{whole}.{cents:02},{merchant},{country},{kind},{}",
                    tx.id, tx.ts_ms, tx.ok
                )?;
            }
        }
        Events::Abc(letters) => {
            writeln!(out, "{}", ABC.join(","))?;
            for (row, letter) in letters.iter().enumerate() {
                writeln!(out, "{},{}", char::from(*letter), row + 1)?;
            }
        }
    }
    out.flush()
}

/// Writes the JSON Lines form, fields in the order of the CSV form.
pub fn write_json(events: &Events, mut out: impl Write) -> io::Result<()> {
    match events {
        Events::Tx(workload) => {
            for tx in &workload.events {
                let [card, merchant, country, kind] = texts(workload, tx);
                let (whole, cents) = (tx.amount / 100, tx.amount % 100);
                writeln!(
                    out,
                    r#"{{"id":{},"ts":{},"card":"{card}","amount":{whole}.{cents:02},"merchant":"{merchant}","country":"{country}","kind":"{kind}","ok":{}}}"#,
                    tx.id, tx.ts_ms, tx.ok
                )?;
            }
        }
        Events::Abc(letters) => {
            for (row, letter) in letters.iter().enumerate() {
                writeln!(out, r#"{{"type":"{}","id":{}}}"#, char::from(*letter), row + 1)?;
            }
        }
    }
    out.flush()
}

fn texts<'a>(workload: &'a Workload, tx: &Tx) -> [&'a str; 4] {
    [workload.card(tx), workload.merchant(tx), workload.country(tx), workload.kind(tx)]
}

/// Reads either form of either stream: at most so many events.
pub fn read(mut input: impl BufRead, max: usize) -> Result<Events, FormatError> {
    let first = input.fill_buf()?;
    let events = match first.first() {
        None => return Err(FormatError::Empty),
        Some(b'{') => read_json(input, max)?,
        Some(_) => read_csv(input, max)?,
    };
    if events.len() == 0 { Err(FormatError::Empty) } else { Ok(events) }
}

fn read_csv(input: impl BufRead, max: usize) -> Result<Events, FormatError> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers()?.clone();
    let place = |name: &&str| header.iter().position(|column| column.trim() == *name).ok_or(FormatError::Unknown);
    let fields = |names: &[&str]| names.iter().map(place).collect::<Result<Vec<usize>, FormatError>>();
    let (is_abc, places) = match fields(&TX) {
        Ok(places) => (false, places),
        Err(_) => (true, fields(&ABC)?),
    };
    let mut reading = Reading::new(is_abc);
    let mut record = csv::StringRecord::new();
    while reading.line <= max && reader.read_record(&mut record)? {
        let field = |at: usize| record.get(places[at]).unwrap_or_default();
        // The header is line 1.
        let line = reading.line + 1;
        let event = if is_abc {
            number(field(1)).map(|id| Line::Abc(AbcLine { r#type: field(0).to_owned(), id }))
        } else {
            tx_fields(field)
        };
        reading.take(event).map_err(|what| FormatError::Line { line, what })?;
    }
    Ok(reading.events())
}

fn number(text: &str) -> Result<i64, String> {
    text.parse::<i64>().map_err(|e| format!("`{text}`: {e}"))
}

fn tx_fields<'a>(field: impl Fn(usize) -> &'a str) -> Result<Line, String> {
    let text = |at: usize| field(at).to_owned();
    Ok(Line::Tx(TxLine {
        id: number(field(0))?,
        ts: number(field(1))?,
        card: text(2),
        amount: serde_json::from_str(field(3)).map_err(|_| format!("`{}` is no number", field(3)))?,
        merchant: text(4),
        country: text(5),
        kind: text(6),
        ok: field(7).parse().map_err(|_| format!("`{}` is neither true nor false", field(7)))?,
    }))
}

fn read_json(input: impl BufRead, max: usize) -> Result<Events, FormatError> {
    let mut reading = None;
    for (index, text) in input.lines().take(max).enumerate() {
        let (text, line) = (text?, index + 1);
        let reading = match &mut reading {
            Some(reading) => reading,
            None => {
                let object: serde_json::Value = serde_json::from_str(&text).map_err(|_| FormatError::Unknown)?;
                let has_all = |names: &[&str]| names.iter().all(|name| object.get(name).is_some());
                if !has_all(&TX) && !has_all(&ABC) {
                    return Err(FormatError::Unknown);
                }
                reading.insert(Reading::new(!has_all(&TX)))
            }
        };
        let event = if reading.is_abc {
            serde_json::from_str(&text).map(Line::Abc)
        } else {
            serde_json::from_str(&text).map(Line::Tx)
        };
        let event = event.map_err(|e| e.to_string());
        reading.take(event).map_err(|what| FormatError::Line { line, what })?;
    }
    reading.map(Reading::events).ok_or(FormatError::Empty)
}

/// A line.
enum Line {
    Tx(TxLine),
    Abc(AbcLine),
}

#[derive(Deserialize)]
struct TxLine {
    id: i64,
    ts: i64,
    card: String,
    amount: serde_json::Number,
    merchant: String,
    country: String,
    kind: String,
    ok: bool,
}

#[derive(Deserialize)]
struct AbcLine {
    r#type: String,
    #[expect(dead_code, reason = "a letter's id is its place in the input; only that there is a number is checked")]
    id: i64,
}

/// Texts and their numbers, in order of appearance.
#[derive(Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of(&mut self, text: &str, texts: &mut Vec<String>) -> u32 {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = texts.len() as u32;
        self.0.insert(text.to_owned(), number);
        texts.push(text.to_owned());
        number
    }
}

/// What has been read so far.
struct Reading {
    is_abc: bool,
    line: usize,
    letters: Vec<Letter>,
    workload: Workload,
    cards: Numbers,
    merchants: Numbers,
    countries: Numbers,
}

impl Reading {
    fn new(is_abc: bool) -> Reading {
        Reading {
            is_abc,
            line: 1,
            letters: Vec::new(),
            workload: Workload::default(),
            cards: Numbers::default(),
            merchants: Numbers::default(),
            countries: Numbers::default(),
        }
    }

    fn take(&mut self, line: Result<Line, String>) -> Result<(), String> {
        match line? {
            Line::Abc(line) => match line.r#type.as_bytes() {
                [letter] if letter.is_ascii_graphic() => self.letters.push(*letter),
                _ => return Err(format!("`{}` is not one letter", line.r#type)),
            },
            Line::Tx(line) => {
                let tx = self.tx(&line)?;
                self.workload.events.push(tx);
            }
        }
        self.line += 1;
        Ok(())
    }

    fn tx(&mut self, line: &TxLine) -> Result<Tx, String> {
        let kind =
            KINDS.iter().position(|(name, _)| *name == line.kind).ok_or(format!("`{}` is no kind", line.kind))?;
        let amount = line.amount.as_f64().ok_or("the amount is no number")?;
        Ok(Tx {
            id: line.id,
            ts_ms: line.ts,
            amount: (amount * 100.0).round() as i64,
            card: self.cards.of(&line.card, &mut self.workload.cards),
            merchant: self.merchants.of(&line.merchant, &mut self.workload.merchants),
            country: self.countries.of(&line.country, &mut self.workload.countries) as u16,
            kind: kind as u8,
            ok: line.ok,
        })
    }

    fn events(self) -> Events {
        if self.is_abc { Events::Abc(self.letters) } else { Events::Tx(self.workload) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Options, Stream};

    fn both_forms(made: &Events) -> Result<(Events, Events), FormatError> {
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        write_csv(made, &mut csv)?;
        write_json(made, &mut json)?;
        Ok((read(&csv[..], usize::MAX)?, read(&json[..], usize::MAX)?))
    }

    #[test]
    fn card_events_read_back() -> Result<(), FormatError> {
        let made = Events::generate(&Options { events: 500, ..Options::default() });
        let (from_csv, from_json) = both_forms(&made)?;
        assert_eq!(from_csv, from_json);
        assert_eq!(from_csv.len(), 500);
        for row in 0..500 {
            assert_eq!(made.at_ms(row), from_csv.at_ms(row));
            for (field, name) in TX.iter().enumerate() {
                assert_eq!(made.value(row, field), from_csv.value(row, field), "event {row}, field {name}");
            }
        }
        Ok(())
    }

    #[test]
    fn letters_read_back() -> Result<(), FormatError> {
        let made = Events::generate(&Options { stream: Stream::Abc, events: 500, ..Options::default() });
        assert_eq!(both_forms(&made)?, (made.clone(), made));
        Ok(())
    }

    #[test]
    fn columns_may_come_in_any_order() -> Result<(), FormatError> {
        let events = read(&b"id,type\n7,A\n8,B\n9,C\n"[..], 2)?;
        assert_eq!(events, Events::Abc(b"AB".to_vec()));
        Ok(())
    }

    #[test]
    fn another_format_is_refused() {
        let refused = |text: &str| match read(text.as_bytes(), usize::MAX) {
            Ok(_) => String::from("read"),
            Err(error) => error.to_string(),
        };
        assert!(refused("a,b,c\n1,2,3\n").starts_with("line 1 is neither"));
        assert!(refused("{\"a\": 1}\n").starts_with("line 1 is neither"));
        assert_eq!(refused(""), "there are no events");
        assert_eq!(refused("type,id\n"), "there are no events");
        let header = TX.join(",");
        assert!(refused(&format!("{header}\n1,2,c1,x,m1,DE,auth,true\n")).starts_with("line 2 is not an event: `x`"));
        assert!(refused(&format!("{header}\n1,2,c1,3.00,m1,DE,auth\n")).contains("line: 2"));
        assert!(refused("type,id\nA,1\nAB,2\n").starts_with("line 3 is not an event: `AB` is not one letter"));
    }
}
