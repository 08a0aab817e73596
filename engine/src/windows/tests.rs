//! Windows against a recount of all events, written out and read back on the way.

use proptest::prelude::*;
use tripline_query_lang::plan::{
    Every, Expr, ExprKind, Field, FieldId, History, HistoryArg, HistoryBound, HistoryFn, HistoryScope, StreamId, Window,
};
use tripline_query_lang::value::{Type, Value};

use super::{Tiles, WindowProgram, WindowState};
use crate::event::{BatchBuilder, PartitionId};
use crate::expr::{BatchRow, Scene};

/// Start, end and number of events of each window.
type Rows = Vec<(i64, i64, i64)>;

fn count(bound: HistoryBound) -> History {
    History { func: HistoryFn::Count, scope: HistoryScope::Admitted, arg: HistoryArg::default(), bound, ty: Type::Int }
}

fn program(window: &Window) -> WindowProgram {
    let bound = match window {
        Window::Every(every) if every.every_us != every.over_us => HistoryBound::Time(every.over_us),
        _ => HistoryBound::Forever,
    };
    WindowProgram::new(window, &[count(bound)])
}

/// What is told, with the watermark going on to `marks` on the way and the state read back there.
fn told(window: &Window, events: &[i64], marks: &[i64]) -> Rows {
    let program = program(window);
    let mut state = WindowState::default();
    let mut rows = Rows::new();
    let mut tell = |row: super::Row<'_>| {
        let Value::Int(n) = row.values[0] else { return };
        rows.push((row.start_us, row.end_us, n));
    };
    for at_us in events {
        for mark in marks.iter().filter(|mark| *mark <= at_us) {
            program.close(&mut state, *mark, &mut tell);
            let mut bytes = Vec::new();
            program.write(&state, &mut bytes);
            state = program.read(&mut &bytes[..]).expect("what was written");
        }
        if program.event(&mut state, 0, &Scene { at_us: *at_us, ..Scene::EMPTY }, &mut tell) {
            program.complete(&mut state, &mut tell);
        }
    }
    if let Some(deadline_us) = program.deadline(&state) {
        let idle = program.close(&mut state, deadline_us, &mut tell);
        assert!(!idle, "nothing is due at the deadline itself");
    }
    program.close(&mut state, i64::MAX, &mut tell);
    rows
}

/// By looking at every possible window.
fn recounted(window: &Window, events: &[i64]) -> Rows {
    match window {
        Window::Every(every) => {
            let tiles = Tiles::new(every);
            let windows =
                (-50..250).filter(|end| tiles.end_after(end - 1) == *end).map(|end| (tiles.start_of(end), end));
            let with_count = windows.map(|(start, end)| {
                (start, end, events.iter().filter(|at| start <= **at && **at < end).count() as i64)
            });
            with_count.filter(|(.., n)| *n > 0).collect()
        }
        Window::Session(gap) => {
            let mut rows = Rows::new();
            for at in events {
                match rows.last_mut() {
                    Some((_, end, n)) if at <= end => (*end, *n) = (at + gap, *n + 1),
                    _ => rows.push((*at, at + gap, 1)),
                }
            }
            rows
        }
        Window::Count(n) => {
            events.chunks_exact(*n as usize).map(|all| (all[0], all[all.len() - 1], i64::from(*n))).collect()
        }
    }
}

proptest! {
    #[test]
    fn windows_are_what_a_recount_gives(
        steps in prop::collection::vec(0i64..9, 0..30),
        marks in prop::collection::vec(0i64..120, 0..4),
        every_us in 1i64..12, over_us in 1i64..20, gap in 1i64..6, n in 1u32..5,
    ) {
        let mut at_us = -10;
        let events: Vec<i64> = steps.into_iter().map(|step| { at_us += step; at_us }).collect();
        for window in [
            Window::Every(Every { every_us, over_us: every_us, zone: None }),
            Window::Every(Every { every_us, over_us, zone: None }),
            Window::Session(gap),
            Window::Count(n),
        ] {
            prop_assert_eq!(told(&window, &events, &marks), recounted(&window, &events), "{:?}", window);
        }
    }
}

/// Rows with the value of a `distinct`, by panes or without; the state is read back at every mark.
fn distinct(every: &Every, least: Option<u64>, events: &[(i64, Option<u8>)], marks: &[i64]) -> Rows {
    let slot = Expr { kind: ExprKind::Field(FieldId(0)), ty: Type::Text };
    let arg = HistoryArg { value: Some(slot), ..HistoryArg::default() };
    let bound = HistoryBound::Time(every.over_us);
    let histories = [History { func: HistoryFn::Distinct, scope: HistoryScope::Admitted, arg, bound, ty: Type::Int }];
    let window = Window::Every(every.clone());
    let program = match least {
        Some(least) => WindowProgram::by_panes(&window, &histories, least),
        None => WindowProgram::new(&window, &histories),
    };
    let field = Field { name: "x".into(), ty: Type::Text, optional: true, path: Vec::new(), time_unit: None };
    let mut builder = BatchBuilder::of_fields(&[field], &[true]);
    for (at_us, value) in events {
        match value {
            // Some are too long to stand in a code.
            Some(value) => builder.columns[0].push_text(&"x".repeat(usize::from(*value))),
            None => builder.columns[0].push_null(),
        }
        builder.end_row(*at_us, 0);
    }
    let batch = builder.finish(PartitionId { stream: StreamId(0), topic: "t".into(), partition: 0 });
    let mut state = WindowState::default();
    let mut rows = Rows::new();
    let mut tell = |row: super::Row<'_>| {
        let Value::Int(n) = row.values[0] else { return };
        rows.push((row.start_us, row.end_us, n));
    };
    for (row, (at_us, _)) in events.iter().enumerate() {
        for mark in marks.iter().filter(|mark| *mark <= at_us) {
            if program.deadline(&state).is_some_and(|deadline_us| deadline_us < *mark) {
                program.close(&mut state, *mark, &mut tell);
            }
            let mut bytes = Vec::new();
            program.write(&state, &mut bytes);
            state = program.read(&mut &bytes[..]).expect("what was written");
            let mut again = Vec::new();
            program.write(&state, &mut again);
            assert_eq!(again, bytes);
            if row + 1 == events.len() {
                (0..bytes.len()).for_each(|length| assert!(program.read(&mut &bytes[..length]).is_err()));
            }
        }
        program.event(&mut state, 0, &Scene::of_row(&BatchRow { batch: &batch, row }), &mut tell);
    }
    while let Some(deadline_us) = program.deadline(&state) {
        program.close(&mut state, deadline_us, &mut tell);
        program.close(&mut state, deadline_us + 1, &mut tell);
        assert!(program.deadline(&state).is_none_or(|next_us| next_us > deadline_us));
    }
    assert!(program.is_idle(&state));
    rows
}

proptest! {
    #[test]
    fn panes_are_another_way_to_the_same_rows(
        events in prop::collection::vec((0i64..5, prop::option::weighted(0.9, 0u8..60)), 0..150),
        marks in prop::collection::vec(0i64..300, 0..3),
        every_us in 1i64..9, panes in 1i64..5, least in 0u64..20,
    ) {
        let mut at_us = -10;
        let events: Vec<_> = events.into_iter().map(|(step, value)| { at_us += step; (at_us, value) }).collect();
        let every = Every { every_us, over_us: every_us * panes, zone: None };
        let mut expected = distinct(&every, None, &events, &marks);
        expected.retain(|(.., n)| *n >= least as i64);
        prop_assert_eq!(distinct(&every, Some(least), &events, &marks), expected);
    }
}
