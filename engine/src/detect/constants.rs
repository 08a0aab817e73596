//! An index from constants to predicates: of thousands that differ in a constant, a row finds those that hold by a look-up
//! (`merchant == "m7"`) or as the first so many of a sorted list (`amount > 100.00`).

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::predicates::PredicateId;
use crate::event::{Batch, Data};
use crate::expr::{Probe, Rest};
use tripline_query_lang::plan::FieldId;

/// Fewer predicates with the same comparison are cheaper as masks.
const FEW: usize = 8;

/// Predicates of one stream, by their constants.
#[derive(Default)]
pub(super) struct Constants {
    texts: Vec<(FieldId, Texts)>,
    ints: Vec<(FieldId, HashMap<i64, Entries>)>,
    limits: Vec<Limits>,
}

/// Predicates by the text that they ask for. Most are short: a row's look-up then needs the table's memory alone.
type Texts = HashMap<SmallVec<[u8; 16]>, Entries>;

/// Mostly one.
type Entries = SmallVec<[Entry; 1]>;

/// A predicate, once its comparison holds.
pub(super) struct Entry {
    predicate: PredicateId,
    /// What else must hold.
    rest: Rest,
}

/// Predicates that ask for at least so much of a column.
struct Limits {
    field: FieldId,
    /// At most: numbers are turned round, so that it is at least.
    at_most: bool,
    /// Ascending.
    limits: Vec<i64>,
    /// By position in `limits`.
    entries: Vec<Entry>,
}

/// A predicate that an index may take.
pub(super) type Indexable = (PredicateId, Probe, Rest);

/// What predicates must share to stand in one index.
fn kind(probe: &Probe) -> (u8, FieldId) {
    match probe {
        Probe::Text(field, _) => (0, *field),
        Probe::Int(field, _) => (1, *field),
        Probe::AtLeast(field, _) => (2, *field),
        Probe::AtMost(field, _) => (3, *field),
    }
}

impl Constants {
    /// Takes those that are many of a kind.
    pub fn new(mut all: Vec<Indexable>) -> Constants {
        let mut constants = Constants::default();
        all.sort_by_key(|(predicate, probe, _)| (kind(probe), *predicate));
        let mut all = all.into_iter().peekable();
        while let Some(first) = all.next() {
            let mut group = vec![first];
            while let Some(next) = all.next_if(|next| kind(&next.1) == kind(&group[0].1)) {
                group.push(next);
            }
            if group.len() >= FEW {
                constants.add(group);
            }
        }
        constants
    }

    fn add(&mut self, group: Vec<Indexable>) {
        let (_, field) = kind(&group[0].1);
        let (mut texts, mut ints, mut limits) = (Texts::new(), HashMap::<i64, Entries>::new(), Vec::new());
        let mut at_most = false;
        for (predicate, probe, rest) in group {
            let entry = Entry { predicate, rest };
            match probe {
                Probe::Text(_, text) => texts.entry(text.as_bytes().into()).or_default().push(entry),
                Probe::Int(_, value) => ints.entry(value).or_default().push(entry),
                Probe::AtLeast(_, limit) => limits.push((limit, entry)),
                Probe::AtMost(_, limit) => {
                    at_most = true;
                    limits.push((!limit, entry));
                }
            }
        }
        if !texts.is_empty() {
            self.texts.push((field, texts));
        }
        if !ints.is_empty() {
            self.ints.push((field, ints));
        }
        if !limits.is_empty() {
            limits.sort_by_key(|(limit, entry)| (*limit, entry.predicate));
            let (limits, entries) = limits.into_iter().unzip();
            self.limits.push(Limits { field, at_most, limits, entries });
        }
    }

