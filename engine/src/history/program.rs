//! The histories of one rule and scope, compiled: feeds, and the look-backs over each of them.

use std::ops::Range;

use super::aggregate::Function;
use super::feed::{Feed, Look, lift_prev};
use super::log::Log;
use super::running::Running;
use super::sketch::Panes;
use super::sliding::Sliding;
use super::state::{Held, HistoryState, Kept, Memory, View};
use super::window::Window;
use crate::expr::Scene;
use smallvec::SmallVec;
use tripline_query_lang::plan::{History, HistoryArg, HistoryBound, HistoryFn, HistoryScope};
use tripline_query_lang::value::{Type, Value};

/// The histories of one rule and scope, compiled.
pub struct HistoryProgram {
    /// Ordered so that what an argument uses of another feed (`prev` inside of it) comes first.
    pub(super) feeds: Vec<Source>,
    /// How many `prev` stand inside of arguments: their values are the scene's `with` for the arguments.
    inner: usize,
    /// The greatest age at which any history that ends with time sees an event.
    longest_us: Option<i64>,
    /// It is nothing but a sum that slides.
    pub(super) sliding: Option<Sliding>,
}

/// A feed with its look-backs.
pub(super) struct Source {
    pub(super) feed: Feed,
    pub(super) lookbacks: Vec<Lookback>,
    /// How many look-backs the feeds before it have.
    before: usize,
    /// Some look-back needs the log.
    pub(super) logged: bool,
    /// Some look-back gives its value before the event is in.
    excludes: bool,
    /// Some window counts events.
    pub(super) counts_events: bool,
}

/// One history.
pub(super) struct Lookback {
    pub(super) out: Out,
    pub(super) kind: Kind,
    pub(super) window: Window,
}

impl Lookback {
    /// The age from which on nothing is kept any more, exclusive; `None`: never by time.
    fn longest_us(&self) -> Option<i64> {
        let further_us = if let Kind::Panes(_, bound) = self.kind { Panes::further_us(bound) } else { 0 };
        Some(self.window.longest_us()?.saturating_add(further_us))
    }

    /// Puts its value among the values of the rule's histories.
    pub(super) fn set(&self, value: Value, values: &mut [Value]) {
        if let Out::History(id) = self.out
            && let Some(place) = values.get_mut(id)
        {
            *place = value;
        }
    }
}

/// Where a value goes.
#[derive(Clone, Copy)]
pub(super) enum Out {
    /// The rule's history.
    History(usize),
    /// The scene's `with` for arguments of later feeds.
    Inner(usize),
}

/// The ways to look back.
pub(super) enum Kind {
    /// Over a range of the feed's log.
    Log(Function),
    /// Over all events, by a few numbers.
    Running(Function),
    /// `prev(x, n)`, and the type of x.
    Prev(u32, Type),
    /// `ewma(x, half_life)`, and the type of x.
    Ewma(i64, Type),
    /// By sketches over panes of time.
    Panes(Function, HistoryBound),
}

/// What a sliding sum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glimpse {
    /// A slot of the `on` clause.
    Slot(u32),
    /// Nothing: events are counted.
    Bare,
}

/// Collects feeds and look-backs; a feed is known by its argument.
#[derive(Default)]
struct Builder {
    args: Vec<HistoryArg>,
    lookbacks: Vec<Vec<Lookback>>,
    inner: Vec<(HistoryArg, u32)>,
}

impl Builder {
    fn history(&mut self, id: usize, history: &History) {
        let mut arg = history.arg.clone();
        self.lift(&mut arg);
        let arg_ty = arg.value.as_ref().map_or(Type::Null, |value| value.ty.clone());
        let function = Function { func: history.func.clone(), arg: arg_ty.clone(), ty: history.ty.clone() };
        let kind = match history.func {
            HistoryFn::Prev(n) => Kind::Prev(n, arg_ty),
            HistoryFn::Ewma(half_life_us) => Kind::Ewma(half_life_us, arg_ty),
            HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_) => Kind::Panes(function, history.bound),
            ref func if history.bound == HistoryBound::Forever && Running::can(func) => Kind::Running(function),
            _ => Kind::Log(function),
        };
        self.add(arg, Lookback { out: Out::History(id), kind, window: Window::new(&history.func, history.bound) });
    }

    fn add(&mut self, arg: HistoryArg, lookback: Lookback) {
        match self.args.iter().position(|known| *known == arg) {
            Some(feed) => self.lookbacks[feed].push(lookback),
            None => {
                self.args.push(arg);
                self.lookbacks.push(vec![lookback]);
            }
        }
    }

    /// Makes look-backs of the `prev`s inside an argument: each event's own, over all events that the scope has.
    fn lift(&mut self, arg: &mut HistoryArg) {
        for expr in arg.value.iter_mut().chain(&mut arg.filter) {
            lift_prev(expr, &mut |inner, n| {
                let ty = inner.ty.clone();
                let arg = HistoryArg { value: Some(inner), ..HistoryArg::default() };
                if let Some(known) = self.inner.iter().position(|known| *known == (arg.clone(), n)) {
                    return known as u32;
                }
                let position = self.inner.len();
                self.inner.push((arg.clone(), n));
                let window = Window::new(&HistoryFn::Prev(n), HistoryBound::Forever);
                self.add(arg, Lookback { out: Out::Inner(position), kind: Kind::Prev(n, ty), window });
                position as u32
            });
        }
    }
}

