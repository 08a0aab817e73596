//! A value as panes know it: equal codes are equal values of one type.

use crate::expr::{ExprFn, Scene, TextFn, ValueFn, compile_int, compile_text, compile_value, write_value};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::Expr;
use tripline_query_lang::value::{Type, Value};

/// A known value of one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Code {
    /// Up to 15 bytes, and how many in the last one: most values that are told apart are short names, and need no memory of
    /// their own.
    Short([u64; 2]),
    Long(Box<[u8]>),
}

/// An expression, compiled to its value's code.
pub(super) enum Coder {
    Int(ExprFn<i64>),
    Text(TextFn),
    Other(ValueFn),
}

impl Coder {
    /// Compiles an expression.
    pub(super) fn new(expr: &Expr) -> Coder {
        match &expr.ty {
            Type::Int | Type::Time | Type::Duration => Coder::Int(compile_int(expr)),
            Type::Text => Coder::Text(compile_text(expr)),
            _ => Coder::Other(compile_value(expr)),
        }
    }

    /// The value's code; `None`: it is missing.
    #[inline]
    pub(super) fn code(&self, scene: &Scene<'_>) -> Option<Code> {
        match self {
            Coder::Int(value) => value(scene).map(|value| Code::of(&value.to_le_bytes())),
            Coder::Text(value) => value.eval(scene).map(|text| Code::of(text.as_bytes())),
            Coder::Other(value) => match value(scene) {
                Value::Null => None,
                value => {
                    let mut bytes = Vec::new();
                    write_value(&value, &mut bytes);
                    Some(Code::of(&bytes))
                }
            },
        }
    }
}

impl Code {
    #[inline]
    fn of(bytes: &[u8]) -> Code {
        if bytes.len() > 15 {
            return Code::Long(bytes.into());
        }
        let mut short = [0; 16];
        short[..bytes.len()].copy_from_slice(bytes);
        short[15] = bytes.len() as u8;
        let short = u128::from_le_bytes(short);
        Code::Short([short as u64, (short >> 64) as u64])
    }

    /// Appends it to a chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Code::Short([low, high]) => {
                let short = (u128::from(*high) << 64 | u128::from(*low)).to_le_bytes();
                out.put_bytes(&short[..usize::from(short[15])]);
            }
            Code::Long(bytes) => out.put_bytes(bytes),
        }
    }

    /// Takes it off the front of `bytes`.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Code, StateError> {
        Ok(Code::of(&bytes.take_bytes("a window's value")?))
    }
}
