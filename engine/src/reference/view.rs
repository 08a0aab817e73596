//! Views by going through all events before the look-up, each time.

use tripline_query_lang::plan::{Body, HistoryBound, HistoryFn, Rule, RuleId, TableId};
use tripline_query_lang::value::Value;

use super::Event;
use super::derived::{fitted, place};
use super::keys::key_of;
use super::look::Look;
use super::tables::Tables;
use super::threshold::{Admission, Admitted, admitted_by};
use crate::event::Position;
use crate::views::ViewRow;

/// The row of this key as the events before this one left it, its windows ending at the event's time.
pub(super) fn row(
    tables: &Tables<'_>,
    (table, view): (TableId, RuleId),
    key: &[Value],
    asking: &Event,
) -> Option<Vec<Value>> {
    let emitted = fields(tables, view, key, Some(&place(asking)), asking.at_us())?;
    let types = tables.plan.tables[table.index()].fields.iter().map(|field| &field.ty);
    Some(key.iter().cloned().chain(emitted).zip(types).map(|(value, ty)| fitted(value, ty)).collect())
}

/// All rows as of a time behind all events, by key.
pub(super) fn rows(tables: &Tables<'_>, view: RuleId, at_us: i64) -> Vec<ViewRow> {
    let mut keys: Vec<Vec<Value>> = Vec::new();
    for event in tables.events {
        let key = admitted(tables, view, event).and_then(|admitted| key_of(event, &admitted.on.keys));
        keys.extend(key.filter(|key| !keys.contains(key)));
    }
    let row = |key: Vec<Value>| Some(ViewRow { fields: fields(tables, view, &key, None, at_us)?, key });
    keys.into_iter().filter_map(row).collect()
}

/// The fields of a row as of a time, over the events before this place, or all.
fn fields(
    tables: &Tables<'_>,
    view: RuleId,
    key: &[Value],
    asked_at: Option<&Position>,
    at_us: i64,
) -> Option<Vec<Value>> {
    let rule = &tables.plan.rules[view.index()];
    let before = tables.events.iter().filter(|event| asked_at.is_none_or(|asked_at| place(event) < *asked_at));
    let of_key = before.filter_map(|event| {
        let admitted = admitted(tables, view, event)?;
        (key_of(event, &admitted.on.keys)? == key).then_some(admitted)
    });
    let mut events: Vec<Admitted<'_>> = of_key.collect();
    // Of a row that is gone nothing is left: the next event begins a new one.
    let ends = |pair: &[Admitted<'_>]| !lasts(rule, pair[1].event.at_us().saturating_sub(pair[0].event.at_us()));
    let begin = events.windows(2).rposition(ends).map_or(0, |last| last + 1);
    let history = Admission { rule, tables, key: key.to_vec(), events: events.split_off(begin) };
    let is_there = lasts(rule, at_us.saturating_sub(history.events.last()?.event.at_us()));
    let look = Look::view(&history, at_us);
    is_there.then(|| rule.fields.iter().map(|with| look.value(&with.expr)).collect())
}

/// Whether a row is there when its newest event is so old: as long as any field looks back to it.
fn lasts(rule: &Rule, age_us: i64) -> bool {
    rule.histories.iter().any(|history| match (&history.func, history.bound) {
        (HistoryFn::Ewma(_), _)
        | (_, HistoryBound::Forever | HistoryBound::Last(_) | HistoryBound::PreviousLast(_)) => true,
        (_, HistoryBound::Time(us) | HistoryBound::PreviousTime(us)) => age_us <= us,
        (_, HistoryBound::Before { span_us, gap_us }) => age_us <= span_us.saturating_add(gap_us),
    })
}

fn admitted<'a>(tables: &Tables<'a>, view: RuleId, event: &'a Event) -> Option<Admitted<'a>> {
    let Body::Threshold(threshold) = &tables.plan.rules[view.index()].body else { return None };
    let (position, on) = admitted_by(threshold, tables, event)?;
    Some(Admitted { event, on, position })
}
