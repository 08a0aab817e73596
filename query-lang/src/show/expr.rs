//! Expressions with as few brackets as they need.

use super::literal::{literal, quoted};
use super::{Show, duration};
use crate::plan::{ArithOp, CompareOp, Expr, ExprKind, History, HistoryBound, HistoryFn, HistoryScope, LoopFn};

/// How strongly the parts of an expression hold together; a weaker one inside of a stronger one stands in brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    If,
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Minus,
    Atom,
}

impl Show<'_> {
    /// An expression in the language's notation.
    pub fn expr(self, expr: &Expr) -> String {
        self.within(expr, Holds::If)
    }

    /// In brackets if it holds together less strongly than its surroundings.
    fn within(self, expr: &Expr, around: Holds) -> String {
        // A conversion has no notation of its own.
        if let ExprKind::Convert(inner) = &expr.kind {
            return self.within(inner, around);
        }
        let (text, holds) = self.bare(expr);
        if holds < around { format!("({text})") } else { text }
    }

    fn list(self, parts: &[Expr], between: &str, around: Holds) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.within(part, around)).collect();
        parts.join(between)
    }

    fn pair(self, left: &Expr, between: &str, right: &Expr, holds: Holds, right_holds: Holds) -> (String, Holds) {
        (format!("{} {between} {}", self.within(left, holds), self.within(right, right_holds)), holds)
    }

    fn bare(self, expr: &Expr) -> (String, Holds) {
        let atom = |text: String| (text, Holds::Atom);
        match &expr.kind {
            ExprKind::Const(value) => atom(literal(value)),
            ExprKind::Field(field) => {
                let fields = self.stream.and_then(|stream| self.plan.streams.get(stream.index()));
                let name = fields.and_then(|stream| stream.fields.get(field.index())).map_or("?", |field| &field.name);
                atom(self.prefix.map_or(name.to_owned(), |prefix| format!("{prefix}.{name}")))
            }
            ExprKind::Slot(slot) => atom(self.slot(slot.index())),
            ExprKind::At => atom(self.prefix.map_or("at".to_owned(), |prefix| format!("{prefix}.at"))),
            ExprKind::Step(step, field) => {
                let name = self.step_name(*step);
                let fields = self.step_stream(*step).and_then(|stream| self.plan.streams.get(stream.index()));
                let field = fields.and_then(|stream| stream.fields.get(field.index())).map_or("?", |field| &field.name);
                atom(format!("{name}.{field}"))
            }
            ExprKind::StepAt(step) => atom(format!("{}.at", self.step_name(*step))),
            ExprKind::Loop { step, func, arg, filter } => {
                let name = self.step_name(*step);
                let inside = Show { stream: self.step_stream(*step), prefix: Some(name), ..self };
                let arg = arg.as_ref().map_or(name.to_owned(), |arg| inside.expr(arg));
                let filter = filter.as_ref().map_or(String::new(), |filter| format!(" where {}", inside.expr(filter)));
                atom(format!("{}({arg}{filter})", loop_fn(*func)))
            }
            ExprKind::Key(part) => {
                let names = self.rule.keys.iter().map(|key| key.name.as_str()).chain(["start", "end"]);
                atom(names.skip(*part as usize).take(1).collect())
            }
            ExprKind::With(position) => {
                let with = self.rule.fields.get(*position as usize);
                atom(with.map_or("?".to_owned(), |with| with.name.clone()))
            }
            ExprKind::History(id) => {
                let known = self.rule.histories.get(id.index());
                atom(known.map_or("?".to_owned(), |known| history(self, known)))
            }
            ExprKind::Prev { arg, n: 1 } => atom(format!("prev({})", self.expr(arg))),
            ExprKind::Prev { arg, n } => atom(format!("prev({}, {n})", self.expr(arg))),
            ExprKind::Lookup { table, key, field } => {
                let table = self.plan.tables.get(table.index());
                let field = table.and_then(|table| table.fields.get(field.index())).map_or("?", |field| &field.name);
                let name = table.map_or("?", |table| &table.name);
                atom(format!("{name}[{}].{field}", self.list(key, ", ", Holds::If)))
            }
            ExprKind::Listed { table, key } => {
                let name = self.plan.tables.get(table.index()).map_or("?", |table| &table.name);
                (format!("{} in {name}", self.list(key, ", ", Holds::Add)), Holds::Compare)
            }
            ExprKind::Not(inner) => (format!("not {}", self.within(inner, Holds::Not)), Holds::Not),
            ExprKind::And(parts) => (self.list(parts, " and ", Holds::Not), Holds::And),
            ExprKind::Or(parts) => (self.list(parts, " or ", Holds::And), Holds::Or),
            ExprKind::Negate(inner) => (format!("-{}", self.within(inner, Holds::Atom)), Holds::Minus),
            ExprKind::Arith(op, left, right) => {
                let (sign, holds, right_holds) = arith(*op);
                self.pair(left, sign, right, holds, right_holds)
            }
            ExprKind::Compare(op, left, right) => {
                let (text, _) = self.pair(left, compare(*op), right, Holds::Add, Holds::Add);
                (text, Holds::Compare)
            }
            ExprKind::Is { negated, left, right } => {
                let word = if *negated { "is not" } else { "is" };
                (self.pair(left, word, right, Holds::Add, Holds::Add).0, Holds::Compare)
            }
            ExprKind::In(item, list) => (self.pair(item, "in", list, Holds::Add, Holds::Add).0, Holds::Compare),
            ExprKind::Like(text, pattern) => {
                (format!("{} like {}", self.within(text, Holds::Add), quoted(pattern)), Holds::Compare)
            }
            ExprKind::Matches(text, regex) => {
                (format!("{} matches {}", self.within(text, Holds::Add), quoted(regex)), Holds::Compare)
            }
            ExprKind::If(condition, then, otherwise) => {
                let text = format!(
                    "if {} then {} else {}",
                    self.within(condition, Holds::Or),
                    self.within(then, Holds::Or),
                    self.within(otherwise, Holds::If)
                );
                (text, Holds::If)
            }
            ExprKind::Call(function, args) => {
                let name = function.function().name;
                atom(format!("{name}({})", self.list(args, ", ", Holds::If)))
            }
            ExprKind::Index(list, index) => atom(format!("{}[{}]", self.within(list, Holds::Atom), self.expr(index))),
            ExprKind::List(parts) => atom(format!("[{}]", self.list(parts, ", ", Holds::If))),
            ExprKind::Convert(inner) => self.bare(inner),
        }
    }

    fn slot(self, position: usize) -> String {
        match &self.rule.body {
            crate::plan::Body::Threshold(threshold) => {
                threshold.slots.get(position).map_or("?".to_owned(), |slot| slot.name.clone())
            }
            crate::plan::Body::Pattern(_) => "?".to_owned(),
        }
    }
}