impl HistoryProgram {
    /// Compiles those of the rule's histories that have this scope; `None` when there are none.
    pub fn new(histories: &[History], scope: &HistoryScope) -> Option<HistoryProgram> {
        let mut builder = Builder::default();
        for (id, history) in histories.iter().enumerate().filter(|(_, history)| history.scope == *scope) {
            builder.history(id, history);
        }
        let mut before = 0;
        let source = |(arg, lookbacks): (&HistoryArg, Vec<Lookback>)| {
            before += lookbacks.len();
            Source::new(arg, before - lookbacks.len(), lookbacks)
        };
        let feeds: Vec<Source> = builder.args.iter().zip(builder.lookbacks).map(source).collect();
        let longest_us = feeds.iter().flat_map(|source| &source.lookbacks).filter_map(Lookback::longest_us).max();
        let sliding = match &builder.args[..] {
            [arg] => Sliding::new(arg, &feeds[0].lookbacks),
            _ => None,
        };
        (!feeds.is_empty()).then_some(HistoryProgram { feeds, inner: builder.inner.len(), longest_us, sliding })
    }

    /// Takes the next event of the key in the total order, and sets the values of this program's histories at this event in
    /// `values` (by [`tripline_query_lang::plan::HistoryId`], as long as the rule's histories; others stay as they are).
    /// `on` is the `on` clause that admitted the event (0 in the scope of a step). The scene needs `row`, `slots` and `at_us`.
    pub fn push(&self, state: &mut HistoryState, on: u32, scene: &Scene<'_>, values: &mut [Value]) {
        if let Some(sliding) = &self.sliding
            && sliding.push(state, &self.feeds[0].lookbacks[0], scene, values)
        {
            return;
        }
        let kept = state.kept(self);
        kept.events += 1;
        kept.newest_us = scene.at_us;
        let mut inner: SmallVec<[Value; 2]> = SmallVec::new();
        if self.inner > 0 {
            inner.resize(self.inner, Value::Null);
        }
        for (position, source) in self.feeds.iter().enumerate() {
            let look = source.feed.look(on, &Scene { with: &inner, ..*scene });
            source.take(kept, position, &look, &mut |out, value| match out {
                Out::Inner(position) => inner[position] = value,
                Out::History(id) => {
                    if let Some(place) = values.get_mut(id) {
                        *place = value;
                    }
                }
            });
        }
    }

    /// What the only history sums up, if it is a sliding sum or count of whole numbers and of no formula.
    pub fn glimpse(&self) -> Option<Glimpse> {
        self.sliding.as_ref()?.glimpse(&self.feeds[0].lookbacks[0])
    }

    /// Where there is a glimpse: takes the next event of the key, at this time in microseconds, with its value if that is
    /// known. Returns the sum or count; `None`: the event has to be taken by [`HistoryProgram::push`].
    #[inline]
    pub fn slide(&self, state: &mut HistoryState, at_us: i64, value: Option<i64>) -> Option<i128> {
        self.sliding.as_ref()?.slide(state, at_us, value)
    }

    /// After [`HistoryProgram::slide`]: sets the value in `values`.
    pub fn show(&self, state: &HistoryState, values: &mut [Value]) {
        if let (Some(sliding), Held::Sliding(slid)) = (&self.sliding, &state.0) {
            sliding.show(slid, &self.feeds[0].lookbacks[0], values);
        }
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: forgets what no later event can see.
    /// Returns whether nothing is left: the key may be forgotten.
    pub fn expire(&self, state: &mut HistoryState, watermark_us: i64) -> bool {
        let kept = match &mut state.0 {
            Held::Nothing => return true,
            Held::Sliding(slid) => {
                let is_past = slid.is_past(watermark_us.saturating_sub(self.longest_us.unwrap_or(i64::MAX)));
                if is_past {
                    *state = HistoryState::default();
                }
                return is_past;
            }
            Held::Kept(kept) => kept,
        };
        for (position, source) in self.feeds.iter().enumerate() {
            source.expire(kept, position, watermark_us);
        }
        let empty = kept.is_empty();
        if empty {
            *state = HistoryState::default();
        }
        empty
    }

    /// So long after a key's newest event nothing of it is seen any more, microseconds; `None`: something may be for ever.
    pub fn lingers_us(&self) -> Option<i64> {
        let is_timed = |lookback: &Lookback| lookback.longest_us().is_some();
        self.longest_us.filter(|_| self.feeds.iter().flat_map(|source| &source.lookbacks).all(is_timed))
    }

    /// `expire` with a watermark above this forgets all that ends with time; `None`: nothing does.
    pub fn next_expiry(&self, state: &HistoryState) -> Option<i64> {
        let longest = self.longest_us?;
        let kept = match &state.0 {
            Held::Nothing => return None,
            Held::Sliding(slid) => return slid.newest_us().map(|newest| newest.saturating_add(longest)),
            Held::Kept(kept) => kept,
        };
        let timed = |(source, log): (&Source, &Log)| {
            let lookbacks = source.lookbacks.iter().zip(&kept.memories[source.memories()]);
            lookbacks.into_iter().any(|(l, m)| l.window.longest_us().is_some() && m.sees_any(log))
        };
        self.feeds.iter().zip(&kept.logs).any(timed).then(|| kept.newest_us.saturating_add(longest))
    }
}

impl Source {
    fn new(arg: &HistoryArg, before: usize, lookbacks: Vec<Lookback>) -> Source {
        let on_log = || lookbacks.iter().filter(|l| matches!(l.kind, Kind::Log(_)));
        let (logged, counts_events) = (on_log().count() > 0, on_log().any(|l| l.window.counts_events()));
        let includes = on_log().filter(|l| l.window.includes_current).count();
        let excludes = includes < lookbacks.len();
        Source { feed: Feed::new(arg), lookbacks, before, logged, excludes, counts_events }
    }

