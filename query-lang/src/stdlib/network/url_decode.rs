//! `url_decode(text)`: the text that a part of a URL stands for.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "url_decode",
    family: Family::Network,
    doc: "The text with every `%2F` of a URL as the character that it stands for, and `+` as a space; what is no such code stays. Unknown when the result is not UTF-8.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"url_decode("..%2f..%2Fetc%2fpasswd")"#, shows: "../../etc/passwd" },
        Example { call: r#"url_decode("a+b%C3%BC")"#, shows: "a bü" },
        Example { call: r#"url_decode("100%")"#, shows: "100%" },
        Example { call: r#"url_decode("%FF")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(text)] = args else { return Value::Null };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, further @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = further;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_or(Value::Null, |text| Value::Text(text.into()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
