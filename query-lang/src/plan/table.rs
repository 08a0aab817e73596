//! A `table`: reference data, the newest row of each key.

use super::{Expr, ExprKind, Field, FieldId};
use crate::value::Type;

/// Reference data that rules look things up in.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name in the rule file.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The fields that identify a row: none of them optional, none a list.
    pub keys: Vec<FieldId>,
    /// How far behind its own partition's newest row a row of a topic may be, inclusive, microseconds.
    pub late_us: i64,
    /// It is a list `param` that changes while the rules run: its one field is an item of the list.
    pub of_param: bool,
}

impl Table {
    /// The types of the key's parts.
    pub fn key_types(&self) -> impl Iterator<Item = &Type> {
        self.keys.iter().filter_map(|key| self.fields.get(key.index())).map(|field| &field.ty)
    }
}

/// Whether the expression looks anything up: then its value is known only when the tables are known up to its time.
pub fn reads_tables(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Lookup { .. } | ExprKind::Listed { .. })
        || expr.children().into_iter().any(reads_tables)
}