/// The sign, how strongly it holds, and how strongly its right side has to.
fn arith(op: ArithOp) -> (&'static str, Holds, Holds) {
    match op {
        ArithOp::Add => ("+", Holds::Add, Holds::Multiply),
        ArithOp::Subtract => ("-", Holds::Add, Holds::Multiply),
        ArithOp::Multiply => ("*", Holds::Multiply, Holds::Minus),
        ArithOp::Divide => ("/", Holds::Multiply, Holds::Minus),
        ArithOp::Remainder => ("%", Holds::Multiply, Holds::Minus),
    }
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "==",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterEqual => ">=",
    }
}

fn loop_fn(func: LoopFn) -> &'static str {
    match func {
        LoopFn::Count => "count",
        LoopFn::Sum => "sum",
        LoopFn::Avg => "avg",
        LoopFn::Min => "min",
        LoopFn::Max => "max",
        LoopFn::Stddev => "stddev",
        LoopFn::Distinct => "distinct",
        LoopFn::First => "first",
        LoopFn::Last => "last",
        LoopFn::Collect => "collect",
    }
}

/// `sum(amount where ok) over 10m`
pub(super) fn history(show: Show<'_>, history: &History) -> String {
    let show = match &history.scope {
        HistoryScope::Admitted => Show { stream: None, prefix: None, ..show },
        HistoryScope::Step(step) => Show { stream: show.step_stream(*step), prefix: None, ..show },
    };
    let (name, extra) = function(&history.func);
    let mut args = match (&history.arg.value, &history.arg.only_on) {
        (Some(value), _) => show.expr(value),
        (None, Some(only)) => on_names(show, only),
        (None, None) => String::new(),
    };
    args.extend(extra.iter().flat_map(|extra| [", ", extra]));
    if let Some(filter) = &history.arg.filter {
        let gap = if args.is_empty() { "" } else { " " };
        args.push_str(&format!("{gap}where {}", show.expr(filter)));
    }
    let bound = match (history.bound, &history.func) {
        (HistoryBound::Forever, HistoryFn::Prev(_) | HistoryFn::Ewma(_)) => String::new(),
        // The window says how far.
        _ if show.rule.window().is_some() => String::new(),
        (bound, _) => format!(" {}", over(bound)),
    };
    let sketched = matches!(history.func, HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_));
    format!("{name}({args}){bound}{}", if sketched { " approx" } else { "" })
}

