//! A key's state as bytes, and back. Taken events are written once, whatever the number of
//! runs and steps that hold them.
//!
//! ```text
//!  key state := seq known? leading* keys? incomplete silence? (counted | climbing | log* runs* shared?)
//!  counted   := (event starts)*
//!  climbing  := event* (taken*)*          taken: positions among the events
//!  shared    := ((event seq from to)* open)*                by row of the chains
//!  log       := (event seq)*              event: a number, with its content where the number is new
//!  run       := start key? cursor span*   span: step, from which entry of its log, how many
//! ```
//!
//! Reading follows the compiled pattern, so that bytes which do not go with it are refused, whatever they are.

use std::collections::HashMap;
use std::sync::Arc;

use tripline_query_lang::plan::StepId;
use tripline_query_lang::value::{Point, Value};

use super::bar::Rank;
use super::counted::Counted;
use super::graph::{Group, LeafBody, Member, Program, WaySet};
use super::kept::{Cell, Keeper, KeptEvent};
use super::known::Known;
use super::ladder::{Climbing, Ladder};
use super::run::{Cursor, GroupState, MemberState, Moment, Round, Run};
use super::taken::{Entry, Log, Logs, Span, Spans};
use super::{Kept, KeyState, Machine, Taken};
use crate::expr::Row;
use crate::state::{Put, StateError, Take};

/// No key has seen more events than this.
const SEQ_MAX: u64 = 1 << 62;

