//! Views by going through all events before the look-up, each time.

use tripline_query_lang::plan::{Body, HistoryBound, HistoryFn, RuleId, TableId};
use tripline_query_lang::value::Value;

use super::Event;
use super::derived::{fitted, place};
use super::keys::key_of;
use super::look::Look;
use super::tables::Tables;
use super::threshold::{Admission, Admitted, admitted_by};

/// The row of this key as the events before this one left it, its windows ending at the event's time.
pub(super) fn row(
    tables: &Tables<'_>,
    (table, view): (TableId, RuleId),
    key: &[Value],
    asking: &Event,
) -> Option<Vec<Value>> {
    let rule = &tables.plan.rules[view.index()];
    let Body::Threshold(threshold) = &rule.body else { return None };
    let asked_at = place(asking);
    let before = tables.events.iter().filter(|event| place(event) < asked_at);
    let admitted = before.filter_map(|event| {
        let (position, on) = admitted_by(threshold, tables, event)?;
        (key_of(event, &on.keys)? == key).then_some(Admitted { event, on, position })
    });
    let history = Admission { rule, tables, key: key.to_vec(), events: admitted.collect() };
    let age_us = asking.at_us().saturating_sub(history.events.last()?.event.at_us());
    // A row is there as long as any field looks back to its newest event.
    let is_there = rule.histories.iter().any(|history| match (&history.func, history.bound) {
        (HistoryFn::Ewma(_), _)
        | (_, HistoryBound::Forever | HistoryBound::Last(_) | HistoryBound::PreviousLast(_)) => true,
        (_, HistoryBound::Time(us) | HistoryBound::PreviousTime(us)) => age_us <= us,
        (_, HistoryBound::Before { span_us, gap_us }) => age_us <= span_us.saturating_add(gap_us),
    });
    let look = Look::view(&history, asking.at_us());
    let emitted = rule.fields.iter().map(|with| look.value(&with.expr));
    let types = tables.plan.tables[table.index()].fields.iter().map(|field| &field.ty);
    let values = key.iter().cloned().chain(emitted).zip(types).map(|(value, ty)| fitted(value, ty));
    is_there.then(|| values.collect())
}
