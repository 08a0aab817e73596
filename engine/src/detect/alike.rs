//! Families of patterns: rules that differ in limits alone (`amount > 700.00`) keep one log of events a key, and what each has
//! open as ranges of rules in the order of their limits ([`rising`](super::rising), [`repeated`](super::repeated)).

use std::collections::VecDeque;
use std::sync::Arc;

use super::chorus::{Cases, Chorus, Speakers, Taken};
use super::likeness::{Kind, Likeness};
use super::members::{self, Members};
use super::repeated::{Repeated, Row};
use super::rising::{Coming, Found, Rising, Starts};
use super::rule::{Behaviour, Bench, Seen};
use crate::event::Data;
use crate::expr::Row as _;
use crate::patterns::{Keeper, KeptEvent, Machine, put_event, take_event};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{FieldId, Plan, Rule, RuleId, StepId};

/// The patterns of a family, compiled.
pub(super) struct AlikeRule {
    field: FieldId,
    /// By step, the roles of the rule that leads, as bits.
    roles: Vec<u64>,
    /// In the order of their limits.
    members: Arc<Members>,
    keeper: Keeper,
    body: Body,
    span_us: i64,
}

enum Body {
    Rising(Rising),
    Repeated(Repeated),
}

/// What one key has of a family.
#[derive(Default)]
pub(super) struct AlikeState {
    /// The number of the first event.
    base: u64,
    log: VecDeque<Logged>,
    starts: Starts,
    row: Row,
    /// Rules that joined later do not match with starts before.
    blind: Vec<(u64, Arc<[u32]>)>,
}

/// An event that some rule took.
struct Logged {
    event: Arc<KeptEvent>,
    value: i64,
    steps: u64,
    /// The rules that it did not start, since too many runs were open.
    refused: Arc<[u32]>,
}

impl AlikeRule {
    /// Compiles rules in the order of their limits, each with its likeness; the machine is that of the first.
    pub fn new(plan: &Plan, family: &[(RuleId, &Rule, &Likeness)], machine: &Machine) -> Option<AlikeRule> {
        let (_, _, first) = family.first()?;
        let members = family.iter().map(|(id, rule, likeness)| (*id, *rule, &[][..], &likeness.steps[..]));
        let limits = |step: usize| family.iter().map(|(_, _, likeness)| likeness.limits[step]).collect::<Vec<_>>();
        let body = match first.kind {
            Kind::Rising => {
                let limits = (0..first.limits.len()).map(limits).collect();
                Body::Rising(Rising::new(limits, first.span_us, first.runs_max))
            }
            Kind::Repeated(number) => Body::Repeated(Repeated::new(limits(0), number, first.span_us)),
        };
        Some(AlikeRule {
            field: first.field,
            roles: machine.step_roles(),
            members: Arc::new(Members::new(members, first.span_us)),
            keeper: Keeper::of_rules(plan, family.iter().map(|(_, rule, _)| *rule)),
            body,
            span_us: first.span_us,
        })
    }

    /// Takes an event; `refused`: the rules that are known from before to refuse it. Returns how many do.
    fn take(
        &self,
        state: &mut AlikeState,
        mut logged: Logged,
        refused: Option<Arc<[u32]>>,
        found: &mut Vec<Found>,
    ) -> usize {
        let at_us = logged.event.at_us();
        self.expire(state, at_us);
        let number = state.base + state.log.len() as u64;
        let event = Coming { number, at_us, value: logged.value, steps: logged.steps };
        let mut refusing = 0;
        let is_needed = match &self.body {
            Body::Rising(rising) => {
                logged.refused = refused.unwrap_or_else(|| rising.refused(&state.starts, event).into());
                state.starts.incomplete.extend(logged.refused.iter());
                refusing = logged.refused.len();
                rising.take(&mut state.starts, event, &logged.refused, found)
            }
            Body::Repeated(repeated) => {
                repeated.take(&mut state.row, event, found);
                true
            }
        };
        if is_needed {
            state.log.push_back(logged);
        }
        refusing
    }