/// The names of `on` clauses by position.
fn on_names(show: Show<'_>, only: &[u32]) -> String {
    let crate::plan::Body::Threshold(threshold) = &show.rule.body else { return String::new() };
    let clauses = only.iter().filter_map(|position| threshold.on.get(*position as usize));
    let names = clauses.map(|on| on.name.as_deref().unwrap_or(show.stream_name(on.stream)));
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    names.join(", ")
}

/// A history function without what it looks at: `count(..) over 10m`.
pub(crate) fn history_in_short(history: &History) -> String {
    format!("{}(..) {}", function(&history.func).0, over(history.bound))
}

/// A function's name, and what stands behind its argument.
fn function(func: &HistoryFn) -> (&'static str, Option<String>) {
    match func {
        HistoryFn::Count => ("count", None),
        HistoryFn::Sum => ("sum", None),
        HistoryFn::Avg => ("avg", None),
        HistoryFn::Min => ("min", None),
        HistoryFn::Max => ("max", None),
        HistoryFn::Stddev => ("stddev", None),
        HistoryFn::Percentile(p) | HistoryFn::PercentileApprox(p) => ("percentile", Some(p.to_string())),
        HistoryFn::Distinct | HistoryFn::DistinctApprox => ("distinct", None),
        HistoryFn::Mode => ("mode", None),
        HistoryFn::ModeCount => ("mode_count", None),
        HistoryFn::First => ("first", None),
        HistoryFn::Last => ("last", None),
        HistoryFn::Collect => ("collect", None),
        HistoryFn::Prev(1) => ("prev", None),
        HistoryFn::Prev(n) => ("prev", Some(n.to_string())),
        HistoryFn::FirstSeen => ("first_seen", None),
        HistoryFn::Ewma(half_life_us) => ("ewma", Some(duration(*half_life_us))),
    }
}

/// `over 10m`, `over last 5`, ...
fn over(bound: HistoryBound) -> String {
    match bound {
        HistoryBound::Time(us) => format!("over {}", duration(us)),
        HistoryBound::Last(n) => format!("over last {n}"),
        HistoryBound::PreviousTime(us) => format!("over previous {}", duration(us)),
        HistoryBound::PreviousLast(n) => format!("over previous {n}"),
        HistoryBound::Before { span_us, gap_us } => format!("over {} before {}", duration(span_us), duration(gap_us)),
        HistoryBound::Forever => "over forever".to_owned(),
    }
}
