//! Episodes of which more is said than that they open: `when c for D`, `repeat`, `resolve`.
//!
//! ```text
//!           holds                  held for D                 not true, or the last event has left
//!  Closed --------> Spell since t -----------> Open since t' --------------------------------------> Closed
//!           <------                             | every `repeat`                `resolve`
//!           not true                            +---> again
//! ```
//!
//! Between two events of a key these are moments of event time, each due when the watermark is above it, so an event
//! exactly at a moment is seen before it.

use super::rule::{Bench, Seen};
use super::threshold::{ThresholdRule, ThresholdState};
use super::voice::{Facts, Moment};
use crate::alert::{AlertState, Evidence, Witness};
use crate::event::Coordinates;
use crate::expr::{Row, Scene};
use crate::patterns::{Keeper, Kept, KeptEvent, put_event, take_event};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Plan, Rule, Threshold};
use tripline_query_lang::value::Value;

/// What a rule says of its episodes.
pub(super) struct Episodes {
    /// `for D`, microseconds.
    hold_us: Option<i64>,
    /// `repeat D`, microseconds.
    repeat_us: Option<i64>,
    resolves: bool,
    /// As in [`Threshold::episode_us`].
    episode_us: Option<i64>,
    keeper: Keeper,
}

/// What one key has of them.
pub(super) struct Episode {
    phase: Phase,
    /// The newest event, which found `when` true.
    newest: Newest,
}

enum Phase {
    /// `when` has held at every event since.
    Spell {
        since_us: i64,
    },
    Open(Open),
}

struct Open {
    since_us: i64,
    /// The `on` clause and the event that the first alert rests on; `None`: it was suppressed.
    said: Option<(u32, Coordinates)>,
    repeats: u32,
}

struct Newest {
    on: u32,
    event: KeptEvent,
    histories: Vec<Value>,
}

/// What comes next if no event does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Opens,
    Repeats,
    Ends,
}

/// What is to be said of an episode.
struct Saying<'a> {
    moment: Moment<'a>,
    at_us: i64,
    state: AlertState,
    sequence: u32,
}

impl Episodes {
    /// `None`: there is nothing to say but that it opens.
    pub fn new(plan: &Plan, rule: &Rule, threshold: &Threshold) -> Option<Episodes> {
        let resolves = rule.resolve.is_some();
        let some = threshold.hold_us.is_some() || rule.repeat_us.is_some() || resolves;
        some.then(|| Episodes {
            hold_us: threshold.hold_us,
            repeat_us: rule.repeat_us,
            resolves,
            episode_us: threshold.episode_us,
            keeper: Keeper::of_slots(plan, [threshold]),
        })
    }

    /// The next moment, microseconds.
    fn next(&self, episode: &Episode) -> Option<(i64, Next)> {
        let open = match &episode.phase {
            Phase::Spell { since_us } => {
                return Some((since_us.saturating_add(self.hold_us.unwrap_or(0)), Next::Opens));
            }
            Phase::Open(open) => open,
        };
        let over = self.episode_us.map(|us| episode.newest.event.at_us().saturating_add(us).max(open.since_us));
        let again = self.next_repeat(open).filter(|again| over.is_none_or(|over| *again <= over));
        again.map(|again| (again, Next::Repeats)).into_iter().chain(over.map(|over| (over, Next::Ends))).min()
    }

    fn next_repeat(&self, open: &Open) -> Option<i64> {
        let span_us = self.repeat_us.filter(|_| open.said.is_some())?;
        let passed = span_us.saturating_mul(i64::from(open.repeats).saturating_add(1));
        Some(open.since_us.saturating_add(passed))
    }

    /// The next moment, if it is there before `before_us`. An episode without an end in time does not repeat until the end
    /// of time.
    fn due(&self, episode: &Episode, before_us: i64) -> Option<(i64, Next)> {
        let due = self.next(episode).filter(|(at_us, _)| *at_us < before_us);
        due.filter(|(_, next)| *next != Next::Repeats || before_us < i64::MAX || self.episode_us.is_some())
    }
}