    fn expire(&self, state: &mut AlikeState, now_us: i64) {
        match &self.body {
            Body::Rising(rising) => rising.expire(&mut state.starts, now_us),
            Body::Repeated(repeated) => repeated.expire(&mut state.row, now_us),
        }
        state.trim();
    }

    /// Says what the newest event completes: by rule in order of the text, and by start.
    fn tell(&self, state: &mut AlikeState, found: &[Found], seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let step = |index: usize| match &self.body {
            Body::Rising(_) => StepId(index as u32),
            Body::Repeated(_) => StepId(0),
        };
        let event = |(index, number): (usize, &u64)| {
            let logged = state.log.get(number.checked_sub(state.base)? as usize)?;
            Some((step(index), logged.event.clone()))
        };
        let taken: Vec<Taken> =
            found.iter().map(|found| found.taken.iter().enumerate().filter_map(event).collect()).collect();
        let sees = |member: u32, found: &Found| {
            let mut blind = state.blind.iter();
            blind.all(|(until, of)| found.taken[0] >= *until || of.binary_search(&member).is_err())
        };
        let mut speakers: Vec<Speakers> = Vec::new();
        for (case, one) in (0..).zip(found) {
            if state.blind.is_empty() {
                speakers.push((one.rules.clone(), case));
            } else {
                let seeing = one.rules.clone().filter(|member| sees(*member, one));
                speakers.extend(seeing.map(|member| (member..member + 1, case)));
            }
        }
        let speaks = |member: &u32| speakers.iter().any(|(members, _)| members.contains(member));
        let incomplete: Vec<u32> = state.starts.incomplete.iter().copied().filter(speaks).collect();
        state.starts.incomplete.retain(|member| !incomplete.contains(member));
        let (members, cases, key) = (self.members.clone(), Cases::Matched(taken), bench.key_parts());
        Chorus { members, speakers, cases, incomplete, key, at_us: seen.batch.at_us[seen.row] }.say(seen, bench);
    }

    fn take_members(&self, bytes: &mut &[u8]) -> Result<Arc<[u32]>, StateError> {
        let of = members::read(bytes)?;
        Ok(if of.is_empty() { Arc::default() } else { self.members.numbers(&of, true) })
    }
}

impl AlikeState {
    /// Forgets events that nothing needs.
    fn trim(&mut self) {
        let end = self.base + self.log.len() as u64;
        let needed = self.starts.oldest().into_iter().chain(self.row.oldest()).min().unwrap_or(end);
        self.log.drain(..(needed - self.base) as usize);
        self.base = needed;
        self.blind.retain(|(until, _)| *until > needed);
    }
}

impl Behaviour for AlikeRule {
    type State = AlikeState;

    fn depth(&self) -> usize {
        1
    }

    fn warm(&self, state: &AlikeState, _depth: usize) -> i64 {
        state.log.back().map_or(0, |logged| logged.value)
    }

