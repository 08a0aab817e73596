//! What `unique by` remembers of the streams that a rule reads.

use super::{Amount, Item, Rate, sizes};
use crate::plan::{Plan, Rule, Stream};
use crate::show;

/// An id of each event of the key, as long as it may be repeated; kept once, however many rules read the stream.
pub(super) fn items(plan: &Plan, rule: &Rule, rate: Rate) -> Vec<Item> {
    let streams = rule.reads().into_iter().filter_map(|stream| plan.streams.get(stream.index()));
    let item = |stream: &Stream| {
        let unique = stream.unique.as_ref()?;
        let fields: Vec<_> = unique.fields.iter().filter_map(|id| stream.fields.get(id.index())).collect();
        let bytes = fields.iter().map(|field| sizes::value(&field.ty)).sum::<u64>() + sizes::ID;
        let events = rate.events(unique.over_us);
        Some(Item {
            clause: format!("{} of `{}`", show::unique(stream, unique), stream.name),
            holds: "ids, once for all rules".to_owned(),
            events,
            bytes: events * Amount::AtMost(bytes),
        })
    };
    streams.filter_map(item).collect()
}
