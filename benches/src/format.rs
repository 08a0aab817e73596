//! The workload as CSV and JSON Lines.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::Deserialize;

use crate::workload::{KINDS, Tx, Workload};

/// The first line of the CSV form.
const HEADER: &str = "id,ts,card,amount,merchant,country,kind,ok";

/// Why a file is not of the workload's format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first line is neither the header nor JSON.
    #[error("line 1 is neither `{HEADER}` nor a JSON object")]
    Unknown,
    /// A line is not an event.
    #[error("line {line} is not an event: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What does not fit.
        what: String,
    },
}

/// Writes the CSV form.
pub fn write_csv(workload: &Workload, mut out: impl Write) -> io::Result<()> {
    writeln!(out, "{HEADER}")?;
    for tx in &workload.events {
        let (card, merchant, country, kind) =
            (workload.card(tx), workload.merchant(tx), workload.country(tx), workload.kind(tx));
        let (whole, cents) = (tx.amount / 100, tx.amount % 100);
        writeln!(out, "{},{},{card},{whole}.{cents:02},{merchant},{country},{kind},{}", tx.id, tx.ts_ms, tx.ok)?;
    }
    out.flush()
}

/// Writes the JSON Lines form, fields in the order of the CSV form.
pub fn write_json(workload: &Workload, mut out: impl Write) -> io::Result<()> {
    for tx in &workload.events {
        let (card, merchant, country, kind) =
            (workload.card(tx), workload.merchant(tx), workload.country(tx), workload.kind(tx));
        let (whole, cents) = (tx.amount / 100, tx.amount % 100);
        writeln!(
            out,
            r#"{{"id":{},"ts":{},"card":"{card}","amount":{whole}.{cents:02},"merchant":"{merchant}","country":"{country}","kind":"{kind}","ok":{}}}"#,
            tx.id, tx.ts_ms, tx.ok
        )?;
    }
    out.flush()
}

/// A line of the JSON form.
#[derive(Deserialize)]
struct Line {
    id: i64,
    ts: i64,
    card: String,
    amount: serde_json::Number,
    merchant: String,
    country: String,
    kind: String,
    ok: bool,
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

/// Reads either form.
pub fn read(input: impl BufRead) -> Result<Workload, FormatError> {
    let mut workload = Workload::default();
    let mut numbers: [Numbers; 3] = Default::default();
    let mut is_csv = false;
    for (index, text) in input.lines().enumerate() {
        let (text, line) = (text?, index + 1);
        if line == 1 {
            is_csv = text.trim_end() == HEADER;
            if is_csv {
                continue;
            }
            if !text.starts_with('{') {
                return Err(FormatError::Unknown);
            }
        }
        let event = if is_csv { csv_line(&text) } else { json_line(&text) };
        let event = event.and_then(|event| tx(&event, &mut workload, &mut numbers));
        workload.events.push(event.map_err(|what| FormatError::Line { line, what })?);
    }
    Ok(workload)
}

fn csv_line(text: &str) -> Result<Line, String> {
    let fields: Vec<&str> = text.split(',').collect();
    let [id, ts, card, amount, merchant, country, kind, ok] = fields[..] else {
        return Err(format!("it has {} fields, not 8", fields.len()));
    };
    let number = |text: &str| text.parse::<i64>().map_err(|e| format!("`{text}`: {e}"));
    Ok(Line {
        id: number(id)?,
        ts: number(ts)?,
        card: card.to_owned(),
        amount: serde_json::from_str(amount).map_err(|e| format!("`{amount}`: {e}"))?,
        merchant: merchant.to_owned(),
        country: country.to_owned(),
        kind: kind.to_owned(),
        ok: ok.parse().map_err(|e| format!("`{ok}`: {e}"))?,
    })
}

fn json_line(text: &str) -> Result<Line, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

fn tx(line: &Line, workload: &mut Workload, numbers: &mut [Numbers; 3]) -> Result<Tx, String> {
    let kind = KINDS.iter().position(|(name, _)| *name == line.kind).ok_or(format!("`{}` is no kind", line.kind))?;
    let amount = line.amount.as_f64().ok_or("the amount is no number")?;
    let [cards, merchants, countries] = numbers;
    Ok(Tx {
        id: line.id,
        ts_ms: line.ts,
        amount: (amount * 100.0).round() as i64,
        card: cards.of(&line.card, &mut workload.cards),
        merchant: merchants.of(&line.merchant, &mut workload.merchants),
        country: countries.of(&line.country, &mut workload.countries) as u16,
        kind: kind as u8,
        ok: line.ok,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Options;

    #[test]
    fn both_forms_read_back() -> Result<(), FormatError> {
        let made = Workload::generate(&Options { events: 500, ..Options::default() });
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        write_csv(&made, &mut csv)?;
        write_json(&made, &mut json)?;
        let (from_csv, from_json) = (read(&csv[..])?, read(&json[..])?);
        assert_eq!(from_csv, from_json);
        for (tx, back) in made.events.iter().zip(&from_csv.events) {
            assert_eq!((tx.id, tx.ts_ms, tx.amount, tx.ok), (back.id, back.ts_ms, back.amount, back.ok));
            assert_eq!(made.card(tx), from_csv.card(back));
            assert_eq!(made.merchant(tx), from_csv.merchant(back));
            assert_eq!(made.kind(tx), from_csv.kind(back));
        }
        Ok(())
    }

    #[test]
    fn another_format_is_refused() {
        assert!(matches!(read(&b"a,b,c\n1,2,3\n"[..]), Err(FormatError::Unknown)));
        let broken = format!("{HEADER}\n1,2,c1,3.00,m1,DE,auth\n");
        assert!(matches!(read(broken.as_bytes()), Err(FormatError::Line { line: 2, .. })));
    }
}
