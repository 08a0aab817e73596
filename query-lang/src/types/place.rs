//! What an expression can see where it stands.

use std::cell::RefCell;

use crate::plan::{FieldId, History, Key, StepId, StreamId};
use crate::value::Type;

/// What an expression can see where it stands. Small, so that a place within a place is a changed copy.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    /// For messages: "a template", "the `where` of `on`".
    pub what: &'static str,
    /// The event at hand.
    pub row: Row<'p>,
    /// `at` means something.
    pub has_time: bool,
    /// Steps of a pattern.
    pub steps: Option<Steps<'p>>,
    /// Parts of the rule's key that are known by name here.
    pub keys: &'p [Key],
    /// `with` fields that are known here.
    pub with: &'p [WithName],
    /// Whether history functions can stand here.
    pub history: HistoryPlace<'p>,
}

/// The event at hand.
#[derive(Clone, Copy)]
pub(crate) enum Row<'p> {
    /// None: only constants.
    None,
    /// An event of this stream.
    Stream(StreamId),
    /// An event that one of a threshold rule's `on` clauses admitted.
    Slots(&'p Slots),
}

/// A `with` field. One that stands later has no type yet.
#[derive(Clone, Debug)]
pub(crate) struct WithName {
    /// Its name.
    pub name: String,
    /// Its type, once it is known.
    pub ty: Option<Type>,
}

/// Whether history functions can stand at a place.
#[derive(Clone, Copy)]
pub(crate) enum HistoryPlace<'p> {
    /// No, with the reason.
    No(&'static str),
    /// In a threshold rule: over the admitted events.
    Admitted(&'p RefCell<Vec<History>>),
    /// In a step's `where`: over the step's stream.
    Step(&'p RefCell<Vec<History>>, StepId),
    /// In a row of a window: over the window's events, whose fields are these.
    Window(&'p RefCell<Vec<History>>, &'p Slots),
    /// In a row of a view: over the admitted events, whose fields are these, as they are when the row is looked up.
    View(&'p RefCell<Vec<History>>, &'p Slots),
    /// In an argument or filter of a history function: only `prev`.
    Inside,
    /// In an argument of `prev` there.
    InsidePrev,
}

impl HistoryPlace<'_> {
    /// The history functions that have been named here so far.
    pub(super) fn noted(self) -> Vec<History> {
        match self {
            HistoryPlace::Admitted(noted)
            | HistoryPlace::Step(noted, _)
            | HistoryPlace::Window(noted, _)
            | HistoryPlace::View(noted, _) => noted.borrow().clone(),
            HistoryPlace::No(_) | HistoryPlace::Inside | HistoryPlace::InsidePrev => Vec::new(),
        }
    }
}

/// The steps of a pattern, and which of them can be seen.
#[derive(Clone, Copy)]
pub(crate) struct Steps<'p> {
    /// All, by [`StepId`].
    pub all: &'p [StepName],
    /// Steps before this one are seen.
    pub before: usize,
    /// The step whose `where` or `until` this is: functions over loops may look at what it has taken so far.
    pub own: Option<StepId>,
    /// Steps of a bracket around this place that is a loop: functions may look at what earlier rounds took.
    pub rounds: &'p [StepId],
    /// Inside of a function over this loop: `loop.field` is the event at hand.
    pub inside: Option<StepId>,
}

/// What a name of a step means.
#[derive(Clone, Debug)]
pub(crate) struct StepName {
    /// Its name.
    pub name: String,
    /// Its stream.
    pub stream: StreamId,
    /// Takes more than one event.
    pub is_loop: bool,
}

impl<'p> Steps<'p> {
    /// The step of this name, seen or not.
    pub fn find(&self, name: &str) -> Option<(StepId, &'p StepName)> {
        let position = self.all.iter().position(|step| step.name == name)?;
        Some((StepId(position as u32), &self.all[position]))
    }
}

/// The `on` clauses of a threshold rule, and the fields that its expressions have asked for so far.
pub(crate) struct Slots {
    /// The clauses.
    pub ons: Vec<OnName>,
    /// Slots, by [`crate::plan::SlotId`].
    pub table: RefCell<Vec<SlotDraft>>,
}

/// What names an `on` clause.
pub(crate) struct OnName {
    /// The name before the colon.
    pub name: Option<String>,
    /// The stream.
    pub stream: StreamId,
    /// The stream's name.
    pub stream_name: String,
}

impl OnName {
    /// Known by this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name) || self.stream_name == name
    }
}

/// A slot with its field in each `on` clause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SlotDraft {
    /// As written.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The field of each clause's stream, if it has it.
    pub fields: Vec<Option<FieldId>>,
}

impl<'p> Place<'p> {
    /// Where only constants can stand.
    pub fn constant(what: &'static str) -> Place<'static> {
        Place {
            what,
            row: Row::None,
            has_time: false,
            steps: None,
            keys: &[],
            with: &[],
            history: HistoryPlace::No("a constant has no history"),
        }
    }

    /// Where fields of one stream can stand, and nothing else.
    pub fn of_stream(what: &'static str, stream: StreamId) -> Place<'static> {
        Place {
            row: Row::Stream(stream),
            has_time: true,
            history: HistoryPlace::No("it looks at one event alone"),
            ..Place::constant(what)
        }
    }
}
