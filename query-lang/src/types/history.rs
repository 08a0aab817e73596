//! History functions: what they look back over, how far, and what they give.

use std::cell::RefCell;

use super::Typer;
use super::check::{counted, describe};
use super::convert::{is_number, is_ordered, poison};
use super::place::{HistoryPlace, Place, Row};
use crate::ast::{self, Call, ExprKind as Tree, Over};
use crate::diagnostics::codes::{tables, types as codes, warnings};
use crate::plan::{Expr, ExprKind, History, HistoryArg, HistoryBound, HistoryFn, HistoryId, HistoryScope};
use crate::span::Span;
use crate::value::{Type, Value};

/// The names of all functions that look at more than one event.
pub(super) const FUNCTIONS: [&str; 16] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "stddev",
    "percentile",
    "distinct",
    "mode",
    "mode_count",
    "first",
    "last",
    "collect",
    "prev",
    "first_seen",
    "ewma",
];

/// Whether this is the name of one.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

/// The expression that reads this history; one that is the same is kept once.
fn noted(table: &RefCell<Vec<History>>, history: History) -> Expr {
    let mut table = table.borrow_mut();
    let ty = history.ty.clone();
    let position = table.iter().position(|known| *known == history).unwrap_or_else(|| {
        table.push(history);
        table.len() - 1
    });
    Expr { kind: ExprKind::History(HistoryId(position as u32)), ty }
}

impl<'a, 'p> Typer<'a, 'p> {
    /// A function over a loop if it looks at one, otherwise a history function.
    pub(super) fn history_or_loop(&mut self, call: &'a Call, span: Span) -> Expr {
        if let Some(steps) = self.place.steps
            && call.over.is_none()
            && let Some(step) = self.looped_step(call, steps)
        {
            if call.approx {
                let message = "a loop's events are few, and what is said of them is exact: it takes no `approx`";
                self.fault(codes::HISTORY_FORM, span, message);
                return poison();
            }
            return self.over_loop(call, steps, step, span);
        }
        match self.place.history {
            HistoryPlace::Admitted(table) => self.history(call, table, HistoryScope::Admitted, span),
            HistoryPlace::Step(table, step) => self.history(call, table, HistoryScope::Step(step), span),
            HistoryPlace::Window(table, _) => self.over_window(call, table, span),
            HistoryPlace::View(table, _) => self.of_view(call, table, span),
            HistoryPlace::Inside if call.name.text == "prev" && call.over.is_none() && call.filter.is_none() => {
                self.prev_inside(call, span)
            }
            HistoryPlace::Inside | HistoryPlace::InsidePrev => {
                let message = format!("`{}` looks back inside of a function that looks back", call.name.text);
                self.report(self.say(codes::NESTED_HISTORY, span, message).hint(
                    "an argument or filter may use `prev(x)` and `prev(x, n)`; a window in a window takes a `derive`",
                ));
                poison()
            }
            HistoryPlace::No(reason) => {
                let message = format!("{} cannot look back with `{}`", self.place.what, call.name.text);
                let fault = self.say(codes::NO_HISTORY, span, message).label(reason);
                let names_no_step = self.place.steps.is_some() && call.over.is_none();
                self.report(if names_no_step {
                    fault.hint(format!("name the loop that `{0}` looks at: `{0}(step.field)`", call.name.text))
                } else {
                    fault
                });
                poison()
            }
        }
    }

    /// `prev(x)` of each event that a history function looks at.
    fn prev_inside(&mut self, call: &'a Call, span: Span) -> Expr {
        let Some(n) = self.prev_distance(call, span) else { return poison() };
        let place = Place { history: HistoryPlace::InsidePrev, ..self.place };
        let arg = self.at_place(place).expr(&call.args[0]);
        let ty = arg.ty.clone();
        Expr { kind: ExprKind::Prev { arg: Box::new(arg), n }, ty }
    }

    /// The `n` of `prev(x, n)`.
    fn prev_distance(&mut self, call: &'a Call, span: Span) -> Option<u32> {
        match &call.args[..] {
            [_] => Some(1),
            [_, n] => self.constant_count(n, "the distance of `prev`", 1),
            _ => {
                self.fault(codes::ARGUMENTS, span, "`prev` takes a value, and how many events before");
                None
            }
        }
    }

