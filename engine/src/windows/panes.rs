//! Distinct values over windows that hop, by panes: the stretches between two ends of windows.
//!
//! A window is a whole number of panes, and each value is counted in the last pane that saw it. So nothing is said of an
//! event but which value it has and in which pane; the number of distinct values of a window is a sum over its panes, and
//! the next window's is that less one pane's:
//!
//! ```text
//!  pane        7   8   9  10                 a, last seen in 9, is counted there alone;
//!  values      .  b   a c  d                 without pane 7, the window of 8 to 10 loses nothing
//! ```
//!
//! Without new events the number falls from window to window. A rule that gives rows only from some number on
//! (`having merchants >= 20`) therefore has nothing to do for a key that is below it until the key's next event: not even
//! a deadline for each window. On `benches run q7` most cards are so for most of the time.

use hashbrown::HashMap;

use super::code::{Code, Coder};
use super::program::Row;
use crate::expr::{BoolFn, Scene, compile_bool};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Every, Expr, ExprKind, History, HistoryFn};
use tripline_query_lang::value::Value;

/// With more panes to a window, a key would keep more numbers than values.
const PANES_MAX: i64 = 256;
/// So many values of a key stand in a list, more in a hash table.
const FEW: usize = 24;
/// A list has room for so many at first.
const FEW_MIN: usize = 4;

/// `every D over E` with nothing but `distinct(x)`, compiled.
pub(super) struct Panes {
    every_us: i64,
    /// Of a window.
    panes: i64,
    only_on: Option<Vec<u32>>,
    filter: Option<BoolFn>,
    value: Coder,
    /// Windows with fewer values have no row.
    least: u64,
}

/// What one key keeps.
#[derive(Debug)]
pub(super) struct Paned {
    /// The last pane of the next window that is to be told.
    next: i64,
    /// The pane of the newest event.
    newest: i64,
    seen: Seen,
}

/// Values, each with the last pane that saw it. Some of them may be older than any window.
#[derive(Debug)]
enum Seen {
    Few(Vec<(Code, i64)>),
    Many(Box<Many>),
}

#[derive(Debug)]
struct Many {
    last: HashMap<Code, i64>,
    /// How many values were last seen in each pane of the window to be told next, by pane modulo their number.
    fresh: Box<[u32]>,
    /// The sum of them.
    distinct: u64,
}

impl Panes {
    /// The panes of these windows, if they have any and their rows say nothing else. Windows with fewer than `least`
    /// values have no row.
    pub(super) fn new(every: &Every, histories: &[History], least: u64) -> Option<Panes> {
        let [History { func: HistoryFn::Distinct, arg, .. }] = histories else { return None };
        let panes = every.over_us.checked_div(every.every_us)?;
        let is_whole = every.zone.is_none() && panes.checked_mul(every.every_us) == Some(every.over_us);
        if !is_whole || !(1..=PANES_MAX).contains(&panes) || arg.value.iter().chain(&arg.filter).any(looks_before) {
            return None;
        }
        Some(Panes {
            every_us: every.every_us,
            panes,
            only_on: arg.only_on.clone(),
            filter: arg.filter.as_ref().map(compile_bool),
            value: Coder::new(arg.value.as_ref()?),
            least,
        })
    }