    fn deadline_grows(&self) -> bool {
        true
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn event(&self, state: &mut AlikeState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let (Data::Int(values) | Data::Decimal(values, _)) = &seen.batch.column(self.field).data else { return };
        let plays = |(step, roles): (usize, &u64)| u64::from(seen.roles & roles != 0) << step;
        let steps = self.roles.iter().enumerate().map(plays).fold(0, |set, bit| set | bit);
        if steps == 0 {
            return;
        }
        let event = Arc::new(self.keeper.keep(seen.batch, seen.row));
        let logged = Logged { event, value: values[seen.row], steps, refused: Arc::default() };
        let mut found = Vec::new();
        bench.out.refused += self.take(state, logged, None, &mut found) as u64;
        if !found.is_empty() {
            self.tell(state, &found, seen, bench);
        }
        state.trim();
    }

    fn time(&self, state: &mut AlikeState, watermark_us: i64, _bench: &mut Bench<'_>) -> bool {
        self.expire(state, watermark_us);
        self.is_idle(state)
    }

    fn finish(&self, state: &mut AlikeState, _newest_us: i64, _bench: &mut Bench<'_>) -> bool {
        *state = AlikeState::default();
        true
    }

    fn deadline(&self, state: &AlikeState) -> Option<i64> {
        let newest_us = state.starts.newest_us().into_iter().chain(state.row.newest_us()).max();
        newest_us.map(|newest_us| newest_us.saturating_add(self.span_us))
    }

    fn is_idle(&self, state: &AlikeState) -> bool {
        state.starts.len() == 0 && state.row.len() == 0 && state.starts.incomplete.is_empty()
    }

    fn open(&self, state: &AlikeState) -> usize {
        state.starts.len() + state.row.len()
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        self.members.write(0..self.members.len() as u32, out);
    }

    fn read_head(&self, bytes: &mut &[u8]) -> Result<Arc<[u32]>, StateError> {
        Ok(self.members.numbers(&members::read(bytes)?, false))
    }

    fn join(&self, state: &mut AlikeState, newcomers: &Arc<[u32]>) {
        if newcomers.is_empty() || state.log.is_empty() {
            return;
        }
        let end = state.base + state.log.len() as u64;
        match &self.body {
            Body::Rising(_) => state.blind.push((end, newcomers.clone())),
            Body::Repeated(repeated) => newcomers.iter().for_each(|rule| repeated.use_up(&mut state.row, *rule, end)),
        }
    }

    fn write(&self, state: &AlikeState, out: &mut Vec<u8>) {
        out.put_len(state.log.len());
        for logged in &state.log {
            put_event(out, &logged.event);
            out.put_i64(logged.value);
            out.put_u64(logged.steps);
            self.members.write(logged.refused.iter().copied(), out);
        }
        self.members.write(state.starts.incomplete.iter().copied().collect::<Vec<_>>().into_iter(), out);
        out.put_len(state.blind.len());
        for (until, members) in &state.blind {
            out.put_u64(until - state.base);
            self.members.write(members.iter().copied(), out);
        }
        let used: Vec<_> = state.row.used().collect();
        out.put_len(used.len());
        for (rule, used) in used {
            self.members.write([rule].into_iter(), out);
            out.put_u64(used - state.base);
        }
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<AlikeState, StateError> {
        let mut state = AlikeState::default();
        let mut events = Vec::new();
        for _ in 0..bytes.take_len("a family's events")? {
            let event = Arc::new(take_event(&self.keeper, bytes)?);
            let (value, steps) = (bytes.take_i64("an event's value")?, bytes.take_u64("an event's steps")?);
            events.push(Logged { event, value, steps, refused: self.take_members(bytes)? });
        }
        if !events.is_sorted_by(|a, b| a.event.at_us() <= b.event.at_us()) {
            return Err(StateError::Damaged { what: "the events of a family are out of order".into() });
        }
        let mut matches = Vec::new();
        for logged in events {
            let refused = logged.refused.clone();
            match &self.body {
                Body::Rising(_) => {
                    self.take(&mut state, logged, Some(refused), &mut matches);
                }
                Body::Repeated(repeated) => {
                    let (number, at_us) = (state.log.len() as u64, logged.event.at_us());
                    repeated.push(&mut state.row, Coming { number, at_us, value: logged.value, steps: logged.steps });
                    state.log.push_back(logged);
                }
            }
        }
        state.starts.incomplete = self.take_members(bytes)?.iter().copied().collect();
        for _ in 0..bytes.take_len("later members")? {
            let until = bytes.take_u64("the first event of later members")?;
            let members = self.take_members(bytes)?;
            state.blind.push((state.base.saturating_add(until), members));
        }
        for _ in 0..bytes.take_len("what members used up")? {
            let of = self.take_members(bytes)?;
            let used = state.base.saturating_add(bytes.take_u64("what a member used up")?);
            if let Body::Repeated(repeated) = &self.body {
                of.iter().for_each(|rule| repeated.use_up(&mut state.row, *rule, used));
            }
        }
        Ok(state)
    }
}
