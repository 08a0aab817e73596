//! Patterns: a plan's `match ... then ...` compiled to a machine that is fed one key's events in the total order.
//!
//! A [`Machine`] belongs to a rule and is shared by all keys; a [`KeyState`] belongs to one key. The caller evaluates
//! the part of each role's condition that looks at the candidate alone (as masks over whole batches) and hands over the
//! answer as bits; the machine evaluates the rest.
//!
//! The plan's tree is compiled to a [`graph`]: leaves that take events, joined by ways. A run stands at the leaf that took
//! its last event, with the set of ways that are still open, and holds spans of what the key's runs have taken:
//!
//! ```text
//!  plan::Pattern -- compile, choice --> graph        per key: runs, each { start, cursor, spans } + logs
//!
//!  event --> feed (groups) --> places and branches --+--> select: order, duplicates, after match skip --> matches
//!  time  --> clock: absences, loops that are over ---+
//! ```

mod bar;
mod chains;
mod choice;
mod clock;
mod combinations;
mod compile;
mod condition;
mod counted;
mod counter;
mod feed;
mod graph;
mod groups;
mod implied;
mod kept;
mod known;
mod ladder;
mod latest;
mod machine;
mod normal;
mod noted;
pub mod picture;
mod preference;
mod run;
mod select;
mod silence;
mod standing;
mod start;
mod state;
mod taken;
#[cfg(test)]
mod tests;
mod timers;

use std::ops::Deref;
use std::sync::Arc;

use crate::event::{Batch, Coordinates};
use crate::expr::{Lookups, Row, ValueFn, compile_value};
pub(crate) use chains::Visitor;
pub use combinations::Combined;
use combinations::{Combinations, Shared};
use condition::{Belonging, Parts};
use counted::Counted;
use counter::Counter;
use graph::Graph;
pub(crate) use kept::{Keeper, KeptEvent};
use known::Known;
use ladder::{Climbing, Ladder};
pub(crate) use noted::{Noted, Said};
use run::Run;
use silence::Silence;
pub(crate) use state::{put_event, take_event};
use tripline_query_lang::plan::{Body, Element, Expr, Node, Pattern, Plan, Rule, Runs, StepId, StepKey, StreamId};
use tripline_query_lang::value::Value;

/// Why a pattern cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The rule is a threshold rule.
    #[error("the rule has no pattern")]
    NotAPattern,
    /// Too many different conditions.
    #[error("a pattern has at most {max} different conditions on single events")]
    TooManyConditions {
        /// The bound.
        max: usize,
    },
    /// Too many optional steps in a row.
    #[error("a step can be followed in at most {max} ways")]
    TooManyChoices {
        /// The bound.
        max: usize,
    },
    /// A bracket without a step.
    #[error("a bracket must have a step in it")]
    NoStep,
    /// A `no X` as a member of a group.
    #[error("`no X` in a group needs `for`")]
    NoWithoutFor,
}

/// A part that an event can play in a pattern: fill a step, break a `no`, break a `without`, end a loop by `until`.
#[derive(Clone, Debug)]
pub struct Role {
    /// Only events of this stream.
    pub stream: StreamId,
    /// Whose key is this.
    pub key: StepKey,
    /// The part of the condition that looks at the candidate alone; none holds always.
    pub local: Option<Expr>,
}

/// An event of one key, offered to a machine.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The batch.
    pub batch: &'a Arc<Batch>,
    /// The row.
    pub row: usize,
    /// Bit `i`: the event is of role `i`'s stream, has this key by role `i`'s key, and the local part of its condition holds.
    pub roles: u64,
    /// The rule's history functions at this event, by id; empty when it has none.
    pub histories: &'a [Value],
    /// The key's parts.
    pub keys: &'a [Value],
    /// The tables, known up to the event's time.
    pub tables: Option<&'a dyn Lookups>,
}

/// What is kept of an event that a run took: its coordinates, and the fields that later conditions or the alert read.
pub trait Kept: Row {
    /// Where it stands in the input.
    fn coordinates(&self) -> Coordinates;
    /// Appends it to a chunk.
    fn write(&self, out: &mut Vec<u8>);
}

/// An event that a match took.
pub type Taken = Arc<dyn Kept + Send + Sync>;

