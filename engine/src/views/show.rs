//! The rows of views at the end of a run, for people.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::alert::json;
use tripline_query_lang::plan::{Plan, RuleId};
use tripline_query_lang::value::Value;

/// A row of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewRow {
    /// The key's parts.
    pub key: Vec<Value>,
    /// A value for each field that the view emits.
    pub fields: Vec<Value>,
}

/// All rows of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The view.
    pub view: RuleId,
    /// As of when, microseconds; none: no event ever came.
    pub at_us: Option<i64>,
    /// Its rows, by key.
    pub rows: Vec<ViewRow>,
}

impl Shown {
    /// These rows, in any order.
    pub(crate) fn new(view: RuleId, at_us: i64, mut rows: Vec<ViewRow>) -> Shown {
        rows.sort_by(|a, b| by_key(&a.key, &b.key));
        Shown { view, at_us: (!rows.is_empty()).then_some(at_us), rows }
    }

    /// Each row as JSON: the view, as of when, its key and its fields, with values as in an alert.
    pub fn json_lines(&self, plan: &Plan) -> Vec<String> {
        let rule = &plan.rules[self.view.index()];
        let line = |row: &ViewRow| {
            let mut out = String::from("{\"view\":");
            json::text(&mut out, &rule.name);
            if let Some(at_us) = self.at_us {
                json::member(&mut out, "at", |out| json::time(out, at_us));
            }
            let key = rule.keys.iter().map(|key| key.name.as_str()).zip(&row.key);
            json::member(&mut out, "key", |out| json::object(out, key));
            let fields = rule.fields.iter().map(|field| field.name.as_str()).zip(&row.fields);
            json::member(&mut out, "fields", |out| json::object(out, fields));
            out.push('}');
            out
        };
        self.rows.iter().map(line).collect()
    }
}

/// Where workers put the rows that they have.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Vec<(RuleId, i64, ViewRow)>>);

impl Shelf {
    /// Adds rows of a view, as of a time.
    pub(crate) fn put(&self, view: RuleId, at_us: i64, rows: impl IntoIterator<Item = ViewRow>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(rows.into_iter().map(|row| (view, at_us, row)));
    }

    /// All rows of these views, whichever worker had them.
    pub(crate) fn take(&self, views: &[RuleId]) -> Vec<Shown> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let shown = |view: &RuleId| {
            let own = || all.iter().filter(|(of, ..)| of == view);
            let mut rows: Vec<ViewRow> = own().map(|(.., row)| row.clone()).collect();
            rows.sort_by(|a, b| by_key(&a.key, &b.key));
            Shown { view: *view, at_us: own().map(|(_, at_us, _)| *at_us).max(), rows }
        };
        views.iter().map(shown).collect()
    }
}

/// Numbers and times by size, texts by code point, what has no order (a point) by how it is written.
fn by_key(a: &[Value], b: &[Value]) -> Ordering {
    let parts = a.iter().zip(b).map(|(a, b)| a.compare(b).unwrap_or_else(|| a.to_string().cmp(&b.to_string())));
    parts.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_workers_come_by_key() {
        let shelf = Shelf::default();
        let row = |key: &[Value]| ViewRow { key: key.to_vec(), fields: Vec::new() };
        let key = |n: i64, text: &str| [Value::Int(n), Value::Text(text.into())];
        shelf.put(RuleId(1), 5, [row(&key(10, "a")), row(&key(9, "b"))]);
        shelf.put(RuleId(0), 5, [row(&key(1, "x"))]);
        shelf.put(RuleId(1), 5, [row(&key(9, "a"))]);
        let shown = shelf.take(&[RuleId(1), RuleId(2)]);
        let keys: Vec<_> = shown[0].rows.iter().map(|row| row.key.clone()).collect();
        assert_eq!(keys, [key(9, "a"), key(9, "b"), key(10, "a")]);
        assert_eq!((shown[0].at_us, shown[1].at_us), (Some(5), None));
    }
}
