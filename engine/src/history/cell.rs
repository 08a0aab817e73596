//! A value as histories keep it: small, comparable, hashable.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::expr::{
    Scene, compile_bool, compile_decimal, compile_float, compile_int, compile_text, compile_value, read_value,
    write_key,
};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::number;
use tripline_query_lang::plan::Expr;
use tripline_query_lang::value::{Decimal, Type, Value};

/// A known value of one type. The type itself is the argument's, and not kept.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// A bool, int, time, duration, or a decimal's mantissa.
    Int(i64),
    /// A mantissa of more than 64 bits.
    Wide(Box<i128>),
    /// A finite float; zero has one sign.
    Float(f64),
    Text(Arc<str>),
    /// Anything else, as its canonical key bytes.
    Other(Arc<[u8]>),
}

/// An argument, compiled; `None` is unknown.
pub(super) type CellFn = Box<dyn Fn(&Scene<'_>) -> Option<Cell> + Send + Sync>;

/// Compiles an argument of any type.
pub(super) fn compile_cell(expr: &Expr) -> CellFn {
    match &expr.ty {
        Type::Bool => {
            let value = compile_bool(expr);
            Box::new(move |s| value(s).map(|v| Cell::Int(i64::from(v))))
        }
        Type::Int | Type::Time | Type::Duration => {
            let value = compile_int(expr);
            Box::new(move |s| value(s).map(Cell::Int))
        }
        Type::Decimal(_) => {
            let value = compile_decimal(expr);
            Box::new(move |s| value(s).map(Cell::number))
        }
        Type::Float => {
            let value = compile_float(expr);
            Box::new(move |s| value(s).map(Cell::Float))
        }
        Type::Text => {
            let value = compile_text(expr);
            Box::new(move |s| value.eval(s).map(|text| Cell::Text(text.into())))
        }
        Type::Point | Type::List(_) | Type::Null => {
            let value = compile_value(expr);
            Box::new(move |s| {
                let mut bytes = Vec::new();
                write_key(&[value(s)], &mut bytes).then(|| Cell::Other(bytes.into()))
            })
        }
    }
}

impl Cell {
    /// A whole number, in its only form.
    pub(super) fn number(value: i128) -> Cell {
        i64::try_from(value).map_or_else(|_| Cell::Wide(Box::new(value)), Cell::Int)
    }

    /// The whole number; 0 for what is none.
    pub(super) fn as_i128(&self) -> i128 {
        match self {
            Cell::Int(v) => i128::from(*v),
            Cell::Wide(v) => **v,
            _ => 0,
        }
    }

    /// As the nearest float, a decimal by the scale of its type.
    pub(super) fn as_float(&self, ty: &Type) -> Option<f64> {
        match (self, ty) {
            (Cell::Float(v), _) => Some(*v),
            (_, Type::Decimal(scale)) => number::decimal_to_float(self.as_i128(), *scale),
            _ => Some(self.as_i128() as f64),
        }
    }

    /// As a value of this type.
    pub(super) fn value(&self, ty: &Type) -> Value {
        match (self, ty) {
            (Cell::Int(v), Type::Bool) => Value::Bool(*v != 0),
            (Cell::Int(v), Type::Time) => Value::Time(*v),
            (Cell::Int(v), Type::Duration) => Value::Duration(*v),
            (Cell::Int(_) | Cell::Wide(_), Type::Decimal(scale)) => {
                Value::Decimal(Decimal { mantissa: self.as_i128(), scale: *scale })
            }
            (Cell::Int(v), _) => Value::Int(*v),
            (Cell::Wide(_), _) => Value::Null,
            (Cell::Float(v), _) => Value::Float(*v),
            (Cell::Text(v), _) => Value::Text(v.clone()),
            (Cell::Other(bytes), _) => read_value(&mut &bytes[..]).unwrap_or(Value::Null),
        }
    }

    /// Appends it to a chunk; 0 stands for a missing one.
    pub(super) fn write(cell: Option<&Cell>, out: &mut Vec<u8>) {
        match cell {
            None => out.put_u8(0),
            Some(Cell::Int(v)) => {
                out.put_u8(1);
                out.put_i64(*v);
            }
            Some(Cell::Wide(v)) => {
                out.put_u8(2);
                out.put_i128(**v);
            }
            Some(Cell::Float(v)) => {
                out.put_u8(3);
                out.put_f64(*v);
            }
            Some(Cell::Text(v)) => {
                out.put_u8(4);
                out.put_text(v);
            }
            Some(Cell::Other(v)) => {
                out.put_u8(5);
                out.put_bytes(v);
            }
        }
    }

    /// Takes what [`Cell::write`] has put.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Option<Cell>, StateError> {
        const WHAT: &str = "a history's value";
        let damaged = |what: &str| StateError::Damaged { what: format!("{WHAT} {what}") };
        Ok(match bytes.take_u8(WHAT)? {
            0 => None,
            1 => Some(Cell::Int(bytes.take_i64(WHAT)?)),
            2 => Some(Cell::number(bytes.take_i128(WHAT)?)),
            3 => Some(Cell::Float(number::finite(bytes.take_f64(WHAT)?).ok_or_else(|| damaged("is not finite"))?)),
            4 => Some(Cell::Text(bytes.take_text(WHAT)?)),
            5 => Some(Cell::Other(bytes.take_bytes(WHAT)?.into())),
            _ => return Err(damaged("is of no known kind")),
        })
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Cell::Float(a), Cell::Float(b)) => a.total_cmp(b),
            // Code point order is byte order in UTF-8.
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (Cell::Other(a), Cell::Other(b)) => a.cmp(b),
            (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
            _ => self.as_i128().cmp(&other.as_i128()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Cell::Int(v) => v.hash(state),
            Cell::Wide(v) => v.hash(state),
            Cell::Float(v) => v.to_bits().hash(state),
            Cell::Text(v) => v.hash(state),
            Cell::Other(v) => v.hash(state),
        }
    }
}
