//! `derive` with a window: what is said of a window's events, and how long it is.

use std::cell::RefCell;

use crate::ast;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes, warnings};
use crate::plan::{Body, Every, History, HistoryBound, HistoryFn, Key, Rule, Threshold, Window};
use crate::resolve::{Maker, World};
use crate::span::Span;
use crate::stdlib::find_zone;
use crate::types::constant::{count, duration_us};
use crate::types::place::{HistoryPlace, Place, Row, Slots};
use crate::value::Type;

use super::{rule, threshold};

const DAY_US: i64 = 86_400_000_000;

/// The names of what every row of a window has, besides its time.
pub(super) const BOUNDS: [&str; 2] = ["start", "end"];

/// The derive's meaning, fingerprint left open; `None` when it could not be made out, which was reported.
pub(super) fn lower<'a>(
    world: &World<'a>,
    maker: &Maker<'a>,
    body: &'a ast::Body,
    written: &'a ast::Spanned<ast::Window>,
) -> Option<Rule> {
    let file = maker.file;
    let body = match body {
        ast::Body::Threshold(body) => body,
        ast::Body::Pattern(_) => {
            let fault =
                Diagnostic::new(names::WINDOW, file, written.span, "a window is said of events, not of matches");
            world.report(fault.hint("derive the matches first, and make windows of that derive's rows"));
            return None;
        }
        ast::Body::Error(_) => return None,
    };
    if let Some(when) = &body.when {
        let fault = Diagnostic::new(names::WINDOW, file, when.span, "a window is not opened by a condition");
        world.report(fault.hint("`on .. where` says which events it takes, and `having` which rows are given"));
    }
    let window = window(world, file, written);
    let (mut ons, key) = threshold::clauses(world, maker, body)?;
    let slots = Slots { ons: threshold::on_names(world, &ons), table: RefCell::default() };
    let histories = RefCell::new(Vec::new());
    let with_bounds = with_bounds(world, maker, &key);
    let place = Place {
        what: "a window's row",
        row: Row::None,
        has_time: true,
        steps: None,
        keys: &with_bounds,
        with: &[],
        history: HistoryPlace::Window(&histories, &slots),
    };
    let output = rule::output(world, maker, place, &with_bounds);
    let window = window?;
    let mut histories = histories.into_inner();
    histories.iter_mut().for_each(|history| history.bound = window.bound());
    no_sketches(world, maker, &window, &histories);
    let slots = threshold::fill(&mut ons, slots);
    let window = Some(window);
    let body = Body::Threshold(Threshold { on: ons, slots, window, when: None, hold_us: None, episode_us: None });
    let draft = Rule::draft(maker.name.text.clone(), key, body, histories, output.fields);
    Some(Rule { having: output.having, ..draft })
}

/// The key with the bounds of the window behind it: by these names a row sees them.
fn with_bounds(world: &World<'_>, maker: &Maker<'_>, key: &[Key]) -> Vec<Key> {
    if let Some(part) = key.iter().find(|part| BOUNDS.contains(&part.name.as_str())) {
        let message = format!("the key's `{0}` and the window's `{0}` have one name", part.name);
        let span = maker.by.map_or(maker.name.span, |by| by.span);
        let fault = Diagnostic::new(names::DUPLICATE, maker.file, span, message);
        world.report(fault.hint(format!("name the key's part: `by (from: {})`", part.name)));
    }
    let bound = |name: &str| Key { name: name.to_owned(), ty: Type::Time };
    key.iter().cloned().chain(BOUNDS.map(bound)).collect()
}

/// Where windows overlap, one that ends lets go of a part of what is kept: a sketch cannot.
fn no_sketches(world: &World<'_>, maker: &Maker<'_>, window: &Window, histories: &[History]) {
    let sketched =
        |history: &History| matches!(history.func, HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_));
    if window.bound() != HistoryBound::Forever && histories.iter().any(sketched) {
        let message = "windows that overlap take no `approx`";
        let fault = Diagnostic::new(codes::HISTORY_FORM, maker.file, maker.name.span, message);
        world.report(fault.hint("windows that tile take it: `every 1h` without `over`"));
    }
}

fn window<'a>(world: &World<'a>, file: usize, written: &'a ast::Spanned<ast::Window>) -> Option<Window> {
    match &written.node {
        ast::Window::Session(gap) => above_zero(world, file, gap, "`session`").map(Window::Session),
        ast::Window::Count(events) => count(world, file, events, "`every .. events`").map(Window::Count),
        ast::Window::Every { every, over, zone } => {
            let every_us = above_zero(world, file, every, "`every`");
            let over_us = match over {
                Some(over) => above_zero(world, file, over, "`over`"),
                None => every_us,
            };
            let zone = match zone {
                Some(name) => Some(known_zone(world, file, name)?),
                None => None,
            };
            let (every_us, over_us) = (every_us?, over_us?);
            if zone.is_some() {
                fits_the_clock(world, file, every.span, every_us)?;
            }
            if over_us < every_us {
                let message =
                    "events between two windows are in none: each is shorter than the time between their ends";
                world.report(Diagnostic::new(warnings::GAPS, file, written.span, message));
            }
            Some(Window::Every(Every { every_us, over_us, zone }))
        }
    }
}

fn above_zero<'a>(world: &World<'a>, file: usize, tree: &'a ast::Expr, what: &'static str) -> Option<i64> {
    let us = duration_us(world, file, tree, what)?;
    if us > 0 {
        return Some(us);
    }
    world.fault(codes::RANGE, file, tree.span, format!("{what} needs a time above zero"));
    None
}

fn known_zone(world: &World<'_>, file: usize, name: &ast::Name) -> Option<String> {
    if find_zone(&name.text).is_none() {
        let message = format!("no time zone is called `{}`", name.text);
        let fault = Diagnostic::new(codes::RANGE, file, name.span, message);
        world.report(fault.hint("zones are called as in \"Europe/Berlin\" or \"UTC\""));
        return None;
    }
    Some(name.text.clone())
}

/// By a zone's clock, windows are parts of a day, or days.
fn fits_the_clock(world: &World<'_>, file: usize, span: Span, every_us: i64) -> Option<()> {
    if every_us % DAY_US == 0 || DAY_US % every_us == 0 {
        return Some(());
    }
    let message = "by the clock of a zone, windows are whole days, or a whole number of them makes a day";
    let fault = Diagnostic::new(codes::RANGE, file, span, message);
    world
        .report(fault.hint("`every 1d`, `every 7d`, `every 6h`, `every 15m`; any other length goes without `in zone`"));
    None
}

impl Window {
    /// How far the functions of a row look back from its end: where windows overlap, by time; otherwise whatever there is.
    fn bound(&self) -> HistoryBound {
        match self {
            Window::Every(every) if every.every_us != every.over_us => {
                // A day of a zone may have 25 hours.
                let longer_us = if every.zone.is_some() { DAY_US } else { 0 };
                HistoryBound::Time(every.over_us.saturating_add(longer_us))
            }
            _ => HistoryBound::Forever,
        }
    }
}
