//! A rule in the making: names, words, and the text of the whole file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::fields::{Fields, ID, Kind, TIME, quoted};
use super::notation::{self, Expr};
use super::print::{Scope, Step, Variable};

/// Branches that `each` may make per run: enough for any case.
pub const LIMIT: &str = " limit 1000";

/// Longer than any input.
pub const EVER: &str = "36500d";

/// One rule, as the parts that come before and after its steps.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// `by`, already written.
    pub by: String,
    /// `within`: milliseconds; none is `forever`.
    pub within_ms: Option<i64>,
    /// `runs ..`
    pub runs: Option<&'static str>,
    /// The steps.
    pub seq: String,
    /// `without ..`
    pub without: Vec<String>,
    /// `after match skip ..`
    pub skip: String,
    /// One alert per key, ever.
    pub once: bool,
    /// Alerts again so often, milliseconds, while the absence at the end lasts.
    pub repeat_ms: Option<i64>,
    /// Rules that this one is built on, as text.
    pub helpers: Vec<String>,
    /// `with`: names and what they are.
    pub with: Vec<(String, String)>,
}

impl Rule {
    /// The rule's text.
    pub fn text(&self, name: &str) -> String {
        let mut text = format!("{}rule {name} {{\n", self.helpers.concat());
        let mut line = |line: String| {
            let _ = writeln!(text, "  {line}");
        };
        if !self.by.is_empty() {
            line(format!("by {}", self.by));
        }
        line(format!("within {}", self.within_ms.map_or("forever".to_string(), |ms| format!("{ms}ms"))));
        if let Some(runs) = self.runs {
            line(format!("runs {runs}"));
        }
        line(format!("match {}", self.seq));
        for without in &self.without {
            line(format!("without {without}"));
        }
        line(format!("after match skip {}", if self.skip.is_empty() { "past last event" } else { &self.skip }));
        if self.once {
            line(format!("suppress {EVER}"));
        }
        line("alert info \"match\"".to_string());
        if !self.with.is_empty() {
            let with: Vec<String> = self.with.iter().map(|(name, what)| format!("{name} = {what}")).collect();
            line(format!("with {}", with.join(", ")));
        }
        if let Some(ms) = self.repeat_ms {
            line(format!("repeat {ms}ms"));
        }
        text.push_str("}\n");
        text
    }
}

/// The stream that all events of a case belong to.
pub fn stream(fields: &Fields, late_ms: i64) -> String {
    let mut text = "stream ev {\n".to_string();
    for (name, kind) in fields.iter() {
        let _ = writeln!(text, "  {}: {}?", quoted(name), kind.name());
    }
    if fields.ids {
        let _ = writeln!(text, "  {ID}: text");
    }
    let _ = writeln!(text, "  {TIME}: time(ms)\n}} timed by {TIME}, late {late_ms}ms\n");
    text
}

/// What is known while a rule is written: attributes, variables and their steps.
pub struct Writer<'a> {
    /// The attributes.
    pub fields: &'a mut Fields,
    /// The variables so far.
    pub variables: BTreeMap<String, Variable>,
    /// Which variable each step stands for.
    pub steps: BTreeMap<String, String>,
    /// `a.x` is of the last event of `a`, the one at hand included.
    pub rows: bool,
    /// Text is compared without case.
    pub lowered: bool,
    /// Which variable's events a `with` field of the match names.
    pub ids: BTreeMap<String, String>,
    /// The clock starts at 0, before the first event.
    pub from_zero: bool,
    /// An event of no type tells that the clock has stopped.
    pub to_end: bool,
}

impl<'a> Writer<'a> {
    /// Nothing written yet.
    pub fn new(fields: &'a mut Fields) -> Self {
        Writer {
            fields,
            variables: BTreeMap::new(),
            steps: BTreeMap::new(),
            rows: false,
            lowered: false,
            ids: BTreeMap::new(),
            from_zero: false,
            to_end: false,
        }
    }

    /// A new step of a variable.
    pub fn step(&mut self, variable: &str, is_loop: bool, may_be_empty: bool) -> String {
        let letters = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut base: String = variable.chars().map(letters).collect();
        let is_taken = |name: &str, writer: &Self| {
            writer.steps.contains_key(name)
                || writer.fields.kind(name).is_some()
                || quoted(name) != name
                || name == TIME
        };
        if base.is_empty() || base.starts_with(|c: char| c.is_ascii_digit()) {
            base = format!("s{base}");
        }
        let mut name = base.clone();
        let mut number = 1;
        while is_taken(&name, self) {
            number += 1;
            name = format!("{base}_{number}");
        }
        self.steps.insert(name.clone(), variable.to_string());
        let step = Step { name: name.clone(), is_loop, may_be_empty, via: None };
        self.variables.entry(variable.to_string()).or_insert(Variable { steps: Vec::new() }).steps.push(step);
        name
    }