    /// Whether it has any.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.ints.is_empty() && self.limits.is_empty()
    }

    /// The predicates in it.
    pub fn predicates(&self) -> impl Iterator<Item = PredicateId> + '_ {
        let texts = self.texts.iter().flat_map(|(_, by)| by.values().flatten());
        let ints = self.ints.iter().flat_map(|(_, by)| by.values().flatten());
        texts.chain(ints).chain(self.limits.iter().flat_map(|limits| &limits.entries)).map(|entry| entry.predicate)
    }

    /// Appends the rows of a batch for which predicates hold, each with the predicate.
    pub fn hits(&self, batch: &Batch, out: &mut Vec<(u32, PredicateId)>) {
        for (field, by_value) in &self.texts {
            let column = batch.column(*field);
            let Data::Text(texts) = &column.data else { continue };
            for row in (0..batch.len()).filter(|row| column.is_valid(*row)) {
                if let Some(entries) = by_value.get(texts.bytes(row)) {
                    entries.iter().for_each(|entry| entry.hit(batch, row, out));
                }
            }
        }
        for (field, by_value) in &self.ints {
            for (row, value) in ints(batch, *field) {
                if let Some(entries) = by_value.get(&value) {
                    entries.iter().for_each(|entry| entry.hit(batch, row, out));
                }
            }
        }
        for limits in &self.limits {
            let Some(lowest) = limits.limits.first() else { continue };
            let turn = if limits.at_most { -1 } else { 0 };
            for (row, value) in ints(batch, limits.field) {
                let value = value ^ turn;
                if value >= *lowest {
                    let end = limits.limits.partition_point(|limit| *limit <= value);
                    limits.entries[..end].iter().for_each(|entry| entry.hit(batch, row, out));
                }
            }
        }
    }
}

impl Entry {
    fn hit(&self, batch: &Batch, row: usize, out: &mut Vec<(u32, PredicateId)>) {
        if self.rest.holds(batch, row) {
            out.push((row as u32, self.predicate));
        }
    }
}

/// The rows of an integer column that are not missing, with their values.
fn ints(batch: &Batch, field: FieldId) -> impl Iterator<Item = (usize, i64)> {
    let column = batch.column(field);
    let values = match &column.data {
        Data::Int(values) | Data::Decimal(values, _) => &values[..],
        _ => &[],
    };
    values.iter().copied().enumerate().filter(|(row, _)| column.is_valid(*row))
}

#[cfg(test)]
mod tests {
    use super::super::predicates::Asking;
    use super::super::tests::{Event, KEY, X, batch, field};
    use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, StreamId};
    use tripline_query_lang::value::{Type, Value};

    fn compare(op: CompareOp, left: Expr, value: Value) -> Expr {
        let right = Expr { kind: ExprKind::Const(value), ty: left.ty.clone() };
        Expr { kind: ExprKind::Compare(op, Box::new(left), Box::new(right)), ty: Type::Bool }
    }

    #[test]
    fn the_index_answers_what_masks_answer() {
        let ops =
            [CompareOp::Greater, CompareOp::GreaterEqual, CompareOp::Less, CompareOp::LessEqual, CompareOp::Equal];
        let mut filters: Vec<Expr> = Vec::new();
        for limit in 0..10 {
            filters.extend(ops.map(|op| compare(op, field(X), Value::Int(limit))));
            let is_key = compare(CompareOp::Equal, field(KEY), Value::Text(format!("k{limit}").into()));
            let also = compare(CompareOp::Greater, field(X), Value::Int(5));
            filters.push(is_key.clone());
            filters.push(Expr { kind: ExprKind::And(vec![also, is_key]), ty: Type::Bool });
        }
        let keys: Vec<Option<String>> = (0..40).map(|n| (n % 7 != 0).then(|| format!("k{}", n % 12))).collect();
        let events: Vec<Event<'_>> = keys.iter().zip(0..).map(|(key, n)| (key.as_deref(), n * 5 % 13 - 1, n)).collect();
        let batch = batch(0, 0, 0, &events);
        let answers = |indexed| {
            let mut asking = Asking::new(1);
            let ids: Vec<_> = filters.iter().map(|filter| asking.id(StreamId(0), filter)).collect();
            let predicates = asking.finish(indexed);
            assert_eq!(ids.iter().any(|id| predicates.is_indexed(0, *id)), indexed);
            let answers = predicates.answers(&batch);
            let holds = |row| ids.iter().map(|id| answers.holds(*id, row)).collect::<Vec<_>>();
            (0..events.len()).map(holds).collect::<Vec<_>>()
        };
        assert_eq!(answers(true), answers(false));
    }
}
