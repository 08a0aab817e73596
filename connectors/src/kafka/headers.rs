//! Headers of what is written: alerts as CloudEvents, side records with where they came from and why they are there.

use rdkafka::message::{Header, OwnedHeaders};
use tripline_engine::io::{AlertRecord, SideKind, SideRecord};
use tripline_query_lang::display::Rfc3339;

use crate::side::{reason, stage_name};

/// The specification that the `ce_` headers follow.
const CLOUD_EVENTS: &str = "1.0";

/// An alert's headers. The trace context of the events that it rests on is passed on as links, not as its own.
pub(super) fn of_alert(alert: &AlertRecord, name: &str) -> OwnedHeaders {
    let source = format!("tripline/{name}/{}", alert.rule);
    let time = Rfc3339(alert.at_us).to_string();
    let mut headers = OwnedHeaders::new_with_capacity(6 + alert.links.len());
    for (key, value) in [
        ("ce_specversion", CLOUD_EVENTS),
        ("ce_id", &alert.id),
        ("ce_type", "tripline.alert"),
        ("ce_source", &source),
        ("ce_time", &time),
        ("content-type", "application/json"),
    ] {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    alert.links.iter().fold(headers, |headers, link| headers.insert(Header { key: "trace-link", value: Some(link) }))
}

/// A side record's headers: its own, then where it came from and why. `cut_from` is the length of a value that was too long.
pub(super) fn of_side(record: &SideRecord, cut_from: Option<usize>) -> OwnedHeaders {
    let (stage, class) = match &record.kind {
        SideKind::DeadLetter(error) => (stage_name(error.stage), error.class),
        SideKind::Late { .. } => ("time", "late"),
        SideKind::Quarantined { .. } => ("time", "ahead"),
    };
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len() + 8);
    for (key, value) in &record.headers {
        headers = headers.insert(Header { key, value: value.as_deref() });
    }
    let timestamp = record.timestamp_us.map(|us| (us / 1000).to_string());
    for (key, value) in [
        ("topic", Some(record.partition.topic.to_string())),
        ("partition", Some(record.partition.partition.to_string())),
        ("offset", Some(record.offset.to_string())),
        ("timestamp", timestamp),
        ("stage", Some(stage.to_owned())),
        ("class.name", Some(class.to_owned())),
        ("exception.message", Some(reason(&record.kind))),
        ("value.bytes", cut_from.map(|bytes| bytes.to_string())),
    ] {
        if let Some(value) = value {
            let key = &format!("__connect.errors.{key}");
            headers = headers.insert(Header { key, value: Some(&value) });
        }
    }
    headers
}