    /// Where its look-backs' memories stand.
    pub(super) fn memories(&self) -> Range<usize> {
        self.before..self.before + self.lookbacks.len()
    }

    /// Brings all look-backs past one event: those without it give their value first.
    fn take(&self, kept: &mut Kept, position: usize, look: &Look, set: &mut impl FnMut(Out, Value)) {
        let (log, memories) = (&mut kept.logs[position], &mut kept.memories[self.memories()]);
        let (now_us, nth) = (kept.newest_us, kept.events);
        let counted = look.admitted && (look.value.is_some() || !self.feed.has_values());
        if self.excludes {
            self.take_excluding(log, memories, (now_us, nth), look, counted, set);
        }
        if self.logged && counted {
            log.push(now_us, self.counts_events.then_some(nth), look.value.clone());
        }
        for (lookback, memory) in self.lookbacks.iter().zip(&mut *memories) {
            if let (Kind::Log(function), Memory::View(view)) = (&lookback.kind, memory)
                && lookback.window.includes_current
            {
                view.slide(function, lookback.window, log, now_us, nth);
                set(lookback.out, view.value(function, log, look.value.as_ref()));
            }
        }
        log.forget(View::first(memories, log));
    }

    /// Brings those look-backs past one event that do not wait for it to be in the log.
    fn take_excluding(
        &self,
        log: &Log,
        memories: &mut [Memory],
        (now_us, nth): (i64, u64),
        look: &Look,
        counted: bool,
        set: &mut impl FnMut(Out, Value),
    ) {
        for (lookback, memory) in self.lookbacks.iter().zip(&mut *memories) {
            match (&lookback.kind, &mut *memory) {
                (Kind::Log(function), Memory::View(view)) if !lookback.window.includes_current => {
                    view.slide(function, lookback.window, log, now_us, nth);
                    set(lookback.out, view.value(function, log, look.value.as_ref()));
                }
                (Kind::Running(function), Memory::Running(running)) => {
                    if counted {
                        running.add(function, look.value.as_ref());
                    }
                    set(lookback.out, running.value(function));
                }
                (Kind::Prev(n, ty), Memory::Prev(ring)) => {
                    set(lookback.out, ring.value(*n, ty, lookback.window, now_us, nth));
                    if look.admitted {
                        ring.push(*n, now_us, nth, look.value.clone());
                    }
                }
                (Kind::Panes(function, bound), Memory::Panes(panes)) => {
                    let value = look.value.as_ref().filter(|_| counted);
                    panes.take((&function.func, &function.arg), *bound, now_us, value);
                    set(lookback.out, panes.value(&function.func, &function.ty));
                }
                (Kind::Ewma(half_life_us, ty), Memory::Ewma(mean)) => {
                    set(lookback.out, super::aggregate::float(mean.value()));
                    if counted && let Some(x) = look.value.as_ref().and_then(|cell| cell.as_float(ty)) {
                        mean.add(x, now_us, *half_life_us);
                    }
                }
                _ => {}
            }
        }
    }

    /// Forgets what no event at `watermark_us` or later can see.
    fn expire(&self, kept: &mut Kept, position: usize, watermark_us: i64) {
        let (log, memories) = (&mut kept.logs[position], &mut kept.memories[self.memories()]);
        for (lookback, memory) in self.lookbacks.iter().zip(&mut *memories) {
            match (&lookback.kind, memory) {
                (Kind::Log(function), Memory::View(view)) => {
                    view.slide(function, lookback.window, log, watermark_us, kept.events);
                }
                (Kind::Prev(..), Memory::Prev(ring)) => ring.expire(lookback.window, watermark_us),
                (Kind::Panes(_, bound), Memory::Panes(panes)) => panes.forget(*bound, watermark_us),
                _ => {}
            }
        }
        log.forget(View::first(memories, log));
    }
}