    /// When the first event of a variable came.
    pub fn first_at(&self, variable: &str) -> Option<String> {
        let step = self.variables.get(variable)?.steps.first()?;
        Some(if step.is_loop { format!("first({}.at)", step.name) } else { format!("{}.at", step.name) })
    }

    /// `with` fields that name the events of all steps so far, for the rules that are built on this one.
    pub fn name_events(&mut self) -> Vec<(String, String)> {
        self.fields.ids = true;
        let steps = self.variables.values().flat_map(|variable| &variable.steps);
        let one = |step: &Step| {
            let what = match step.is_loop {
                true => format!("collect({}.{ID})", step.name),
                false => format!("{}.{ID}", step.name),
            };
            (format!("ids_{}", step.name), what)
        };
        steps.map(one).collect()
    }

    /// The same fields, handed on by a rule that takes the other's alerts at this step.
    pub fn hand_on(&mut self, names: &[(String, String)], step: &str) -> Vec<(String, String)> {
        let hand = |(name, _): &(String, String)| {
            let variable = self.steps.get(name.trim_start_matches("ids_")).cloned().unwrap_or_default();
            self.ids.insert(name.clone(), variable);
            (name.clone(), format!("{step}.{name}"))
        };
        names.iter().map(hand).collect()
    }

    /// A condition as the source writes it; none holds always.
    pub fn read(&mut self, text: Option<&str>) -> Result<Option<Expr>, String> {
        let Some(text) = text else { return Ok(None) };
        let expr = notation::parse(text)?;
        self.declare(&expr, Kind::Text);
        Ok(Some(expr))
    }

    /// Attributes that no event has are missing everywhere; they are of the type of what they are compared with.
    fn declare(&mut self, expr: &Expr, kind: Kind) {
        match expr {
            Expr::Name(name) if !self.variables.contains_key(name) && name != "*" => self.fields.declare(name, kind),
            Expr::Member(_, name) if name != "*" => self.fields.declare(name, kind),
            Expr::Not(a) | Expr::Negate(a) | Expr::IsNull(a, _) => self.declare(a, kind),
            Expr::Index(a, b) => {
                self.declare(a, Kind::Texts);
                self.declare(b, Kind::Int);
            }
            Expr::Binary("and" | "or", a, b) => {
                self.declare(a, Kind::Bool);
                self.declare(b, Kind::Bool);
            }
            Expr::Binary(_, a, b) => {
                self.declare(a, self.kind_of(b).unwrap_or(kind));
                self.declare(b, self.kind_of(a).unwrap_or(kind));
            }
            Expr::Between(a, b, c, _) => {
                let kind = self.kind_of(b).unwrap_or(kind);
                [a, b, c].into_iter().for_each(|e| self.declare(e, kind));
            }
            Expr::In(a, list, _) => {
                self.declare(a, list.first().and_then(|x| self.kind_of(x)).unwrap_or(kind));
                list.iter().for_each(|e| self.declare(e, kind));
            }
            Expr::Call(name, args) if !matches!(name.as_str(), "count" | "first" | "last") => {
                let numeric = matches!(name.as_str(), "add" | "subtract" | "multiply" | "divide" | "modulo" | "abs");
                let of_numbers = numeric || matches!(name.as_str(), "sum" | "avg");
                args.iter().for_each(|e| self.declare(e, if of_numbers { Kind::Int } else { Kind::Text }));
            }
            _ => {}
        }
    }

    /// The type that a value shows.
    fn kind_of(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Number(digits) => Some(if digits.contains('.') { Kind::Float } else { Kind::Int }),
            Expr::Text(_) => Some(Kind::Text),
            Expr::Bool(_) => Some(Kind::Bool),
            Expr::Name(name) | Expr::Member(_, name) => self.fields.kind(name),
            Expr::Negate(inner) => self.kind_of(inner),
            Expr::Binary("+" | "-" | "*" | "/" | "%", a, b) => self.kind_of(a).or_else(|| self.kind_of(b)),
            _ => None,
        }
    }

    /// Writes a condition for a step of a variable.
    pub fn print(&self, expr: &Expr, own: Option<(&str, &str)>) -> Result<String, String> {
        self.scope(own).print(expr)
    }

    /// Writes a value that is compared with others: text without case where the source does so.
    pub fn print_compared(&self, expr: &Expr) -> Result<String, String> {
        self.scope(None).print_compared(expr)
    }

    fn scope<'s>(&'s self, own: Option<(&'s str, &'s str)>) -> Scope<'s> {
        Scope {
            fields: self.fields,
            variables: &self.variables,
            own: own.map(|(variable, _)| variable),
            own_step: own.map(|(_, step)| step),
            rows: self.rows,
            lowered: self.lowered,
        }
    }

    /// An event's type as a condition.
    pub fn type_is(&mut self, name: &str) -> String {
        self.fields.declare("type", Kind::Text);
        match self.fields.kind("type") {
            Some(Kind::Text) => format!("type == \"{name}\""),
            _ => "false".to_string(),
        }
    }
}

