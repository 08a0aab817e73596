//! A `table`: reference data, the newest row of each key.

use super::{Expr, ExprKind, Field, FieldId, RuleId};
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
    /// Where its rows come from.
    pub rows: RowsFrom,
}

/// Where the rows of a table come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RowsFrom {
    /// From outside.
    #[default]
    Input,
    /// From outside: the items of a list `param` that changes while the rules run, in its one field.
    Param,
    /// A `view` keeps them. Its key's parts are the first fields, what it emits the others.
    View {
        /// The view.
        rule: RuleId,
        /// Hash of all that its rows depend on: part of the fingerprints of the rules that look them up.
        definition: u64,
    },
}

impl Table {
    /// It is a list `param` that changes while the rules run.
    pub fn is_param(&self) -> bool {
        self.rows == RowsFrom::Param
    }

    /// The view that keeps its rows.
    pub fn view(&self) -> Option<RuleId> {
        match self.rows {
            RowsFrom::View { rule, .. } => Some(rule),
            RowsFrom::Input | RowsFrom::Param => None,
        }
    }

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