    /// Takes the next event of the key; tells windows that are over by then.
    #[inline]
    pub(super) fn event(&self, state: &mut Option<Paned>, on: u32, scene: &Scene<'_>, tell: &mut dyn FnMut(Row<'_>)) {
        let pane = scene.at_us.div_euclid(self.every_us);
        if let Some(paned) = state
            && !self.close_to(paned, pane, tell)
        {
            paned.newest = pane;
        } else {
            *state = Some(Paned { next: pane, newest: pane, seen: Seen::Few(Vec::new()) });
        }
        let is_seen = self.only_on.as_ref().is_none_or(|clauses| clauses.contains(&on))
            && self.filter.as_ref().is_none_or(|holds| holds(scene) == Some(true));
        if let (true, Some(paned), Some(code)) = (is_seen, state, self.value.code(scene)) {
            paned.seen.see(code, pane, self.panes);
        }
    }

    /// Tells all windows that end before this time. Returns whether nothing is left.
    pub(super) fn close(&self, state: &mut Option<Paned>, passed_us: i64, tell: &mut dyn FnMut(Row<'_>)) -> bool {
        let pane = passed_us.saturating_sub(1).div_euclid(self.every_us);
        if state.as_mut().is_some_and(|paned| self.close_to(paned, pane, tell)) {
            *state = None;
        }
        state.is_none()
    }

    /// Tells the windows that end with or before the start of a pane. Returns whether nothing is left.
    #[inline]
    fn close_to(&self, paned: &mut Paned, pane: i64, tell: &mut dyn FnMut(Row<'_>)) -> bool {
        while paned.next < pane && paned.next < paned.newest + self.panes {
            let Some(distinct) = self.enough(paned) else { break };
            let end_us = self.end_of(paned.next);
            let values = [Value::Int(i64::try_from(distinct).unwrap_or(i64::MAX))];
            tell(Row { start_us: end_us.saturating_sub(self.panes * self.every_us), end_us, values: &values });
            self.forget(paned, paned.next + 1);
        }
        if paned.next < pane {
            // None of the others has enough.
            self.forget(paned, pane);
        }
        paned.newest <= paned.next - self.panes
    }

    /// How many values the next window has, if that is enough for a row.
    #[inline]
    fn enough(&self, paned: &Paned) -> Option<u64> {
        let distinct = match &paned.seen {
            Seen::Few(few) if (few.len() as u64) < self.least => return None,
            Seen::Few(few) => few.iter().filter(|(_, last)| *last > paned.next - self.panes).count() as u64,
            Seen::Many(many) => many.distinct,
        };
        (distinct >= self.least).then_some(distinct)
    }

    /// Goes on to the window that ends with a later pane.
    fn forget(&self, paned: &mut Paned, next: i64) {
        if let Seen::Many(many) = &mut paned.seen {
            let first = paned.next - self.panes + 1;
            for pane in first..first + (next - paned.next).min(self.panes) {
                many.distinct -= u64::from(std::mem::take(&mut many.fresh[pane.rem_euclid(self.panes) as usize]));
            }
        }
        paned.next = next;
    }

    fn end_of(&self, pane: i64) -> i64 {
        pane.saturating_add(1).saturating_mul(self.every_us)
    }

    /// `close` with a time above this has something to tell or to forget.
    #[inline]
    pub(super) fn deadline(&self, state: &Option<Paned>) -> Option<i64> {
        let paned = state.as_ref()?;
        let has_row = self.enough(paned).is_some();
        Some(self.end_of(if has_row { paned.next } else { paned.newest + self.panes - 1 }))
    }

    /// So long after a key's last event nothing is left.
    pub(super) fn lingers_us(&self) -> i64 {
        self.panes * self.every_us
    }

    /// `close` with a time above this has something to tell.
    #[inline]
    pub(super) fn tells_at(&self, state: &Option<Paned>) -> Option<i64> {
        let paned = state.as_ref()?;
        self.enough(paned).map(|_| self.end_of(paned.next))
    }

    /// Reads a little of what a key keeps, so that it is in the cache; what it returns means nothing.
    pub(super) fn warm(state: &Option<Paned>) -> i64 {
        match state.as_ref().map(|paned| &paned.seen) {
            Some(Seen::Few(few)) => [few.first(), few.get(few.len() / 2), few.last()]
                .into_iter()
                .flatten()
                .fold(0, |sum, (_, last)| sum ^ last),
            Some(Seen::Many(many)) => many.distinct as i64,
            None => 0,
        }
    }

    /// An event never brings the deadline nearer.
    pub(super) fn deadline_grows(&self) -> bool {
        self.least == 0
    }

    /// Appends the key's state to a chunk.
    pub(super) fn write(&self, state: &Paned, out: &mut Vec<u8>) {
        out.put_i64(state.next);
        out.put_i64(state.newest);
        let mut values: Vec<(&Code, i64)> = match &state.seen {
            Seen::Few(few) => few.iter().map(|(code, last)| (code, *last)).collect(),
            Seen::Many(many) => many.last.iter().map(|(code, last)| (code, *last)).collect(),
        };
        values.retain(|(_, last)| *last > state.next - self.panes);
        values.sort_unstable();
        out.put_len(values.len());
        for (code, last) in values {
            code.write(out);
            out.put_i64(state.newest - last);
        }
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub(super) fn read(&self, bytes: &mut &[u8]) -> Result<Paned, StateError> {
        const WHAT: &str = "a window's panes";
        let (next, newest) = (bytes.take_i64(WHAT)?, bytes.take_i64(WHAT)?);
        let is_sound = newest <= next && newest.checked_add(self.panes).is_some_and(|end| next < end);
        if !is_sound || newest.unsigned_abs() > i64::MAX as u64 / 2 {
            return Err(StateError::Damaged { what: format!("{WHAT} are out of order") });
        }
        let mut seen = Seen::Few(Vec::new());
        for _ in 0..bytes.take_len(WHAT)? {
            let (code, age) = (Code::read(bytes)?, bytes.take_i64(WHAT)?);
            if !(0..self.panes - (next - newest)).contains(&age) {
                return Err(StateError::Damaged { what: format!("{WHAT} have a value of another window") });
            }
            seen.restore(code, newest - age, next, self.panes);
        }
        Ok(Paned { next, newest, seen })
    }
}

/// It looks at the event before.
fn looks_before(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Prev { .. }) || expr.children().into_iter().any(looks_before)
}

impl Seen {
    /// Notes a value in the newest pane.
    #[inline]
    fn see(&mut self, code: Code, pane: i64, panes: i64) {
        if let Seen::Few(few) = self {
            if let Some((_, last)) = few.iter_mut().find(|(known, _)| *known == code) {
                *last = pane;
                return;
            }
            if few.len() == few.capacity() {
                // Before a list grows, it lets go of what no window has any more: most need not grow then.
                few.retain(|(_, last)| *last > pane - panes);
            }
            if few.len() < FEW {
                if few.len() == few.capacity() {
                    few.reserve_exact(few.len().clamp(FEW_MIN, FEW - few.len().min(FEW - FEW_MIN)));
                }
                return few.push((code, pane));
            }
            *self = Seen::Many(Box::new(Many::new(std::mem::take(few), panes)));
        }
        if let Seen::Many(many) = self {
            many.see(code, pane, panes);
        }
    }

    /// Puts back a value that was last seen in this pane; `next` as in [`Paned`].
    fn restore(&mut self, code: Code, last: i64, next: i64, panes: i64) {
        match self {
            Seen::Few(few) if few.len() < FEW => few.push((code, last)),
            Seen::Few(few) => {
                few.push((code, last));
                *self = Seen::Many(Box::new(Many::new(std::mem::take(few), panes)));
            }
            Seen::Many(many) => many.see(code, last.min(next), panes),
        }
    }
}

impl Many {
    /// Values of one window.
    fn new(values: Vec<(Code, i64)>, panes: i64) -> Many {
        let fresh = vec![0; panes as usize].into_boxed_slice();
        let mut many = Many { last: HashMap::with_capacity(2 * values.len()), fresh, distinct: 0 };
        values.into_iter().for_each(|(code, last)| many.see(code, last, panes));
        many
    }

    /// Notes a value in a pane of the window to be told next; not in one older than the one that saw it before.
    #[inline]
    fn see(&mut self, code: Code, pane: i64, panes: i64) {
        if self.last.len() == self.last.capacity() {
            // Seldom: afterwards there is room for as many as are left.
            self.last.retain(|_, last| *last > pane - panes);
            self.last.reserve(self.last.len());
        }
        let place = |pane: i64| pane.rem_euclid(panes) as usize;
        match self.last.insert(code, pane) {
            Some(last) if last > pane - panes => self.fresh[place(last)] -= 1,
            _ => self.distinct += 1,
        }
        self.fresh[place(pane)] += 1;
    }
}
