//! Whether the matches are those that the case expects, as multisets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::case::{Case, Event, id_text};

/// A match: event ids per variable.
pub type Match = BTreeMap<String, Vec<String>>;

/// What differs; nothing when they agree.
pub fn difference(case: &Case, events: &[Event], found: &[Match]) -> Option<String> {
    let expected: Vec<Match> = case.expect.iter().flatten().map(expected).collect();
    let mentioned: BTreeSet<&String> = expected.iter().flat_map(BTreeMap::keys).collect();
    let shown = |matches: &[Match]| {
        let mut texts: Vec<String> = matches.iter().map(|m| show(case, events, m, &mentioned)).collect();
        texts.sort();
        texts
    };
    let (expected, found) = (shown(&expected), shown(found));
    (expected != found).then(|| format!("expected {}, found {}", expected.join(" "), found.join(" ")))
}

fn expected(of: &serde_json::Map<String, Value>) -> Match {
    let ids = |ids: &Value| ids.as_array().map(|ids| ids.iter().map(id_text).collect()).unwrap_or_default();
    of.iter()
        .map(|(variable, list)| (variable.clone(), ids(list)))
        .filter(|(_, ids): &(_, Vec<_>)| !ids.is_empty())
        .collect()
}

/// A match as text. Where the source asserts only the events, the variables are left out; where it compares events by
/// value, equal ones have one name.
fn show(case: &Case, events: &[Event], found: &Match, mentioned: &BTreeSet<&String>) -> String {
    let by_value = case.notes.contains("equal by value");
    let name = |id: &String| match by_value {
        false => id.clone(),
        true => {
            let this = events.iter().find(|e| e.id == *id);
            let equal = events.iter().find(|e| this.is_some_and(|t| t.attributes == e.attributes));
            equal.map_or(id.clone(), |e| e.id.clone())
        }
    };
    let order = |id: &String| events.iter().position(|e| e.id == *id);
    let is_shown = |variable: &String| case.profile != "esper" || mentioned.contains(variable);
    if case.profile == "flink" && case.grouping == "derived" {
        let mut ids: Vec<&String> = found.values().flatten().collect();
        ids.sort_by_key(|id| order(id));
        return format!("{{{}}}", ids.into_iter().map(name).collect::<Vec<_>>().join(","));
    }
    let part = |(variable, ids): (&String, &Vec<String>)| {
        let mut ids = ids.clone();
        ids.sort_by_key(order);
        format!("{variable}:{}", ids.iter().map(name).collect::<Vec<_>>().join("+"))
    };
    let parts: Vec<String> = found.iter().filter(|(v, ids)| is_shown(v) && !ids.is_empty()).map(part).collect();
    format!("{{{}}}", parts.join(" "))
}