    fn history(&mut self, call: &'a Call, table: &RefCell<Vec<History>>, scope: HistoryScope, span: Span) -> Expr {
        let before = self.world.error_count();
        let bound = self.bound(call, span);
        let Some((func, arg, ty)) = self.function(call, span) else { return poison() };
        let Some(bound) = bound else { return poison() };
        if self.world.error_count() > before || !self.check_bound(&func, bound, call, span) {
            return poison();
        }
        noted(table, History { func, scope, arg, bound, ty })
    }

    /// A function of a window's row: the window says how far it looks.
    fn over_window(&mut self, call: &'a Call, table: &RefCell<Vec<History>>, span: Span) -> Expr {
        let before = self.world.error_count();
        let name = &call.name.text;
        if let Some(over) = &call.over {
            let message = format!("the window says how far `{name}` looks: it takes no `over`");
            self.report(self.say(codes::HISTORY_FORM, over.span, message).hint(
                "for a longer look back, read this derive from another one, or leave out the window: a derive per event",
            ));
        }
        if matches!(name.as_str(), "prev" | "first_seen" | "ewma") {
            let message = format!("`{name}` is said of one event, and a row stands for a window of them");
            let fault = self.say(codes::HISTORY_FORM, span, message);
            self.report(fault.hint("use it in a derive per event, and make windows of that one's rows"));
            return poison();
        }
        let Some((func, arg, ty)) = self.function(call, span) else { return poison() };
        if self.world.error_count() > before {
            return poison();
        }
        // What lies outside of the window is not there when it is asked.
        noted(table, History { func, scope: HistoryScope::Admitted, arg, bound: HistoryBound::Forever, ty })
    }

    /// A function of a view's row: it is asked when no event of the view's own is at hand.
    fn of_view(&mut self, call: &'a Call, table: &RefCell<Vec<History>>, span: Span) -> Expr {
        let name = &call.name.text;
        let (what, hint) = match (name.as_str(), call.over.as_ref().map(|over| &over.node)) {
            ("prev", _) => ("nothing is previous", "the newest value is `last(x) over 30d`"),
            ("first_seen", _) => ("nothing is first", "`collect(x) over 30d` has the values, and `x in` asks for one"),
            (_, Some(Over::Previous(_))) => {
                ("nothing is previous", "`over 1h before 0s` leaves out what is of the moment itself")
            }
            _ => return self.history(call, table, HistoryScope::Admitted, span),
        };
        let message = format!("`{name}` looks back from an event, and a row is looked up when none is at hand: {what}");
        self.report(self.say(tables::VIEW_FIELD, span, message).hint(hint));
        poison()
    }

    /// The function with its argument, and the type of its value.
    fn function(&mut self, call: &'a Call, span: Span) -> Option<(HistoryFn, HistoryArg, Type)> {
        let place = self.place_inside();
        let mut arg = HistoryArg::default();
        if let Some(filter) = &call.filter {
            arg.filter = Some(self.at_place(place).bool(filter));
        }
        let name = call.name.text.as_str();
        if name == "count"
            && let [of] = &call.args[..]
            && self.counts_events(of, &mut arg)
        {
            return Some((HistoryFn::Count, arg, Type::Int));
        }
        if !self.takes(name, call.args.len(), span) {
            return None;
        }
        if let Some(value) = call.args.first() {
            let typed = self.at_place(place).expr(value);
            self.check_argument(
                if call.approx && name == "percentile" { "percentile .. approx" } else { name },
                &typed.ty,
                value,
            );
            if name == "count" && typed.ty == Type::Bool {
                let quoted = self.quote(value.span);
                let message = format!("`count` of a condition: {quoted} is counted whether it holds or not");
                let fault = self.say(warnings::COUNT_OF_CONDITION, value.span, message);
                self.report(fault.hint("events for which a condition holds are counted by `count(where c)`"));
            }
            arg.value = Some(typed);
        }
        let of = arg.value.as_ref().map_or(Type::Null, |value| value.ty.clone());
        let (func, ty) = match name {
            "count" => (HistoryFn::Count, Type::Int),
            "sum" => (HistoryFn::Sum, of),
            "avg" => (HistoryFn::Avg, Type::Float),
            "min" => (HistoryFn::Min, of),
            "max" => (HistoryFn::Max, of),
            "stddev" => (HistoryFn::Stddev, Type::Float),
            "percentile" if call.approx => {
                let ty = if of == Type::Duration { of } else { Type::Float };
                (HistoryFn::PercentileApprox(self.percentage(&call.args[1])?), ty)
            }
            "distinct" if call.approx => (HistoryFn::DistinctApprox, Type::Int),
            "percentile" => (HistoryFn::Percentile(self.percentage(&call.args[1])?), of),
            "distinct" => (HistoryFn::Distinct, Type::Int),
            "mode" => (HistoryFn::Mode, of),
            "mode_count" => (HistoryFn::ModeCount, Type::Int),
            "first" => (HistoryFn::First, of),
            "last" => (HistoryFn::Last, of),
            "collect" => (HistoryFn::Collect, Type::List(Box::new(of))),
            "prev" => (HistoryFn::Prev(self.prev_distance(call, span)?), of),
            "first_seen" => (HistoryFn::FirstSeen, Type::Bool),
            _ => (HistoryFn::Ewma(self.constant_us(&call.args[1], "a half life")?), Type::Float),
        };
        Some((func, arg, ty))
    }

