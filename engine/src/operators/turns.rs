//! The queue of turns from the workers to a shard's thread. A commit takes its time, and the workers do not wait for it:
//! turns that wait become one.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::TickEnd;
use crate::alert::Alerts;

/// Everything of a tick for a shard, or of several one after the other, in order.
#[derive(Debug)]
pub struct Turn {
    /// The tick's end.
    pub end: Arc<TickEnd>,
    /// The shard's alerts, by position.
    pub alerts: Alerts,
}

/// Turns that may wait: the back-pressure of side records.
const TURNS_MAX: usize = 16;

/// With so many alerts that wait, nothing is added to them.
const ALERTS_MAX: u64 = 65_536;

/// A queue for the shard of this number.
pub fn turns(shard: usize) -> (TurnSender, TurnReceiver) {
    let state = State { waiting: VecDeque::new(), senders: 1, receiver: true };
    let shared = Arc::new(Shared { shard, state: Mutex::new(state), changed: Condvar::new() });
    (TurnSender(shared.clone()), TurnReceiver(shared))
}

#[derive(Debug)]
struct Shared {
    shard: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// With the number of their alerts.
    waiting: VecDeque<(Turn, u64)>,
    senders: usize,
    receiver: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds it, unless there is no room.
    fn add(&mut self, shard: usize, turn: Turn) -> Option<Turn> {
        let (has_room, count) = (self.waiting.len() < TURNS_MAX, turn.alerts.count());
        let last = self.waiting.back_mut();
        // Side records stay with the end that has them.
        match last.filter(|(last, count)| last.end.sides[shard].is_empty() && *count < ALERTS_MAX) {
            Some((last, before)) => {
                last.end = turn.end;
                last.alerts.extend(turn.alerts);
                *before = before.saturating_add(count);
            }
            None if has_room => self.waiting.push_back((turn, count)),
            None => return Some(turn),
        }
        None
    }
}

/// Where a worker puts turns.
#[derive(Debug)]
pub struct TurnSender(Arc<Shared>);

impl TurnSender {
    /// Adds a turn, waiting for room. One that nobody will take is dropped.
    pub fn send(&self, turn: Turn) {
        let mut state = self.0.lock();
        let mut left = Some(turn);
        while let Some(turn) = left.take().filter(|_| state.receiver) {
            left = state.add(self.0.shard, turn);
            if left.is_some() {
                state = self.0.wait(state);
            }
        }
        self.0.changed.notify_all();
    }
}

impl Clone for TurnSender {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        TurnSender(self.0.clone())
    }
}

impl Drop for TurnSender {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.changed.notify_all();
    }
}

/// Where a shard's thread takes them.
#[derive(Debug)]
pub struct TurnReceiver(Arc<Shared>);

/// What a shard's thread finds.
#[derive(Debug)]
pub enum Taken {
    /// What waited.
    Turn(Turn),
    /// Nothing has come in time.
    Nothing,
    /// Nothing will come any more.
    Over,
}

impl TurnReceiver {
    /// Takes what waits first, waiting for it until this moment, if there is one.
    pub fn take(&self, until: Option<Instant>) -> Taken {
        let mut state = self.0.lock();
        loop {
            if let Some((turn, _)) = state.waiting.pop_front() {
                self.0.changed.notify_all();
                return Taken::Turn(turn);
            }
            if state.senders == 0 {
                return Taken::Over;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.0.wait(state),
                Some(left) if left.is_zero() => return Taken::Nothing,
                Some(left) => self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

impl Drop for TurnReceiver {
    fn drop(&mut self) {
        self.0.lock().receiver = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::PartitionId;
    use crate::io::{SideKind, SideRecord};
    use crate::operators::After;
    use tripline_query_lang::plan::StreamId;

    fn turn(tick: u64, sides: usize) -> Turn {
        let side = |_| {
            let partition = PartitionId { stream: StreamId(0), topic: "t".into(), partition: 0 };
            let kind = SideKind::Late { behind_us: 1 };
            let headers = Vec::new();
            (0, SideRecord { kind, partition, offset: 0, timestamp_us: None, key: None, value: None, headers })
        };
        let end = TickEnd {
            tick,
            watermark_us: None,
            start_us: None,
            cut: Arc::default(),
            floors: Arc::default(),
            sides: vec![Vec::new(), (0..sides).map(side).collect()],
            old: false,
            after: After::Next,
        };
        Turn { end: Arc::new(end), alerts: Alerts::default() }
    }

    fn ticks(receiver: &TurnReceiver) -> Vec<u64> {
        let next = || match receiver.take(Some(Instant::now())) {
            Taken::Turn(turn) => Some(turn.end.tick),
            Taken::Nothing | Taken::Over => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn turns_that_wait_become_one_but_for_those_with_side_records() {
        let (sender, receiver) = turns(1);
        (0..100).for_each(|tick| sender.send(turn(tick, 0)));
        assert_eq!(ticks(&receiver), [99]);
        for (tick, sides) in [(1, 0), (2, 1), (3, 0), (4, 0), (5, 2), (6, 1)] {
            sender.send(turn(tick, sides));
        }
        assert_eq!(ticks(&receiver), [2, 5, 6]);
    }

    #[test]
    fn a_full_queue_is_waited_for() {
        let (sender, receiver) = turns(1);
        let sent = std::thread::spawn(move || (0..50).for_each(|tick| sender.send(turn(tick, 1))));
        let taken = std::iter::from_fn(|| match receiver.take(None) {
            Taken::Turn(turn) => Some(turn.end.tick),
            Taken::Nothing | Taken::Over => None,
        });
        assert_eq!(taken.collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert!(sent.join().is_ok());
    }

    #[test]
    fn who_is_gone_is_not_waited_for() {
        let (sender, receiver) = turns(1);
        drop(receiver);
        (0..50).for_each(|tick| sender.send(turn(tick, 1)));
        let (sender, receiver) = turns(1);
        drop((sender.clone(), sender));
        assert!(matches!(receiver.take(None), Taken::Over));
    }
}
