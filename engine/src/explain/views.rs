//! Views: what each rule looks up in them, and how.

use crate::detect::{Program, known_before};
use crate::views::{Added, Join};
use tripline_query_lang::plan::{Expr, Plan, Rule, RuleId, StreamId};
use tripline_query_lang::show::{Show, duration};

/// What a rule looks up at the events of a stream.
pub(super) struct LookedUp {
    /// The view.
    pub view: RuleId,
    /// Which copy of it.
    pub copy: RuleId,
    /// `cards[card] (seen, spend)`, at which stream.
    pub text: String,
}

/// By rule: all that it looks up, in the order in which it is found.
pub(super) fn looked_up(plan: &Plan, program: &Program) -> Vec<Vec<LookedUp>> {
    let of_rule = |(rule, running): (&Rule, &Rule)| {
        let streams = rule.reads().into_iter().zip(running.reads());
        streams.flat_map(|(stream, widened)| of_stream(plan, rule, stream, chain(program.joins(), widened))).collect()
    };
    plan.rules.iter().zip(&program.running().rules).map(of_rule).collect()
}

/// The joins that make a stream, the first one first.
fn chain(joins: &[Join], mut stream: StreamId) -> Vec<&Join> {
    let mut chain = Vec::new();
    while let Some(join) = joins.iter().find(|join| join.to == stream) {
        chain.insert(0, join);
        stream = join.from;
    }
    chain
}

fn of_stream(plan: &Plan, rule: &Rule, stream: StreamId, chain: Vec<&Join>) -> Vec<LookedUp> {
    let show = Show::new(plan, rule).at(stream);
    let one = |join: &Join| {
        // Copies of a view have its name.
        let (view, of) = plan.rules.iter().enumerate().find(|(index, _)| *index == join.original.index())?;
        let key: Vec<String> = join.key.iter().map(|part: &Expr| show.expr(part)).collect();
        let added = join.added.iter().map(|added| match added {
            Added::Key(part) => of.keys.get(*part as usize).map_or("?", |key| &key.name),
            Added::Field(field) => of.fields.get(*field as usize).map_or("?", |field| &field.name),
            Added::Listed => "whether there is one",
        });
        let (name, added) = (&of.name, added.collect::<Vec<_>>().join(", "));
        // Of what was found before, the plan as written has no name.
        let own = plan.streams.get(stream.index()).map_or(0, |stream| stream.fields.len());
        let filter = join.filter.as_ref().and_then(|filter| known_before(filter, own));
        let filter = filter.map_or(String::new(), |filter| format!(" where {}", show.expr(&filter)));
        let (stream, key) = (show.stream_name(stream), key.join(", "));
        let text = format!("at each {stream}{filter}, one hop by its key: {name}[{key}]: {added}");
        Some(LookedUp { view: RuleId(view as u32), copy: join.view, text })
    };
    chain.into_iter().filter_map(one).collect()
}

/// How a view is kept.
pub(super) fn strategy(rule: &Rule, copies: usize) -> String {
    if copies == 0 {
        return "kept for nobody: no rule looks anything up in it, and it is not kept unless `run --show` asks"
            .to_owned();
    }
    let lasts = match crate::views::lasts_us(rule) {
        Some(us) => format!("a row is gone {} after its last event", duration(us)),
        None => "a row is never gone".to_owned(),
    };
    let copies = match copies {
        1 => String::new(),
        copies => format!("; kept {copies} times, since events that were told of it look it up again"),
    };
    format!("view: events that look it up come by its key first, and go on with what was found; {lasts}{copies}")
}
