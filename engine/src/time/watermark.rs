//! The watermark: the minimum over all partitions that still run, as far as their batches have been handed on.

use std::time::Duration;

use tripline_query_lang::plan::Stream;

/// Whether a partition holds time back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does.
    Running,
    /// It was quiet for longer than its stream's `idle`: it does not, until its next event.
    Idle,
    /// It has been read to its end.
    Finished,
}

#[derive(Clone, Debug)]
struct Seen {
    phase: Phase,
    watermark_us: Option<i64>,
    next: i64,
    quiet_since: Duration,
    idle_after: Option<Duration>,
    late_us: i64,
}

/// What is known of all partitions at the place where ticks are closed.
#[derive(Clone, Debug, Default)]
pub struct Watermarks {
    partitions: Vec<Seen>,
    released_us: Option<i64>,
    all_quiet: Option<AllQuiet>,
}

/// Since when all partitions are idle, and the event time of that moment: from there it goes on with the clock.
#[derive(Clone, Copy, Debug)]
struct AllQuiet {
    since: Duration,
    base_us: i64,
}

impl Watermarks {
    /// Adds a partition, numbered in order; `watermark_us` is what earlier decisions say of it.
    pub fn add(&mut self, stream: &Stream, next: i64, watermark_us: Option<i64>, now: Duration) {
        let idle_after = stream.idle_us.map(|us| Duration::from_micros(u64::try_from(us).unwrap_or(0)));
        self.partitions.push(Seen {
            phase: Phase::Running,
            watermark_us,
            next,
            quiet_since: now,
            idle_after,
            late_us: stream.late_us,
        });
    }

    /// Adds a partition that holds nothing back and moves nothing: one of a table.
    pub fn add_standing(&mut self, next: i64, now: Duration) {
        let phase = Phase::Finished;
        self.partitions.push(Seen { phase, watermark_us: None, late_us: 0, next, quiet_since: now, idle_after: None });
    }

    /// The watermark as it was released last.
    pub fn released_us(&self) -> Option<i64> {
        self.released_us
    }

    /// A batch of the partition is handed on, up to before offset `next`.
    pub fn deliver(&mut self, partition: usize, next: i64, watermark_us: Option<i64>, now: Duration) {
        let seen = &mut self.partitions[partition];
        seen.next = seen.next.max(next);
        seen.watermark_us = seen.watermark_us.max(watermark_us);
        self.wake(partition, now);
    }

    /// The partition is not idle after all.
    pub fn wake(&mut self, partition: usize, now: Duration) {
        let seen = &mut self.partitions[partition];
        seen.quiet_since = now;
        if seen.phase == Phase::Idle {
            seen.phase = Phase::Running;
            self.all_quiet = None;
        }
    }

    /// The partition has been read to its end. It holds nothing back any more, and moves nothing either.
    pub fn finish(&mut self, partition: usize) {
        self.partitions[partition].phase = Phase::Finished;
    }

    /// The next offset of the partition.
    pub fn next(&self, partition: usize) -> i64 {
        self.partitions[partition].next
    }