impl Machine {
    /// Appends the key's state to a chunk.
    pub fn write(&self, state: &KeyState, out: &mut Vec<u8>) {
        out.put_u64(state.seq);
        out.put_option_i64(state.known_us);
        out.put_len(state.leading.len());
        state.leading.iter().for_each(|seen| out.put_option_i64(*seen));
        if self.knows && self.belonging.is_some() {
            state.known.write(out);
        }
        out.put_bool(state.incomplete);
        out.put_option_i64((self.silence.is_some() && state.wake_us < i64::MAX).then_some(state.wake_us));
        if self.counter.is_some() {
            self.write_counted(&state.counted, out);
            return;
        }
        if let Some(ladder) = &self.ladder {
            write_climbing(ladder, state.climbing.as_deref(), out);
            return;
        }
        let first = self.write_logs(state, out);
        out.put_len(state.runs.len());
        for run in &state.runs {
            put_moment(out, run.start);
            out.put_bool(run.key.is_some());
            if let Some(key) = &run.key {
                out.put_len(key.len());
                key.iter().for_each(|part| out.put_value(part));
            }
            if self.belonging.is_some() {
                out.put_u64(run.skipped);
            }
            put_cursor(out, &run.cursor);
            put_spans(out, &run.taken, &first);
        }
        if self.combinations.is_some() {
            out.put_bool(state.shared.is_some());
            state.shared.iter().for_each(|shared| shared.write(out));
        }
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub fn read(&self, bytes: &mut &[u8]) -> Result<KeyState, StateError> {
        let seq = bytes.take_u64("event count")?;
        check(seq <= SEQ_MAX, "event count")?;
        let mut state = KeyState { seq, known_us: bytes.take_option_i64("first event")?, ..KeyState::default() };
        for _ in 0..bytes.take_len("leading absences")? {
            state.rest_mut().leading.push(bytes.take_option_i64("leading absence")?);
        }
        if self.knows && self.belonging.is_some() {
            state.rest_mut().known = Known::read(bytes)?;
        }
        if bytes.take_bool("incomplete")? {
            state.rest_mut().incomplete = true;
        }
        let silence = bytes.take_option_i64("silence")?;
        state.wake_us = silence.filter(|_| self.silence.is_some()).unwrap_or(i64::MAX);
        if let Some(counter) = &self.counter {
            state.counted = self.read_counted(bytes)?;
            state.wake_us = counter.wake(&state);
            return Ok(state);
        }
        if let Some(ladder) = &self.ladder {
            state.climbing = self.read_climbing(ladder, bytes)?;
            state.wake_us = ladder.wake(&state);
            return Ok(state);
        }
        let logs = self.read_logs(bytes, seq)?;
        let mut runs = Vec::new();
        let mut families: HashMap<u64, Arc<()>> = HashMap::new();
        for _ in 0..bytes.take_len("runs")? {
            let mut run = self.read_run(bytes, seq, &logs)?;
            run.family = self.branches.then(|| families.entry(run.start.seq).or_default().clone());
            state.wake_us = state.wake_us.min(run.wake_us);
            runs.push(run);
        }
        if !runs.is_empty() {
            let rest = state.rest_mut();
            (rest.runs, rest.logs) = (runs, logs);
        }
        if let Some(combinations) = &self.combinations
            && bytes.take_bool("combinations")?
        {
            let shared = combinations.read(&self.keeper, seq, bytes)?;
            check(shared.chains.starts() > 0, "combinations")?;
            state.shared = Some(shared);
            state.wake_us = state.wake_us.min(combinations.pass(&mut state, i64::MIN));
        }
        Ok(state)
    }

    /// Writes the events that runs hold; returns the first of each step.
    fn write_logs(&self, state: &KeyState, out: &mut Vec<u8>) -> Vec<u64> {
        let mut numbers: HashMap<*const KeptEvent, u64> = HashMap::new();
        let first = state.logs.needed(state.runs.iter().map(|run| &run.taken));
        for step in (0..self.graph.steps).map(|step| StepId(step as u32)) {
            let log = state.logs.of(step);
            let from = first.get(step.index()).copied().unwrap_or(0);
            let end = log.map_or(from, |log| log.numbers().end);
            out.put_u64(end - from);
            for entry in (from..end).filter_map(|number| log?.get(number)) {
                let next = numbers.len() as u64;
                let number = *numbers.entry(Arc::as_ptr(&entry.event)).or_insert(next);
                out.put_u64(number);
                if number == next {
                    put_event(out, &entry.event);
                }
                out.put_u64(entry.moment.seq);
            }
        }
        first
    }

    fn read_logs(&self, bytes: &mut &[u8], seq: u64) -> Result<Logs, StateError> {
        let mut events: Vec<Arc<KeptEvent>> = Vec::new();
        let mut logs = Logs::new();
        for step in (0..self.graph.steps).map(|step| StepId(step as u32)) {
            for _ in 0..bytes.take_len("events")? {
                let number = bytes.take_u64("event")? as usize;
                if number == events.len() {
                    events.push(Arc::new(self.read_event(bytes)?));
                }
                let event = events.get(number).ok_or_else(|| damaged("event"))?.clone();
                let moment = Moment { seq: bytes.take_u64("place")?, at_us: event.at_us() };
                check(moment.seq <= seq, "place")?;
                logs.push(step, Entry { event, moment });
            }
        }
        Ok(logs)
    }

    fn write_counted(&self, counted: &Counted, out: &mut Vec<u8>) {
        out.put_len(counted.row().len());
        for (counting, event) in counted.row().iter().zip(counted.events(0..counted.row().len())) {
            put_event(out, &event);
            out.put_bool(counting.starts);
        }
    }

    fn read_counted(&self, bytes: &mut &[u8]) -> Result<Counted, StateError> {
        let mut counted = Counted::default();
        for _ in 0..bytes.take_len("events")? {
            let event = self.read_event(bytes)?;
            check(counted.row().back().is_none_or(|newest| newest.at_us <= event.at_us()), "time")?;
            counted.restore(event, bytes.take_bool("start")?);
        }
        Ok(counted)
    }

    fn read_climbing(&self, ladder: &Ladder, bytes: &mut &[u8]) -> Result<Option<Box<Climbing>>, StateError> {
        let mut climbing = ladder.empty();
        for _ in 0..bytes.take_len("events")? {
            let event = self.read_event(bytes)?;
            check(climbing.events.back().is_none_or(|newest| newest.at_us() <= event.at_us()), "time")?;
            climbing.events.push_back(Arc::new(event));
        }
        for _ in 0..bytes.take_len("runs")? {
            let len = bytes.take_len("steps")?;
            check((1..=ladder.rungs()).contains(&len), "steps")?;
            let taken = (0..len).map(|_| bytes.take_u32("event")).collect::<Result<Vec<_>, _>>()?;
            let is_last = |last: &u32| (*last as usize) < climbing.events.len();
            check(taken.is_sorted_by(|a, b| a < b) && taken.last().is_some_and(is_last), "event")?;
            ladder.restore(&self.graph, &mut climbing, &taken);
        }
        Ok((climbing.len() > 0).then_some(climbing))
    }

    /// Takes an event of a match that was written.
    pub(crate) fn read_taken(&self, bytes: &mut &[u8]) -> Result<Taken, StateError> {
        Ok(Arc::new(self.read_event(bytes)?))
    }

    fn read_event(&self, bytes: &mut &[u8]) -> Result<KeptEvent, StateError> {
        take_event(&self.keeper, bytes)
    }

    fn read_run(&self, bytes: &mut &[u8], seq: u64, logs: &Logs) -> Result<Run, StateError> {
        let program = &self.graph.program;
        let start = take_moment(bytes, seq)?;
        let key = if bytes.take_bool("key")? {
            let parts = bytes.take_len("key")?;
            Some((0..parts).map(|_| bytes.take_value("key")).collect::<Result<Arc<[Value]>, _>>()?)
        } else {
            None
        };
        check(key.is_some() != self.own_keys.is_empty(), "key")?;
        let skipped = if self.belonging.is_some() { bytes.take_u64("events of other keys")? } else { 0 };
        check(skipped <= seq - start.seq, "events of other keys")?;
        let cursor = take_cursor(bytes, program, seq)?;
        check(cursor.leaf.is_some(), "place of a run")?;
        let taken = take_spans(bytes, logs)?;
        let mut run =
            Run { start, skipped, family: None, key, cursor, taken, wake_us: i64::MAX, rank: Rank::Open, live: true };
        self.wake(&mut run, logs);
        Ok(run)
    }
}

fn write_climbing(ladder: &Ladder, climbing: Option<&Climbing>, out: &mut Vec<u8>) {
    let Some(climbing) = climbing else {
        out.put_len(0);
        return out.put_len(0);
    };
    let events = climbing.events.iter().skip(climbing.unused() as usize);
    out.put_len(events.len());
    events.for_each(|event| put_event(out, event));
    out.put_len(climbing.len());
    for taken in ladder.written(climbing) {
        out.put_len(taken.len());
        taken.iter().for_each(|position| out.put_u32(*position));
    }
}

/// Takes what [`put_event`] has put.
pub(crate) fn take_event(keeper: &Keeper, bytes: &mut &[u8]) -> Result<KeptEvent, StateError> {
    let coordinates = bytes.take_coordinates("event")?;
    if !bytes.take_bool("fields")? {
        return Ok(KeptEvent::bare(coordinates));
    }
    let layout = keeper.layout(coordinates.partition.stream).ok_or_else(|| damaged("stream"))?.clone();
    let fields = layout.iter().flat_map(|fields| &**fields);
    let cells = fields.map(|_| take_cell(bytes)).collect::<Result<_, _>>()?;
    Ok(KeptEvent::new(coordinates, layout, cells))
}

/// Appends what is kept of an event.
pub(crate) fn put_event(out: &mut Vec<u8>, event: &KeptEvent) {
    out.put_coordinates(&Kept::coordinates(event));
    out.put_bool(event.has_fields());
    event.cells().iter().for_each(|cell| put_cell(out, cell));
}

fn put_spans(out: &mut Vec<u8>, spans: &Spans, first: &[u64]) {
    out.put_len(spans.0.len());
    for span in &spans.0 {
        out.put_u32(span.step.0);
        out.put_u64(span.from - first.get(span.step.index()).copied().unwrap_or(0));
        out.put_u32(span.len);
    }
}

fn take_spans(bytes: &mut &[u8], logs: &Logs) -> Result<Spans, StateError> {
    let mut spans = Spans::default();
    for _ in 0..bytes.take_len("spans")? {
        let step = StepId(bytes.take_u32("step")?);
        let span = Span { step, from: bytes.take_u64("span")?, len: bytes.take_u32("span")? };
        let numbers = logs.of(step).map_or(0..0, Log::numbers);
        let end = span.from.checked_add(u64::from(span.len));
        check(span.len > 0 && end.is_some_and(|end| end <= numbers.end), "span")?;
        spans.0.push(span);
    }
    Ok(spans)
}

fn put_moment(out: &mut Vec<u8>, moment: Moment) {
    out.put_u64(moment.seq);
    out.put_i64(moment.at_us);
}

fn take_moment(bytes: &mut &[u8], seq: u64) -> Result<Moment, StateError> {
    let moment = Moment { seq: bytes.take_u64("place")?, at_us: bytes.take_i64("time")? };
    check(moment.seq <= seq, "place")?;
    Ok(moment)
}

fn put_cursor(out: &mut Vec<u8>, cursor: &Cursor) {
    out.put_u32(cursor.leaf.map_or(0, |leaf| leaf + 1));
    out.put_u64(cursor.open);
    put_moment(out, cursor.last);
    out.put_i64(cursor.beside_us);
    for round in &cursor.rounds {
        out.put_u32(round.count);
        out.put_i64(round.first_us);
    }
    out.put_bool(cursor.group.is_some());
    if let Some(group) = &cursor.group {
        put_group(out, group);
    }
    out.put_len(cursor.ahead.len());
    for (way, group) in &cursor.ahead {
        out.put_u32(*way);
        put_group(out, group);
    }
}

fn take_cursor(bytes: &mut &[u8], program: &Program, seq: u64) -> Result<Cursor, StateError> {
    let number = bytes.take_u32("leaf")?;
    let leaf = number.checked_sub(1);
    let at = leaf.map(|leaf| program.leaves.get(leaf as usize).ok_or_else(|| damaged("leaf"))).transpose()?;
    let open = bytes.take_u64("open ways")?;
    let last = take_moment(bytes, seq)?;
    let beside_us = bytes.take_i64("newest event beside")?;
    let mut cursor = Cursor { leaf, beside_us, ..Cursor::before(open, last) };
    let ways = &program.after(&cursor).ways;
    check(ways.len() == WaySet::BITS as usize || open >> ways.len() == 0, "open ways")?;
    for _ in at.iter().flat_map(|at| &at.levels) {
        let round = Round { count: bytes.take_u32("round")?, first_us: bytes.take_i64("round")? };
        cursor.rounds.push(round);
    }
    if bytes.take_bool("group")? {
        let Some(LeafBody::Group(group)) = at.map(|at| &at.body) else { return Err(damaged("group")) };
        cursor.group = Some(Box::new(take_group(bytes, group, seq)?));
    }
    for _ in 0..bytes.take_len("groups ahead")? {
        let way = bytes.take_u32("way")?;
        let target = ways.get(way as usize).and_then(|way| way.target).ok_or_else(|| damaged("way"))?;
        let LeafBody::Group(group) = &program.leaves[target].body else { return Err(damaged("way")) };
        cursor.ahead.push((way, take_group(bytes, group, seq)?));
    }
    Ok(cursor)
}

fn put_group(out: &mut Vec<u8>, state: &GroupState) {
    for member in &state.members {
        match member {
            MemberState::Dead => out.put_u8(0),
            MemberState::Done(last) => {
                out.put_u8(1);
                put_moment(out, *last);
            }
            MemberState::Quiet(deadline_us) => {
                out.put_u8(2);
                out.put_i64(*deadline_us);
            }
            MemberState::At(cursor) => {
                out.put_u8(3);
                put_cursor(out, cursor);
            }
        }
    }
    out.put_option_i64(state.first_us);
    put_moment(out, state.last);
    put_moment(out, state.since);
    out.put_bool(state.shut);
    out.put_bool(state.hungry);
}

fn take_group(bytes: &mut &[u8], group: &Group, seq: u64) -> Result<GroupState, StateError> {
    let member = |member: &Member| {
        Ok(match (bytes.take_u8("member")?, member) {
            (0, _) => MemberState::Dead,
            (1, _) => MemberState::Done(take_moment(bytes, seq)?),
            (2, Member::No(..)) => MemberState::Quiet(bytes.take_i64("deadline")?),
            (3, Member::Program(program, _)) => MemberState::At(take_cursor(bytes, program, seq)?),
            _ => return Err(damaged("member")),
        })
    };
    let members = group.members.iter().map(member).collect::<Result<_, _>>()?;
    Ok(GroupState {
        members,
        first_us: bytes.take_option_i64("group")?,
        last: take_moment(bytes, seq)?,
        since: take_moment(bytes, seq)?,
        shut: bytes.take_bool("group")?,
        hungry: bytes.take_bool("group")?,
    })
}

fn put_cell(out: &mut Vec<u8>, cell: &Cell) {
    match cell {
        Cell::Missing => out.put_u8(0),
        Cell::Bool(v) => {
            out.put_u8(1);
            out.put_bool(*v);
        }
        Cell::Int(v) => {
            out.put_u8(2);
            out.put_i64(*v);
        }
        Cell::Float(v) => {
            out.put_u8(3);
            out.put_f64(*v);
        }
        Cell::Text(v) => {
            out.put_u8(4);
            out.put_text(v);
        }
        Cell::Point(v) => {
            out.put_u8(5);
            out.put_f64(v.lat);
            out.put_f64(v.lon);
        }
        Cell::List(items) => {
            out.put_u8(6);
            out.put_len(items.len());
            items.iter().for_each(|item| out.put_value(item));
        }
    }
}

fn take_cell(bytes: &mut &[u8]) -> Result<Cell, StateError> {
    const WHAT: &str = "field";
    Ok(match bytes.take_u8(WHAT)? {
        0 => Cell::Missing,
        1 => Cell::Bool(bytes.take_bool(WHAT)?),
        2 => Cell::Int(bytes.take_i64(WHAT)?),
        3 => Cell::Float(bytes.take_f64(WHAT)?),
        4 => Cell::Text(bytes.take_text(WHAT)?.as_ref().into()),
        5 => Cell::Point(Point { lat: bytes.take_f64(WHAT)?, lon: bytes.take_f64(WHAT)? }),
        6 => {
            let len = bytes.take_len(WHAT)?;
            Cell::List((0..len).map(|_| bytes.take_value(WHAT)).collect::<Result<_, _>>()?)
        }
        _ => return Err(damaged(WHAT)),
    })
}

pub(super) fn check(holds: bool, what: &str) -> Result<(), StateError> {
    if holds { Ok(()) } else { Err(damaged(what)) }
}

pub(super) fn damaged(what: &str) -> StateError {
    StateError::Damaged { what: format!("{what} does not go with the pattern") }
}
