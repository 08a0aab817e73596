//! `base64_decode(text)`: the text that a Base64 text stands for.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "base64_decode",
    family: Family::Text,
    doc: "The text that a Base64 text (the plain or the URL alphabet, with or without `=` at its end) stands for, in UTF-8, or in UTF-16 as the commands that PowerShell encodes; unknown when it is not one.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"base64_decode("d2hvYW1p")"#, shows: "whoami" },
        Example { call: r#"base64_decode("dwBoAG8AYQBtAGkA")"#, shows: "whoami" },
        Example { call: r#"base64_decode("w7w=")"#, shows: "ü" },
        Example { call: r#"base64_decode("not base64")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(text)] = args else { return Value::Null };
    bytes(text).and_then(text_of).map_or(Value::Null, |text| Value::Text(text.into()))
}

/// The bytes; `None` when the text is not Base64.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    // One digit left over is not a byte; what fills up fills up to four.
    if digits.len() % 4 == 1 || (padding > 0 && (padding > 2 || !text.len().is_multiple_of(4))) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | u32::from(value(*digit)?);
        }
        // Of fewer than four digits, the bits over are no part of a byte.
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// UTF-16 shows by its zero bytes, which no text in UTF-8 has.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    if !bytes.contains(&0) {
        return String::from_utf8(bytes).ok();
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = if bytes.len().is_multiple_of(2) { String::from_utf16(&units).ok() } else { None };
    text.filter(|text| !text.contains('\0'))
}