/// A complete match.
pub struct Match {
    /// The alert's time, microseconds.
    pub at_us: i64,
    /// Event time at which it came about: the event's at hand, or the deadline that was passed; `i64::MAX` at the end of the input.
    pub time_us: i64,
    /// The event at hand completed it (and not time).
    pub by_event: bool,
    /// The match's key, where keys are handed over: that of its first step. Otherwise that of the events.
    pub key: Option<Arc<[Value]>>,
    /// The taken events, in order of the steps and within a step in the order taken.
    pub taken: Vec<(StepId, Taken)>,
    /// It stands for all of these, which differ in what they took, and took nothing itself; of these, the first is incomplete
    /// if it is.
    pub all: Option<Box<Combined>>,
    /// The deadline that an absence waited for, microseconds.
    pub deadline_us: Option<i64>,
    /// Starts of this key were refused, or branches cut by `limit`, since its last match.
    pub incomplete: bool,
}

/// A pattern, compiled: shared by all keys of its rule.
pub struct Machine {
    graph: Graph,
    roles: Vec<Role>,
    keeper: Keeper,
    runs: Runs,
    /// Where keys are handed over: each step's own key.
    own_keys: Vec<Vec<ValueFn>>,
    /// Where keys are handed over, and it counts a key's events or asks how long it has been known: which ones are of a key.
    belonging: Option<Belonging>,
    /// The ways from the start to leaves.
    entry_ways: graph::WaySet,
    /// A run can go on in several branches.
    branches: bool,
    /// The roles of `without`.
    without_roles: u64,
    /// The pattern is nothing but an absence.
    silence: Option<Silence>,
    /// The pattern needs no runs.
    counter: Option<Counter>,
    /// Its runs are a few words each.
    ladder: Option<Ladder>,
    /// Its runs share what they have taken.
    combinations: Option<Combinations>,
    /// Why it runs as it does.
    why: &'static str,
    /// It matters how long a key has been known: an absence stands first or alone.
    knows: bool,
    /// The streams that the rule names, where the machine must see all their events.
    every_event_of: Vec<StreamId>,
}

/// What one key has open: runs, counters, deadlines. `Default` is a key never seen.
pub struct KeyState {
    /// Events offered.
    seq: u64,
    /// Time of the first event.
    known_us: Option<i64>,
    /// Not later than the first time that something is due at, once it has strictly passed.
    wake_us: i64,
    /// What a counter has open.
    counted: Counted,
    /// What a ladder has open.
    climbing: Option<Box<Climbing>>,
    /// What combinations have open, besides the runs that have left them.
    shared: Option<Box<Shared>>,
    /// What is open by runs, and what is seldom. Most keys of most rules have none, and there are as many states as keys.
    rest: Option<Box<Rest>>,
}

/// What a key has open by runs, and what is seldom.
pub struct Rest {
    /// When each `no` that stands first was last broken.
    leading: Vec<Option<i64>>,
    /// The same of each key, where keys are handed over.
    known: Known,
    /// Open runs.
    runs: Vec<Run>,
    /// What they have taken.
    logs: taken::Logs,
    /// Starts refused and branches cut that have not been counted yet.
    refused: u64,
    /// Some were since the last match.
    incomplete: bool,
}

/// What a key has that has none.
static NO_REST: Rest = Rest::new();

impl Rest {
    const fn new() -> Rest {
        Rest {
            leading: Vec::new(),
            known: Known::new(),
            runs: Vec::new(),
            logs: taken::Logs::new(),
            refused: 0,
            incomplete: false,
        }
    }
}

impl Deref for KeyState {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        self.rest.as_deref().unwrap_or(&NO_REST)
    }
}

impl KeyState {
    /// What is seldom, to be changed: allocated where there is none yet.
    fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_with(|| Box::new(Rest::new()))
    }

    /// Whether something was refused since this was last asked.
    fn take_incomplete(&mut self) -> bool {
        self.rest.as_mut().is_some_and(|rest| std::mem::take(&mut rest.incomplete))
    }
}

impl Default for KeyState {
    fn default() -> KeyState {
        KeyState {
            seq: 0,
            known_us: None,
            wake_us: i64::MAX,
            counted: Counted::default(),
            climbing: None,
            shared: None,
            rest: None,
        }
    }
}