/// `where ..` of all that is there.
pub fn filter(conditions: &[String]) -> String {
    let bracketed = |c: &String| if conditions.len() > 1 { format!("({c})") } else { c.clone() };
    let all: Vec<String> = conditions.iter().map(bracketed).collect();
    if all.is_empty() { String::new() } else { format!(" where {}", all.join(" and ")) }
}

/// A quantifier. `{1}` is none.
pub fn quantifier(min: i64, max: Option<i64>) -> String {
    match (min, max) {
        (1, Some(1)) => String::new(),
        (0, Some(1)) => "?".to_string(),
        (0, None) => "*".to_string(),
        (1, None) => "+".to_string(),
        (n, Some(m)) if n == m => format!("{{{n}}}"),
        (n, Some(m)) => format!("{{{n},{m}}}"),
        (n, None) => format!("{{{n},}}"),
    }
}

/// `after match skip ..` for the source's own words. A target must not be empty.
pub fn skip(case_skip: &str, writer: &Writer<'_>) -> Result<String, String> {
    let target = |variable: &str, last: bool| {
        let steps = &writer.variables.get(variable).ok_or(format!("skip to {variable}, which is no variable"))?.steps;
        let step = if last { steps.last() } else { steps.first() };
        match step {
            Some(step) if !step.may_be_empty => Ok(step.name.clone()),
            _ => Err(format!("skip to {variable}, which may be empty")),
        }
    };
    match case_skip.split_once(':') {
        Some(("to_first", variable)) => Ok(format!("to first {}", target(variable, false)?)),
        Some(("to_last", variable)) => Ok(format!("to last {}", target(variable, true)?)),
        _ => match case_skip {
            "none" | "current_row" | "" => Ok("none".to_string()),
            "next" => Ok("to next event".to_string()),
            "past_last" => Ok("past last event".to_string()),
            other => Err(format!("skip {other}")),
        },
    }
}

/// Whether no event can satisfy both: equalities or prefixes that exclude each other, or opposite comparisons.
pub fn disjoint(a: Option<&Expr>, b: Option<&Expr>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    if *a == Expr::Bool(false) || *b == Expr::Bool(false) {
        return true;
    }
    if let Expr::Binary("or", x, y) = a {
        return disjoint(Some(x), Some(b)) && disjoint(Some(y), Some(b));
    }
    if let Expr::Binary("or", ..) = b {
        return disjoint(Some(b), Some(a));
    }
    parts(a).iter().any(|a| parts(b).iter().any(|b| exclude(a, b)))
}

fn parts(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::Binary("and", a, b) => [parts(a), parts(b)].concat(),
        other => vec![bare(other)],
    }
}

/// `A.value` of the event at hand is `value`.
fn bare(expr: &Expr) -> Expr {
    match expr {
        Expr::Member(of, name) if matches!(**of, Expr::Name(_)) => Expr::Name(name.clone()),
        Expr::Binary(op, a, b) => Expr::Binary(op, Box::new(bare(a)), Box::new(bare(b))),
        Expr::Call(name, args) => Expr::Call(name.clone(), args.iter().map(bare).collect()),
        other => other.clone(),
    }
}

fn exclude(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Binary(op, x, v), Expr::Binary(other, y, w)) if x == y => match (&**v, &**w) {
            (v, w) if v == w => opposite(op, other),
            (Expr::Text(v), Expr::Text(w)) => *op == "==" && *other == "==" && v != w,
            (Expr::Number(v), Expr::Number(w)) => apart(op, v.parse().unwrap_or(0.0), other, w.parse().unwrap_or(0.0)),
            _ => false,
        },
        (Expr::Call(f, a), Expr::Call(g, b)) if f == "starts_with" && g == "starts_with" => match (&a[..], &b[..]) {
            ([x, Expr::Text(p)], [y, Expr::Text(q)]) => {
                x == y && !p.starts_with(q.as_str()) && !q.starts_with(p.as_str())
            }
            _ => false,
        },
        _ => false,
    }
}

fn opposite(a: &str, b: &str) -> bool {
    let pairs = [("<", ">"), ("<", ">="), ("<", "=="), (">", "<="), (">", "=="), ("==", "!=")];
    pairs.iter().any(|(x, y)| (a, b) == (*x, *y) || (a, b) == (*y, *x))
}

fn apart(op: &str, v: f64, other: &str, w: f64) -> bool {
    let below = |op: &str, at: f64, x: f64| match op {
        "==" => x == at,
        "<" => x < at,
        "<=" => x <= at,
        ">" => x > at,
        ">=" => x >= at,
        _ => true,
    };
    let points = [v, w, v - 1.0, w - 1.0, v + 1.0, w + 1.0, (v + w) / 2.0];
    !points.iter().any(|x| below(op, v, *x) && below(other, w, *x))
}
