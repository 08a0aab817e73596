//! Dead letters, late and quarantined records as JSON Lines: what came, from where, and why it is here.

use serde::Serialize;
use serde_json::Value as Json;
use tripline_engine::io::{SideKind, SideRecord};
use tripline_query_lang::display::Rfc3339;

use crate::side::{reason, stage_name};

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    reason: String,
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Json>,
    value: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(&'a str, Json)>,
}

/// The record as one line, without its line break.
pub(super) fn line(record: &SideRecord) -> Vec<u8> {
    let (kind, stage, class) = match &record.kind {
        SideKind::DeadLetter(error) => ("dead_letter", Some(stage_name(error.stage)), Some(error.class)),
        SideKind::Late { .. } => ("late", None, None),
        SideKind::Quarantined { .. } => ("quarantined", None, None),
    };
    let line = Line {
        kind,
        stage,
        class,
        reason: reason(&record.kind),
        topic: &record.partition.topic,
        partition: record.partition.partition,
        offset: record.offset,
        timestamp: record.timestamp_us.map(|us| Rfc3339(us).to_string()),
        key: record.key.as_deref().map(|key| bytes(Some(key))),
        value: bytes(record.value.as_deref()),
        headers: record.headers.iter().map(|(name, value)| (name.as_str(), bytes(value.as_deref()))).collect(),
    };
    // A tree of texts and numbers always has a JSON form.
    serde_json::to_vec(&line).unwrap_or_default()
}

/// Text as text; other bytes as `{"base16": ".."}`.
fn bytes(bytes: Option<&[u8]>) -> Json {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => Json::Null,
        Some((_, Ok(text))) => Json::from(text),
        Some((bytes, Err(_))) => {
            let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            serde_json::json!({ "base16": digits })
        }
    }
}