    /// Where an argument or filter stands.
    fn place_inside(&self) -> Place<'p> {
        let place = Place {
            what: "a history function",
            steps: None,
            keys: &[],
            with: &[],
            history: HistoryPlace::Inside,
            ..self.place
        };
        match self.place.history {
            HistoryPlace::Window(_, slots) => {
                let history = HistoryPlace::No("use a derive per event, and make windows of its rows");
                Place { what: "a function of a window's row", row: Row::Slots(slots), has_time: true, history, ..place }
            }
            HistoryPlace::View(_, slots) => Place { row: Row::Slots(slots), has_time: true, ..place },
            _ => place,
        }
    }

    /// `count(NAME)`: the events of one stream or clause. In a step's `where` it is the step's own.
    fn counts_events(&self, of: &'a ast::Expr, arg: &mut HistoryArg) -> bool {
        let Tree::Name(name) = &self.through_let(of).node else { return false };
        match (self.place.row, self.place.history) {
            (Row::Slots(slots), _) | (_, HistoryPlace::Window(_, slots) | HistoryPlace::View(_, slots)) => {
                let named = slots.ons.iter().enumerate().filter(|(_, on)| on.is(name));
                let named: Vec<_> = named.map(|(position, _)| position as u32).collect();
                let is_some = !named.is_empty();
                // All of them is no restriction.
                arg.only_on = (is_some && named.len() < slots.ons.len()).then_some(named);
                is_some
            }
            (Row::Stream(stream), HistoryPlace::Step(_, step)) => {
                let own = self.place.steps.is_some_and(|steps| steps.all[step.index()].name == *name);
                own || self.world.stream(stream).name == *name
            }
            _ => false,
        }
    }

    /// Whether the function takes so many arguments; says if not.
    fn takes(&self, name: &str, given: usize, span: Span) -> bool {
        let (fits, form) = match name {
            "count" => (given <= 1, "count()` or `count(x)"),
            "percentile" => (given == 2, "percentile(x, p)"),
            "ewma" => (given == 2, "ewma(x, half_life)"),
            "prev" => (given == 1 || given == 2, "prev(x)` or `prev(x, n)"),
            _ => (given == 1, ""),
        };
        if !fits {
            let form = if form.is_empty() { format!("{name}(x)") } else { form.to_owned() };
            let message = format!("`{name}` does not take {}", counted(given, "argument"));
            self.report(self.say(codes::ARGUMENTS, span, message).hint(format!("it is `{form}`")));
        }
        fits
    }

    /// Says what is wrong with the type that a function looks at.
    pub(super) fn check_argument(&self, name: &str, ty: &Type, tree: &'a ast::Expr) {
        let (fits, wanted) = match name {
            "sum" | "percentile .. approx" => (is_number(ty) || *ty == Type::Duration, "numbers or durations"),
            "avg" | "stddev" | "ewma" => (is_number(ty), "numbers"),
            "min" | "max" | "percentile" => (is_ordered(ty), "values that have an order"),
            "distinct" | "mode" | "mode_count" | "first_seen" | "collect" => {
                (!matches!(ty, Type::List(_)), "single values")
            }
            _ => (true, ""),
        };
        if fits {
            return;
        }
        let message = format!("{} is {}: `{name}` takes {wanted}", self.quote(tree.span), describe(ty));
        let fault = self.say(codes::EXPECTED, tree.span, message);
        self.report(match ty {
            Type::Duration => fault.hint("`seconds(d)` makes a number of a duration"),
            _ => fault,
        });
    }

    fn percentage(&mut self, tree: &'a ast::Expr) -> Option<f64> {
        let expr = self.of_type(tree, &Type::Float);
        match super::convert::constant_value(&expr) {
            Some(Value::Float(p)) if (0.0..=100.0).contains(p) => Some(*p),
            Some(Value::Float(p)) => {
                let message = format!("a percentile lies between 0 and 100, not at {p}");
                self.fault(codes::RANGE, tree.span, message);
                None
            }
            Some(_) => None,
            None => {
                self.not_constant(tree, "the percentage");
                None
            }
        }
    }

    /// How far back; none when it was reported.
    fn bound(&mut self, call: &'a Call, span: Span) -> Option<HistoryBound> {
        let Some(over) = &call.over else {
            let name = call.name.text.as_str();
            if matches!(name, "prev" | "ewma") {
                return Some(HistoryBound::Forever);
            }
            self.report(
                self.say(codes::NO_BOUND, span, format!("`{name}` does not say how far it looks back"))
                    .label("expected `over` behind it")
                    .hint("`over 10m`, `over last 5`, `over previous 1h`, or `over forever`"),
            );
            return None;
        };
        match &over.node {
            Over::Time(span) => self.constant_us(span, "`over`").map(HistoryBound::Time),
            Over::Last(n) => self.constant_count(n, "`over last`", 1).map(HistoryBound::Last),
            Over::Before(length, gap) => {
                let (span_us, gap_us) = (self.constant_us(length, "`over`"), self.constant_us(gap, "`before`"));
                Some(HistoryBound::Before { span_us: span_us?, gap_us: gap_us? })
            }
            Over::Forever => Some(HistoryBound::Forever),
            Over::Previous(of) => {
                let place = Place::constant("`over previous`");
                if self.at_place(place).expr(of).ty == Type::Int {
                    self.constant_count(of, "`over previous`", 1).map(HistoryBound::PreviousLast)
                } else {
                    self.constant_us(of, "`over previous`").map(HistoryBound::PreviousTime)
                }
            }
        }
    }

    /// Whether the function can look back so far; says if not.
    fn check_bound(&self, func: &HistoryFn, bound: HistoryBound, call: &Call, span: Span) -> bool {
        let name = &call.name.text;
        let span = call.over.as_ref().map_or(span, |over| over.span);
        let growing = matches!(
            func,
            HistoryFn::Distinct
                | HistoryFn::Percentile(_)
                | HistoryFn::Mode
                | HistoryFn::ModeCount
                | HistoryFn::Collect
                | HistoryFn::FirstSeen
        );
        let sketched = matches!(func, HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_));
        let fault = match (func, bound) {
            (_, HistoryBound::Last(_) | HistoryBound::PreviousLast(_)) if sketched => self
                .say(
                    codes::HISTORY_FORM,
                    span,
                    "`approx` cuts a window into pieces of time, and this one counts events",
                )
                .hint("without `approx` it is exact, and holds so many values"),
            (_, HistoryBound::Before { .. }) if sketched => self
                .say(codes::HISTORY_FORM, span, "`approx` looks back from now: it takes no `before`")
                .hint("without `approx` it is exact"),
            (_, HistoryBound::Forever) if growing => self
                .say(codes::GROWS, span, format!("`{name}` cannot look back for ever: it would remember every value"))
                .hint("give it a bound, such as `over 30d` or `over last 1000`"),
            (HistoryFn::Prev(_), HistoryBound::Time(_) | HistoryBound::Forever) => return true,
            (HistoryFn::Prev(_), _) => self
                .say(codes::HISTORY_FORM, span, "`prev` looks at one event: its window is `over D`, or none")
                .hint("`prev(x)`, `prev(x, 3)`, `prev(x) over 24h`"),
            (HistoryFn::Ewma(_), _) if call.over.is_some() => {
                self.say(codes::HISTORY_FORM, span, "`ewma` has its half life: it takes no `over`")
            }
            (HistoryFn::FirstSeen, HistoryBound::Before { .. }) => {
                self.say(codes::HISTORY_FORM, span, "`first_seen` looks back from this event: it takes no `before`")
            }
            _ => return true,
        };
        self.report(fault);
        false
    }
}