    /// The partitions of a phase.
    pub fn of_phase(&self, phase: Phase) -> impl Iterator<Item = usize> + '_ {
        self.partitions.iter().enumerate().filter(move |(_, seen)| seen.phase == phase).map(|(index, _)| index)
    }

    /// Every partition has been read to its end.
    pub fn all_finished(&self) -> bool {
        self.partitions.iter().all(|seen| seen.phase == Phase::Finished)
    }

    /// Partitions that have been quiet for longer than their stream's `idle` become idle; returns those that did.
    pub fn judge_idle(&mut self, now: Duration) -> Vec<usize> {
        let mut found = Vec::new();
        for (index, seen) in self.partitions.iter_mut().enumerate() {
            let quiet = now.saturating_sub(seen.quiet_since);
            if seen.phase == Phase::Running && seen.idle_after.is_some_and(|after| quiet > after) {
                seen.phase = Phase::Idle;
                found.push(index);
            }
        }
        found
    }

    /// When the next partition will become idle if nothing comes.
    pub fn next_idle(&self) -> Option<Duration> {
        let running = self.partitions.iter().filter(|seen| seen.phase == Phase::Running);
        running.filter_map(|seen| Some(seen.quiet_since + seen.idle_after?)).min()
    }

    /// Whether event time goes on with the clock, since all partitions are idle.
    pub fn goes_with_the_clock(&self) -> bool {
        self.of_phase(Phase::Running).next().is_none() && self.of_phase(Phase::Idle).next().is_some()
    }

    /// The event time before which everything has been handed on; `None` while some partition has not had an event. Never
    /// sinks. When all has been read to its end, it has passed the newest event.
    pub fn release(&mut self, now: Duration) -> Option<i64> {
        let mut running = self.partitions.iter().filter(|seen| seen.phase == Phase::Running).peekable();
        let found = match running.peek() {
            Some(_) => running.map(|seen| seen.watermark_us).min().flatten(),
            None if self.goes_with_the_clock() => self.by_the_clock(now),
            None => self.newest_us().map(|newest| newest.saturating_add(1)),
        };
        self.released_us = self.released_us.max(found);
        self.released_us
    }

    /// The time of the newest event.
    fn newest_us(&self) -> Option<i64> {
        self.partitions.iter().filter_map(|seen| Some(seen.watermark_us?.saturating_add(seen.late_us))).max()
    }

    fn by_the_clock(&mut self, now: Duration) -> Option<i64> {
        let newest = self.partitions.iter().map(|seen| seen.watermark_us).max().flatten();
        let base_us = self.released_us.max(newest)?;
        let quiet = *self.all_quiet.get_or_insert(AllQuiet { since: now, base_us });
        let passed = i64::try_from(now.saturating_sub(quiet.since).as_micros()).unwrap_or(i64::MAX);
        Some(quiet.base_us.saturating_add(passed))
    }

    /// The partitions that alone hold event time back and have been quiet for at least `patience`.
    pub fn holding(&self, now: Duration, patience: Duration) -> Vec<usize> {
        let running = || self.partitions.iter().enumerate().filter(|(_, seen)| seen.phase == Phase::Running);
        let Some(lowest) = running().map(|(_, seen)| seen.watermark_us).min() else { return Vec::new() };
        let newest = self.partitions.iter().map(|seen| seen.watermark_us).max().flatten();
        let holds = |seen: &Seen| {
            seen.watermark_us == lowest && lowest < newest && now.saturating_sub(seen.quiet_since) >= patience
        };
        running().filter(|(_, seen)| holds(seen)).map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tripline_query_lang::plan::FieldId;

    fn stream(idle_us: Option<i64>) -> Stream {
        Stream {
            name: "s".to_owned(),
            fields: Vec::new(),
            timed_by: FieldId(0),
            late_us: 0,
            ahead_us: None,
            idle_us,
            unique: None,
            origin: Default::default(),
        }
    }

    fn two(idle_us: Option<i64>) -> Watermarks {
        let mut marks = Watermarks::default();
        marks.add(&stream(idle_us), 0, None, Duration::ZERO);
        marks.add(&stream(idle_us), 0, None, Duration::ZERO);
        marks
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_partition_without_an_event_holds_time_back() {
        let mut marks = two(None);
        marks.deliver(0, 5, Some(100), ms(1));
        assert_eq!(marks.release(ms(1)), None);
        assert_eq!(marks.holding(ms(20), ms(10)), [1]);
        assert_eq!(marks.holding(ms(5), ms(10)), [] as [usize; 0]);
        marks.deliver(1, 1, Some(70), ms(20));
        assert_eq!(marks.release(ms(20)), Some(70));
        assert_eq!(marks.holding(ms(40), ms(10)), [1]);
    }

    #[test]
    fn a_finished_partition_neither_holds_nor_drives() {
        let mut marks = two(None);
        marks.deliver(0, 5, Some(100), ms(1));
        marks.deliver(1, 5, Some(50), ms(1));
        marks.finish(1);
        assert_eq!(marks.release(ms(1)), Some(100));
        marks.finish(0);
        assert_eq!(marks.release(ms(2)), Some(101), "all is over: time has passed the newest event");
        assert!(marks.all_finished() && !marks.goes_with_the_clock());
    }

    #[test]
    fn an_idle_partition_lets_time_go_and_holds_again_when_it_wakes() {
        let mut marks = two(Some(10_000));
        marks.deliver(0, 5, Some(100), ms(0));
        marks.deliver(1, 5, Some(50), ms(8));
        assert_eq!(marks.judge_idle(ms(10)), [] as [usize; 0], "exactly `idle` is still in time");
        assert_eq!(marks.judge_idle(ms(11)), [0]);
        marks.deliver(1, 6, Some(200), ms(12));
        assert_eq!(marks.release(ms(12)), Some(200));
        marks.deliver(0, 6, Some(220), ms(13));
        marks.deliver(1, 7, Some(300), ms(13));
        assert_eq!(marks.release(ms(13)), Some(220));
    }

    #[test]
    fn when_all_are_idle_time_goes_on_with_the_clock() {
        let mut marks = two(Some(10_000));
        marks.deliver(0, 5, Some(1_000), ms(0));
        assert_eq!(marks.judge_idle(ms(11)), [0, 1]);
        assert_eq!(marks.release(ms(11)), Some(1_000));
        assert_eq!(marks.release(ms(12)), Some(2_000));
        marks.deliver(1, 1, Some(1_500), ms(13));
        assert_eq!(marks.release(ms(13)), Some(2_000), "never sinks");
    }
}
