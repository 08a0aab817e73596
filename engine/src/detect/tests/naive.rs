//! Threshold rules against a loop that says what they mean, over random events, partitions, batches and workers.

use proptest::prelude::*;

use super::*;
use crate::event::Coordinates;
use tripline_query_lang::plan::Suppress;

/// What the loop does: `by key on p when count() over span >= n [alert every event] [suppress s]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    span_us: i64,
    n: i64,
    every_event: bool,
    suppress_us: Option<i64>,
}

pub(super) fn meaning() -> impl Strategy<Value = Meaning> {
    (0i64..9, 1i64..4, any::<bool>(), prop::option::of(0i64..9))
        .prop_map(|(span_us, n, every_event, suppress_us)| Meaning { span_us, n, every_event, suppress_us })
}

/// Events of a few keys in three partitions, each in order.
pub(super) fn events() -> impl Strategy<Value = Vec<(usize, i32, i64)>> {
    prop::collection::vec((0usize..4, 0i32..3, 0i64..4), 0..60).prop_map(|steps| {
        let mut now = 0;
        let mut at = |(key, partition, step)| {
            now += step;
            (key, partition, now)
        };
        steps.into_iter().map(&mut at).collect()
    })
}

pub(super) const KEYS: [Option<&str>; 4] = [Some("a"), Some("b"), Some("ccccccccc"), None];

impl Meaning {
    pub(super) fn rule(self) -> Rule {
        let mut rule = rule("meant");
        when_count(&mut rule, self.span_us, self.n);
        said(&mut rule).every_event = self.every_event;
        rule.suppress = self.suppress_us.map(|span_us| Suppress { span_us, by: Vec::new() });
        rule
    }

    /// The alerts' coordinates.
    fn alerts(self, events: &[(usize, Coordinates)]) -> Vec<Coordinates> {
        let mut out = Vec::new();
        for key in 0..3 {
            let own: Vec<&Coordinates> = events.iter().filter(|(k, _)| *k == key).map(|(_, c)| c).collect();
            let (mut open, mut last_alert) = (false, None::<i64>);
            for (index, event) in own.iter().enumerate() {
                let in_window = |other: &&&Coordinates| event.at_us - other.at_us <= self.span_us;
                let holds = own[..=index].iter().filter(in_window).count() as i64 >= self.n;
                let has_left = index > 0 && event.at_us - own[index - 1].at_us > self.span_us;
                let was_open = open && !has_left;
                open = holds;
                let silent = last_alert.zip(self.suppress_us).is_some_and(|(last, span)| event.at_us - last <= span);
                if holds && (self.every_event || !was_open) && !silent {
                    last_alert = Some(event.at_us);
                    out.push((*event).clone());
                }
            }
        }
        out.sort();
        out
    }
}

/// Batches with the watermark after each, and all events with their keys in the total order.
pub(super) type Input = (Vec<(Arc<Batch>, i64)>, Vec<(usize, Coordinates)>);

/// The events as batches of this size, partition by partition, and as the naive loop wants them.
pub(super) fn batches(events: &[(usize, i32, i64)], size: usize) -> Input {
    let mut batches = Vec::new();
    let mut all = Vec::new();
    let mut offset = 0;
    for chunk in events.chunks(size) {
        // The input as a whole is in order: nothing that comes later is below the last time.
        let watermark_us = chunk.last().map_or(0, |(.., at_us)| *at_us);
        for partition in (0..3).rev() {
            let of_it: Vec<_> = chunk.iter().filter(|(_, p, _)| *p == partition).collect();
            let rows: Vec<Event<'_>> = of_it.iter().map(|(key, _, at_us)| (KEYS[*key], 0, *at_us)).collect();
            let batch = batch(0, partition, offset, &rows);
            offset += rows.len() as i64;
            all.extend(of_it.iter().enumerate().map(|(row, (key, ..))| (*key, batch.coordinates(row))));
            batches.push((batch, if partition == 0 { watermark_us } else { i64::MIN }));
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    (batches, all)
}

proptest! {
    #[test]
    fn a_rule_says_what_the_loop_says(meaning in meaning(), events in events(), size in 1usize..20, workers in 1usize..4) {
        let (batches, all) = batches(&events, size);
        let mut local = local(vec![meaning.rule()], workers);
        let mut alerts = Vec::new();
        for (batch, watermark_us) in &batches {
            local.push(batch);
            alerts.extend(local.advance(*watermark_us));
        }
        alerts.extend(local.finish());
        let found: Vec<Coordinates> = alerts
            .iter()
            .filter_map(|alert| match &alert.evidence[0].what {
                Witness::Event(coordinates) => Some(coordinates.clone()),
                Witness::Deadline(_) => None,
            })
            .collect();
        prop_assert_eq!(found, meaning.alerts(&all));
        prop_assert!(alerts.is_sorted_by(|a, b| a.position < b.position));
        prop_assert!(local.detectors().iter().flatten().all(|d| d.open() == super::super::Open::default()));
    }
}
