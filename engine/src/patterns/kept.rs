//! What is kept of an event that a run took: where it stands, and the fields that something later reads.

use std::ops::Deref;
use std::sync::Arc;

use tripline_query_lang::plan::{
    Body, Expr, ExprKind, FieldId, Origin, Pattern, Plan, Rule, StepId, StreamId, Threshold,
};
use tripline_query_lang::value::{Point, Value};

use super::Kept;
use crate::event::{Batch, Coordinates, Data};
use crate::expr::Row;

/// Which fields of each stream are kept.
pub(crate) struct Keeper {
    /// By the stream that the events came from.
    layouts: Vec<Layout>,
    /// The steps whose fields nothing reads, though fields of other events of their streams are kept.
    unread: Vec<StepId>,
}

/// The kept part of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeptEvent {
    coordinates: Coordinates,
    /// The fields, ascending.
    layout: Layout,
    /// Their values.
    cells: Cells,
}

/// Kept values. A single one, as rules mostly need, has no memory of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cells {
    One(Cell),
    Other(Box<[Cell]>),
}

impl FromIterator<Cell> for Cells {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Cells {
        let mut cells = cells.into_iter();
        match (cells.next(), cells.next()) {
            (Some(one), None) => Cells::One(one),
            (first, second) => Cells::Other(first.into_iter().chain(second).chain(cells).collect()),
        }
    }
}

impl Deref for Cells {
    type Target = [Cell];

    fn deref(&self) -> &[Cell] {
        match self {
            Cells::One(one) => std::slice::from_ref(one),
            Cells::Other(cells) => cells,
        }
    }
}

/// The fields that are kept of a stream's events, ascending; `None`: none are.
pub(super) type Layout = Option<Arc<Vec<FieldId>>>;

/// One kept value. Numbers, times and durations are their mantissa or microseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Box<str>),
    Point(Point),
    List(Arc<[Value]>),
}

impl Keeper {
    /// Finds out what conditions of later steps and the alert read.
    pub(super) fn new(plan: &Plan, rule: &Rule) -> Keeper {
        let unread = match &rule.body {
            Body::Pattern(pattern) => unread(rule, pattern),
            Body::Threshold(_) => Vec::new(),
        };
        Keeper { unread, ..Keeper::of_rules(plan, [rule]) }
    }

    /// What conditions of later steps and the alerts of any of these rules read.
    pub(crate) fn of_rules<'a>(plan: &Plan, rules: impl IntoIterator<Item = &'a Rule>) -> Keeper {
        let mut fields = vec![Vec::new(); plan.streams.len()];
        rules.into_iter().for_each(|rule| read_by(rule, &mut fields));
        Keeper::of_fields(plan, fields)
    }

    /// Keeps what the slots of threshold rules read.
    pub(crate) fn of_slots<'a>(plan: &Plan, rules: impl IntoIterator<Item = &'a Threshold>) -> Keeper {
        let mut fields = vec![Vec::new(); plan.streams.len()];
        for on in rules.into_iter().flat_map(|threshold| &threshold.on) {
            if let Some(fields) = fields.get_mut(on.stream.index()) {
                fields.extend(on.fields.iter().flatten());
            }
        }
        Keeper::of_fields(plan, fields)
    }

    /// A rule reads a stream in one form alone: as it is, or widened.
    fn of_fields(plan: &Plan, mut fields: Vec<Vec<FieldId>>) -> Keeper {
        for (widened, stream) in plan.streams.iter().enumerate().rev() {
            if let Origin::Widened { of, .. } = stream.origin
                && !fields[widened].is_empty()
            {
                fields[of.index()] = std::mem::take(&mut fields[widened]);
            }
        }
        let layout = |mut fields: Vec<FieldId>| {
            fields.sort_unstable();
            fields.dedup();
            (!fields.is_empty()).then(|| Arc::new(fields))
        };
        Keeper { layouts: fields.into_iter().map(layout).collect(), unread: Vec::new() }
    }

    /// The fields that are kept of events that came from a stream.
    pub(super) fn layout(&self, stream: StreamId) -> Option<&Layout> {
        self.layouts.get(stream.index())
    }

    /// Of what a step takes, nothing is read but where it stands.
    #[inline]
    pub(super) fn is_unread(&self, step: StepId) -> bool {
        self.unread.contains(&step)
    }

    /// Keeps a row of a batch.
    pub(crate) fn keep(&self, batch: &Batch, row: usize) -> KeptEvent {
        let Some(layout) = &self.layouts[batch.partition.stream.index()] else {
            return KeptEvent::bare(batch.coordinates(row));
        };
        let cells = layout.iter().map(|field| cell(batch, *field, row)).collect();
        KeptEvent::new(batch.coordinates(row), Some(layout.clone()), cells)
    }
}