impl ThresholdRule {
    /// The next moment of the key's episode, microseconds.
    pub(super) fn next_moment(&self, state: &ThresholdState) -> Option<i64> {
        self.episodes.as_ref()?.next(state.episode.as_deref()?).map(|(at_us, _)| at_us)
    }

    /// A later moment will ask for windows as they are then.
    pub(super) fn asks_later(&self, state: &ThresholdState) -> bool {
        match (&self.episodes, state.episode.as_deref()) {
            (Some(episodes), Some(Episode { phase: Phase::Open(open), .. })) => episodes.next_repeat(open).is_some(),
            (_, episode) => episode.is_some(),
        }
    }

    /// Event time has certainly passed everything strictly before this: the moments that have come.
    pub(super) fn pass(&self, state: &mut ThresholdState, before_us: i64, bench: &mut Bench<'_>) {
        let Some(episodes) = self.episodes.as_ref().filter(|_| state.episode.is_some()) else { return };
        let mut last = None;
        let mut sequence = 0;
        while let Some(mut episode) = state.episode.take() {
            let Some((at_us, next)) = episodes.due(&episode, before_us) else {
                state.episode = Some(episode);
                return;
            };
            if last.replace(at_us) != Some(at_us) {
                sequence = 0;
            }
            let saying = |alert| Saying { moment: Moment::Timer(at_us), at_us, state: alert, sequence };
            let spoke = match next {
                Next::Opens => {
                    let mut open = Open { since_us: at_us, said: None, repeats: 0 };
                    let spoke = self.say(state, &episode.newest, None, saying(AlertState::Firing), bench);
                    open.said = spoke.then(|| episode.newest.source());
                    episode.phase = Phase::Open(open);
                    spoke
                }
                Next::Repeats => match &mut episode.phase {
                    Phase::Open(open) => {
                        open.repeats = open.repeats.saturating_add(1);
                        let again = saying(AlertState::Repeated(open.repeats));
                        self.say(state, &episode.newest, open.said.as_ref(), again, bench)
                    }
                    Phase::Spell { .. } => false,
                },
                Next::Ends => {
                    self.resolve(state, &episode, saying(AlertState::Resolved), bench);
                    return;
                }
            };
            sequence += u32::from(spoke);
            state.episode = Some(episode);
        }
    }

    /// An event has found `when` true, or not. Returns whether the rule speaks at it.
    pub(super) fn go_on(
        &self,
        episodes: &Episodes,
        state: &mut ThresholdState,
        (holds, on): (bool, u32),
        seen: &Seen<'_>,
        bench: &mut Bench<'_>,
    ) -> bool {
        let at_us = seen.batch.at_us[seen.row];
        if !holds {
            if state.episode.is_some()
                && let Some(episode) = state.episode.take()
            {
                let saying = Saying { moment: seen.moment(), at_us, state: AlertState::Resolved, sequence: 0 };
                self.resolve(state, &episode, saying, bench);
            }
            return false;
        }
        let event = episodes.keeper.keep(seen.batch, seen.row);
        let histories = if self.histories.is_some() { bench.scratch.histories.clone() } else { Vec::new() };
        let newest = Newest { on, event, histories };
        match &mut state.episode {
            Some(episode) => {
                episode.newest = newest;
                self.every_event && matches!(episode.phase, Phase::Open(_))
            }
            None => {
                let phase = match episodes.hold_us {
                    Some(_) => Phase::Spell { since_us: at_us },
                    None => Phase::Open(Open { since_us: at_us, said: None, repeats: 0 }),
                };
                state.episode = Some(Box::new(Episode { phase, newest }));
                episodes.hold_us.is_none()
            }
        }
    }

    /// The episode says what it has to when it is over, if its first alert was not suppressed.
    fn resolve(&self, state: &mut ThresholdState, episode: &Episode, saying: Saying<'_>, bench: &mut Bench<'_>) {
        if let Phase::Open(Open { said: Some(said), .. }) = &episode.phase
            && self.episodes.as_ref().is_some_and(|episodes| episodes.resolves)
        {
            self.say(state, &episode.newest, Some(said), saying, bench);
        }
    }