impl Machine {
    /// Compiles the rule's pattern. The rule's body is a pattern. It runs by the cheapest strategy that keeps its meaning.
    pub fn new(plan: &Plan, rule: &Rule) -> Result<Machine, PatternError> {
        let Body::Pattern(pattern) = &rule.body else { return Err(PatternError::NotAPattern) };
        let pattern = normal::of(pattern);
        let mut machine = Machine::of(plan, rule, &pattern)?;
        if machine.silence.is_some() {
            machine.why = "it is nothing but an absence: the time of the key's last event is enough";
        } else if !machine.own_keys.is_empty() {
            machine.why = "a step takes its key from an earlier one";
        } else {
            let mut counter = Counter::of(&machine.graph, machine.runs);
            if let (Err(_), Some((looped, names))) = (&counter, normal::looped(&pattern)) {
                let looped = Machine::of(plan, rule, &looped)?;
                if let Ok(found) = Counter::of(&looped.graph, looped.runs) {
                    (machine, counter) = (looped, Ok(found.of_steps(names)));
                }
            }
            match counter {
                Ok(counter) => {
                    machine.counter = Some(counter);
                    machine.why =
                        "conditions look at single events, and a match ends all runs: they share one row of events";
                }
                Err(why) => {
                    machine.why = why;
                    machine.ladder = Ladder::of(&machine.graph, machine.runs);
                    if let (None, Some(unrolled)) = (&machine.ladder, normal::unrolled(&pattern)) {
                        let unrolled = Machine::of(plan, rule, &unrolled)?;
                        if let Some(ladder) = Ladder::of(&unrolled.graph, unrolled.runs) {
                            machine = Machine { ladder: Some(ladder), ..unrolled };
                        }
                    }
                    if machine.ladder.is_some() {
                        machine.why = "it is a sequence of single steps: a run is few words";
                    } else if machine.branches {
                        match Combinations::of(&machine.graph, machine.runs) {
                            Ok(combinations) => {
                                machine.combinations = Some(combinations);
                                machine.why = "conditions look at single events: branches share what they have taken";
                            }
                            Err(why) => machine.why = why,
                        }
                    }
                }
            }
        }
        Ok(machine)
    }

    /// As `new`, but by runs, which is how every pattern can be run: to hold the other strategies against.
    pub fn by_runs(plan: &Plan, rule: &Rule) -> Result<Machine, PatternError> {
        let Body::Pattern(pattern) = &rule.body else { return Err(PatternError::NotAPattern) };
        Machine::of(plan, rule, pattern)
    }

    /// A pattern of a rule, by runs.
    fn of(plan: &Plan, rule: &Rule, pattern: &Pattern) -> Result<Machine, PatternError> {
        let hands_over = pattern.hands_over();
        let mut parts = Parts::new(pattern, hands_over);
        let silence = match pattern.seq.as_slice() {
            [Element { node: Node::No(absent), .. }] => {
                let hold_us = absent.hold_us.ok_or(PatternError::NoWithoutFor)?;
                Some(Silence { part: parts.absent(absent)?, hold_us })
            }
            _ => None,
        };
        let graph = compile::compile(pattern, &mut parts)?;
        let own_keys = if hands_over { pattern.steps.iter().map(own_key).collect() } else { Vec::new() };
        let entry = &graph.program.entry.ways;
        let entry_ways =
            entry.iter().enumerate().filter(|(_, way)| way.target.is_some()).fold(0, |set, (i, _)| set | 1 << i);
        let without_roles = graph.without.iter().fold(0, |set, part| set | part.role);
        let knows = silence.is_some() || graph.program.entry.guards.iter().any(|guard| guard.leading.is_some());
        let mut machine = Machine {
            branches: graph.branches(),
            graph,
            roles: parts.roles,
            keeper: Keeper::new(plan, rule),
            runs: pattern.runs,
            own_keys,
            belonging: None,
            entry_ways,
            without_roles,
            silence,
            counter: None,
            ladder: None,
            combinations: None,
            why: "asked for",
            knows,
            every_event_of: Vec::new(),
        };
        if machine.knows || machine.graph.counts_positions() {
            machine.every_event_of = machine.roles.iter().map(|role| role.stream).collect();
        }
        if hands_over && (machine.knows || machine.graph.counts_positions()) {
            machine.belonging = Some(Belonging::new(&pattern.keys()));
        }
        Ok(machine)
    }

    /// It is nothing but `no X for D`.
    pub fn is_silence(&self) -> bool {
        self.silence.is_some()
    }

    /// A key that is known from here on, microseconds, before it has any event.
    pub fn begin(&self, state: &mut KeyState, start_us: i64) {
        if let Some(silence) = &self.silence {
            silence.begin(state, start_us);
        }
    }

