//! A typed plan as text that a rule author can read: expressions, history functions and keys in the language's own
//! notation, with `let`s and params put in and numbers converted. For what tools say of a plan; not meant to be compiled again.

mod expr;
mod literal;
pub mod pattern;
#[cfg(test)]
mod tests;

use crate::plan::{Body, History, Plan, Rule, Stream, StreamId, Unique};

pub(crate) use expr::history_in_short;
pub use literal::{duration, literal};

/// How repeats of a stream are known: `unique by (order, line) over 1h`.
pub fn unique(stream: &Stream, unique: &Unique) -> String {
    let parts = unique.fields.iter().filter_map(|id| stream.fields.get(id.index()));
    let parts: Vec<&str> = parts.map(|field| field.name.as_str()).collect();
    let id = if let [id] = parts[..] { id.to_owned() } else { format!("({})", parts.join(", ")) };
    format!("unique by {id} over {}", duration(unique.over_us))
}

/// What a rule's expressions are read with.
#[derive(Clone, Copy, Debug)]
pub struct Show<'a> {
    plan: &'a Plan,
    rule: &'a Rule,
    /// The stream of the event at hand, where it is known.
    stream: Option<StreamId>,
    /// Stands before a field of the event at hand: the name of a loop.
    prefix: Option<&'a str>,
}

impl<'a> Show<'a> {
    /// The expressions of a rule.
    pub fn new(plan: &'a Plan, rule: &'a Rule) -> Show<'a> {
        Show { plan, rule, stream: None, prefix: None }
    }

    /// The expressions that look at an event of this stream: `where`, keys, arguments of histories in a step's `where`.
    pub fn at(self, stream: StreamId) -> Show<'a> {
        Show { stream: Some(stream), ..self }
    }

    /// The rule.
    pub fn rule(self) -> &'a Rule {
        self.rule
    }

    /// A stream's name.
    pub fn stream_name(self, stream: StreamId) -> &'a str {
        self.plan.streams.get(stream.index()).map_or("?", |stream| &stream.name)
    }

    /// A history function with its window: `sum(amount) over 10m`.
    pub fn history(self, history: &History) -> String {
        expr::history(self, history)
    }

    /// The parts of the rule's key by name, as after `by`; empty without.
    pub fn keys(self) -> String {
        let names: Vec<&str> = self.rule.keys.iter().map(|key| key.name.as_str()).collect();
        match names.as_slice() {
            [] | [_] => names.concat(),
            _ => format!("({})", names.join(", ")),
        }
    }

    fn step_stream(self, step: crate::plan::StepId) -> Option<StreamId> {
        match &self.rule.body {
            Body::Pattern(pattern) => pattern.steps.get(step.index()).map(|step| step.stream),
            Body::Threshold(_) => None,
        }
    }

    fn step_name(self, step: crate::plan::StepId) -> &'a str {
        match &self.rule.body {
            Body::Pattern(pattern) => pattern.steps.get(step.index()).map_or("?", |step| &step.name),
            Body::Threshold(_) => "?",
        }
    }
}