    /// An alert with the newest event's values; windows that end with time end at the alert's, unless it is the last.
    /// `said` is what it rests on, where that is not the newest event; only a first alert can be suppressed.
    fn say(
        &self,
        state: &mut ThresholdState,
        newest: &Newest,
        said: Option<&(u32, Coordinates)>,
        saying: Saying<'_>,
        bench: &mut Bench<'_>,
    ) -> bool {
        let Saying { moment, at_us, state: alert, sequence } = saying;
        let mut values = newest.histories.clone();
        if let Some(histories) = self.histories.as_ref().filter(|_| alert != AlertState::Resolved) {
            histories.later(&mut state.history, at_us, &mut values);
        }
        let keys = bench.key_parts();
        let slots = self.on.get(newest.on as usize).map_or(&[][..], |clause| &clause.fields);
        let (as_of_us, tables) = (Some(at_us), Some(bench.tables));
        let row = Scene::of_row(&newest.event);
        let scene = Scene { slots, histories: &values, keys: &keys, as_of_us, tables, ..row };
        if said.is_none() && !self.voice.may_speak(&mut state.suppressed, &[], &scene, at_us) {
            return false;
        }
        let (on, event) = said.cloned().unwrap_or_else(|| newest.source());
        let step = self.on.get(on as usize).map(|clause| clause.name.clone()).unwrap_or_default();
        let evidence = vec![Evidence { step, what: Witness::Event(event) }];
        let facts = Facts { moment, at_us, state: alert, key: bench.key(), sequence, evidence, incomplete: false };
        self.voice.speak(&scene, facts, bench.out);
        true
    }

    /// Appends a key's episode to a chunk.
    pub(super) fn write_episode(&self, state: &ThresholdState, out: &mut Vec<u8>) {
        if self.episodes.is_none() {
            return;
        }
        out.put_bool(state.episode.is_some());
        let Some(episode) = &state.episode else { return };
        match &episode.phase {
            Phase::Spell { since_us } => {
                out.put_bool(false);
                out.put_i64(*since_us);
            }
            Phase::Open(open) => {
                out.put_bool(true);
                out.put_i64(open.since_us);
                out.put_u32(open.repeats);
                out.put_bool(open.said.is_some());
                if let Some((on, event)) = &open.said {
                    out.put_u32(*on);
                    out.put_coordinates(event);
                }
            }
        }
        out.put_u32(episode.newest.on);
        put_event(out, &episode.newest.event);
        episode.newest.histories.iter().for_each(|value| out.put_value(value));
    }

    /// Takes it off the front of `bytes`.
    pub(super) fn read_episode(&self, bytes: &mut &[u8]) -> Result<Option<Box<Episode>>, StateError> {
        const WHAT: &str = "an episode";
        let Some(episodes) = &self.episodes else { return Ok(None) };
        if !bytes.take_bool(WHAT)? {
            return Ok(None);
        }
        let phase = if bytes.take_bool(WHAT)? {
            let (since_us, repeats) = (bytes.take_i64(WHAT)?, bytes.take_u32(WHAT)?);
            let is_said = bytes.take_bool(WHAT)?;
            let said = is_said.then(|| Ok((bytes.take_u32(WHAT)?, bytes.take_coordinates(WHAT)?))).transpose()?;
            Phase::Open(Open { since_us, said, repeats })
        } else {
            Phase::Spell { since_us: bytes.take_i64(WHAT)? }
        };
        let (on, event) = (bytes.take_u32(WHAT)?, take_event(&episodes.keeper, bytes)?);
        let count = if self.histories.is_some() { self.history_count } else { 0 };
        let histories = (0..count).map(|_| bytes.take_value(WHAT)).collect::<Result<_, _>>()?;
        Ok(Some(Box::new(Episode { phase, newest: Newest { on, event, histories } })))
    }
}

impl Episode {
    /// Its newest event has opened it, and the rule has said so.
    pub fn has_spoken(&mut self) {
        let source = self.newest.source();
        if let Phase::Open(open) = &mut self.phase {
            open.said.get_or_insert(source);
        }
    }

    /// It is open.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }
}

impl Newest {
    /// What an alert rests on that it fires.
    fn source(&self) -> (u32, Coordinates) {
        (self.on, self.event.coordinates())
    }
}