    /// How it runs, for `explain`.
    pub fn strategy(&self) -> &'static str {
        match self {
            Machine { silence: Some(_), .. } => "silence",
            Machine { counter: Some(_), .. } => "counter",
            Machine { ladder: Some(_), .. } => "ladder",
            Machine { combinations: Some(_), .. } => "combinations",
            _ => "runs",
        }
    }

    /// Why it runs like this, for `explain`.
    pub fn why(&self) -> &'static str {
        self.why
    }

    /// The parts that events can play, 64 at most; an offer's bits are by position here.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The roles of each step, as bits, of a pattern without groups.
    pub(crate) fn step_roles(&self) -> Vec<u64> {
        let role = |leaf: &graph::Leaf| match &leaf.body {
            graph::LeafBody::Step(_, part) => part.role,
            graph::LeafBody::Group(group) => group.interest,
        };
        self.graph.program.leaves.iter().map(role).collect()
    }

    /// Must also be offered events of this stream that fill no role (`next`, `within N events`, `prev`): all of the key.
    pub fn needs_every_event(&self, stream: StreamId) -> bool {
        self.every_event_of.contains(&stream)
    }

    /// Takes one event of the key. Events come in the total order; deadlines strictly before the event's time are
    /// handled first. Complete matches are appended to `out` in the order of the language.
    pub fn event(&self, state: &mut KeyState, offer: Offer<'_>, out: &mut Vec<Match>) {
        self.take(state, &offer, out);
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: fires deadlines, ends runs that can
    /// no longer complete.
    pub fn advance(&self, state: &mut KeyState, watermark_us: i64, out: &mut Vec<Match>) {
        if state.wake_us < watermark_us || self.deadline_grows() {
            self.pass_until(state, watermark_us, out);
        }
    }

    /// The input is finite and has ended: as `advance` to the end of time, and what waits for the end fires.
    pub fn finish(&self, state: &mut KeyState, out: &mut Vec<Match>) {
        self.advance(state, i64::MAX, out);
        self.complete_rest(state, out);
    }

    /// `advance` with a watermark above this has something to do; `None`: never by itself.
    pub fn next_deadline(&self, state: &KeyState) -> Option<i64> {
        if let Some(counter) = &self.counter {
            return counter.next_deadline(state);
        }
        (state.wake_us < i64::MAX).then_some(state.wake_us)
    }

    /// An event never brings the next deadline nearer.
    pub fn deadline_grows(&self) -> bool {
        self.counter.is_some() || self.ladder.is_some()
    }

    /// How many allocations of what a key has open lie behind each other.
    pub fn depth(&self) -> usize {
        if self.ladder.is_some() { 2 } else { 1 }
    }

    /// Reads a little of the allocation at this depth, so that it is in the cache; what it returns means nothing.
    pub fn warm(&self, state: &KeyState, depth: usize) -> i64 {
        if self.counter.is_some() {
            return state.counted.row().back().map_or(0, |newest| newest.at_us);
        }
        match &state.climbing {
            Some(climbing) if depth == 0 => climbing.events.len() as i64,
            Some(climbing) => climbing.warm(),
            None => 0,
        }
    }

    /// Nothing is open: the key may be forgotten.
    pub fn is_idle(&self, state: &KeyState) -> bool {
        let is_open = !state.runs.is_empty() || !state.counted.row().is_empty();
        let is_open = is_open || state.climbing.is_some() || state.shared.is_some();
        !is_open && !state.incomplete && state.known_us.is_none()
    }

    /// Number of open runs, of those that share what they have taken the starts, for metrics and for the test that nothing is left.
    pub fn open_runs(&self, state: &KeyState) -> usize {
        let counted = self.counter.as_ref().map_or(0, |counter| counter.open_runs(state));
        let shared = state.shared.as_ref().map_or(0, |shared| shared.chains.starts());
        state.runs.len() + counted + shared + state.climbing.as_ref().map_or(0, |climbing| climbing.len())
    }

    /// Starts refused by the cap on open runs, and branches cut by `limit`, since this was last asked: to be counted.
    pub fn take_refused(&self, state: &mut KeyState) -> u64 {
        state.rest.as_mut().map_or(0, |rest| std::mem::take(&mut rest.refused))
    }
}

fn own_key(step: &tripline_query_lang::plan::StepInfo) -> Vec<ValueFn> {
    match &step.key {
        StepKey::Own(parts) => parts.iter().map(compile_value).collect(),
        StepKey::HandOver(_) => Vec::new(),
    }
}
