//! Which events belong to which key.

use tripline_query_lang::plan::{Expr, StreamId};
use tripline_query_lang::value::Value;

use super::Event;
use super::look::Look;

/// A key's parts at an event, or nothing: a key with a missing part joins nothing.
pub(super) fn key_of(event: &Event, parts: &[Expr]) -> Option<Vec<Value>> {
    let values: Vec<Value> = parts.iter().map(|part| Look::event(event).value(part)).collect();
    values.iter().all(|v| *v != Value::Null).then_some(values)
}

/// Every key that any of these (stream, key) pairs finds, in order of its first event.
pub(super) fn all_keys(events: &[&Event], owners: &[(StreamId, &[Expr])]) -> Vec<Vec<Value>> {
    let mut keys: Vec<Vec<Value>> = Vec::new();
    for event in events {
        for (stream, parts) in owners {
            if event.coordinates.partition.stream == *stream
                && let Some(key) = key_of(event, parts)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
    }
    keys
}
