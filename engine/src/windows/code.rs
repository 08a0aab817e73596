//! A value as panes know it: equal codes are equal values of one type.

use crate::expr::{ExprFn, Scene, TextFn, ValueFn, compile_int, compile_text, compile_value, write_value};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Expr, ExprKind, SlotId};
use tripline_query_lang::value::{Type, Value};

/// A known value of one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Code {
    /// Up to 14 bytes, and how many in the last one: most values that are told apart are short names, and need no memory of
    /// their own.
    Short([u8; SHORT + 1]),
    /// Behind two pointers, so that a short one takes 16 bytes and no more.
    Long(Box<Box<[u8]>>),
}

/// So many bytes are short.
const SHORT: usize = 14;

/// An expression, compiled to its value's code.
pub(super) enum Coder {
    /// A text as it stands in the event.
    Slot(SlotId),
    Int(ExprFn<i64>),
    Text(TextFn),
    Other(ValueFn),
}

impl Coder {
    /// Compiles an expression.
    pub(super) fn new(expr: &Expr) -> Coder {
        if let (Type::Text, ExprKind::Slot(slot)) = (&expr.ty, &expr.kind) {
            return Coder::Slot(*slot);
        }
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
            Coder::Slot(slot) => {
                let field = (*scene.slots.get(slot.index())?)?;
                Some(Code::of(scene.row?.text(field)?.as_bytes()))
            }
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
        if bytes.len() > SHORT {
            return Code::Long(Box::new(bytes.into()));
        }
        let mut short = [0; SHORT + 1];
        short[..bytes.len()].copy_from_slice(bytes);
        short[SHORT] = bytes.len() as u8;
        Code::Short(short)
    }

    /// Appends it to a chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Code::Short(short) => out.put_bytes(&short[..usize::from(short[SHORT])]),
            Code::Long(bytes) => out.put_bytes(bytes),
        }
    }

    /// Takes it off the front of `bytes`.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Code, StateError> {
        Ok(Code::of(&bytes.take_bytes("a window's value")?))
    }
}