/// Notes the fields that a rule's pattern and alert read of taken events.
fn read_by(rule: &Rule, fields: &mut [Vec<FieldId>]) {
    if let Body::Pattern(pattern) = &rule.body {
        let mut read = |step: StepId, field: FieldId| {
            if let Some(info) = pattern.steps.get(step.index()) {
                fields[info.stream.index()].push(field);
            }
        };
        rule.each_expr(&mut |_, expr| collect(expr, &mut read));
    }
}

/// The steps that no condition, history or alert reads a field of.
fn unread(rule: &Rule, pattern: &Pattern) -> Vec<StepId> {
    let mut is_read = vec![false; pattern.steps.len()];
    let mut read = |step: StepId, _| is_read.get_mut(step.index()).into_iter().for_each(|is_read| *is_read = true);
    rule.each_expr(&mut |_, expr| collect(expr, &mut read));
    (0..).map(StepId).zip(is_read).filter(|(_, is_read)| !is_read).map(|(step, _)| step).collect()
}

fn cell(batch: &Batch, field: FieldId, row: usize) -> Cell {
    let column = batch.column(field);
    if !column.is_valid(row) {
        return Cell::Missing;
    }
    match &column.data {
        Data::Absent => Cell::Missing,
        Data::Bool(bits) => Cell::Bool(bits.get(row)),
        Data::Int(v) | Data::Decimal(v, _) => Cell::Int(v[row]),
        Data::Float(v) => Cell::Float(v[row]),
        Data::Text(texts) => Cell::Text(texts.get(row).into()),
        Data::Point(v) => Cell::Point(Point { lat: v[row][0], lon: v[row][1] }),
        Data::List(offsets, items) => {
            let range = offsets[row] as usize..offsets[row + 1] as usize;
            Cell::List(range.map(|i| items.item(i)).collect())
        }
    }
}

/// Tells the fields that an expression reads of taken events, and of which step's.
fn collect(expr: &Expr, read: &mut impl FnMut(StepId, FieldId)) {
    let mut pending = vec![(expr, None)];
    while let Some((expr, loop_step)) = pending.pop() {
        match &expr.kind {
            ExprKind::Step(step, field) => read(*step, *field),
            ExprKind::Field(field) => {
                if let Some(step) = loop_step {
                    read(step, *field);
                }
            }
            ExprKind::Loop { step, arg, filter, .. } => {
                pending.extend(arg.iter().chain(filter).map(|inner| (&**inner, Some(*step))));
            }
            _ => pending.extend(expr.children().into_iter().map(|child| (child, loop_step))),
        }
    }
}

impl KeptEvent {
    /// An event with its values, in the order of the layout.
    pub(super) fn new(coordinates: Coordinates, layout: Layout, cells: Cells) -> KeptEvent {
        debug_assert_eq!(layout.as_ref().map_or(0, |fields| fields.len()), cells.len());
        KeptEvent { coordinates, layout, cells }
    }

    /// An event of which nothing else is kept.
    pub(super) fn bare(coordinates: Coordinates) -> KeptEvent {
        KeptEvent { coordinates, layout: None, cells: Cells::Other(Box::default()) }
    }

    /// Something is kept of it besides where it stands.
    pub(super) fn has_fields(&self) -> bool {
        self.layout.is_some()
    }

    /// Where it stands in the input.
    pub(crate) fn place(&self) -> &Coordinates {
        &self.coordinates
    }

    /// The values, in the order of the layout.
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn cell(&self, field: FieldId) -> Option<&Cell> {
        self.layout.as_ref()?.binary_search(&field).ok().map(|index| &self.cells[index])
    }
}

impl Row for KeptEvent {
    fn bool(&self, field: FieldId) -> Option<bool> {
        match self.cell(field)? {
            Cell::Bool(v) => Some(*v),
            _ => None,
        }
    }

    fn int(&self, field: FieldId) -> Option<i64> {
        match self.cell(field)? {
            Cell::Int(v) => Some(*v),
            _ => None,
        }
    }

    fn float(&self, field: FieldId) -> Option<f64> {
        match self.cell(field)? {
            Cell::Float(v) => Some(*v),
            _ => None,
        }
    }

    fn text(&self, field: FieldId) -> Option<&str> {
        match self.cell(field)? {
            Cell::Text(v) => Some(v),
            _ => None,
        }
    }

    fn point(&self, field: FieldId) -> Option<Point> {
        match self.cell(field)? {
            Cell::Point(v) => Some(*v),
            _ => None,
        }
    }

    fn list(&self, field: FieldId) -> Option<Arc<[Value]>> {
        match self.cell(field)? {
            Cell::List(v) => Some(v.clone()),
            _ => None,
        }
    }

    fn at_us(&self) -> i64 {
        self.coordinates.at_us
    }
}

impl Kept for KeptEvent {
    fn coordinates(&self) -> Coordinates {
        self.coordinates.clone()
    }

    fn write(&self, out: &mut Vec<u8>) {
        super::put_event(out, self);
    }
}
