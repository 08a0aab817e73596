//! An event as a record: JSON in the shape that its stream declares.

use tripline_query_lang::display::Rfc3339;
use tripline_query_lang::plan::{Field, PathPart, Stream, TimeUnit};
use tripline_query_lang::value::Type;

use super::draw::Drawn;

/// A record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Event time, microseconds.
    pub at_us: i64,
    /// When it arrives, microseconds.
    pub arrives_us: i64,
    /// The stream, which is also the topic.
    pub stream: String,
    /// The topic's partition.
    pub partition: usize,
    /// The record's key.
    pub key: String,
    /// Its JSON, or what is left of it.
    pub json: String,
}

/// An event's JSON. `value` gives a field's value; `None` leaves it out.
pub fn json(
    stream: &Stream,
    at_us: i64,
    mut value: impl FnMut(&Field) -> Result<Option<Drawn>, String>,
) -> Result<String, String> {
    let mut root = Object::default();
    for (index, field) in stream.fields.iter().enumerate() {
        let leaf = if index == stream.timed_by.index() {
            Some(time(field, at_us))
        } else {
            value(field)?.map(|drawn| leaf(field, drawn)).transpose()?
        };
        if let Some(leaf) = leaf {
            root.put(&field.path, leaf)?;
        }
    }
    Ok(root.written())
}

fn time(field: &Field, at_us: i64) -> String {
    match field.time_unit {
        None => format!("\"{}\"", Rfc3339(at_us)),
        Some(TimeUnit::Seconds) => format!("{}.{:06}", at_us.div_euclid(1_000_000), at_us.rem_euclid(1_000_000)),
        Some(TimeUnit::Milliseconds) => at_us.div_euclid(1_000).to_string(),
        Some(TimeUnit::Microseconds) => at_us.to_string(),
        Some(TimeUnit::Nanoseconds) => format!("{at_us}000"),
    }
}

fn leaf(field: &Field, drawn: Drawn) -> Result<String, String> {
    Ok(match (&field.ty, drawn) {
        (Type::Bool, Drawn::Bool(x)) => x.to_string(),
        (Type::Int, Drawn::Number(x)) => format!("{x:.0}"),
        (Type::Decimal(scale), Drawn::Number(x)) => format!("{x:.width$}", width = usize::from(*scale)),
        // A thousandth is as fine as anything here is measured.
        (Type::Float, Drawn::Number(x)) => ((x * 1e3).round() / 1e3).to_string(),
        (Type::Text, Drawn::Text(x)) => serde_json::Value::String(x).to_string(),
        (Type::Point, Drawn::Point { lat, lon }) => format!("[{lat},{lon}]"),
        (ty, drawn) => return Err(format!("field `{}` is {ty}, which {drawn:?} is not", field.name)),
    })
}

/// A JSON object with its members in the order in which they came.
#[derive(Default)]
struct Object(Vec<(String, Member)>);

enum Member {
    Leaf(String),
    Object(Object),
}

impl Object {
    fn put(&mut self, path: &[PathPart], leaf: String) -> Result<(), String> {
        let [PathPart::Key(name), rest @ ..] = path else {
            return Err("a story writes no lists: a path has names only".to_owned());
        };
        if rest.is_empty() {
            self.0.push((name.clone(), Member::Leaf(leaf)));
            return Ok(());
        }
        let there = self.0.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            self.0.push((name.clone(), Member::Object(Object::default())));
            self.0.len() - 1
        });
        match &mut self.0[there].1 {
            Member::Object(inner) => inner.put(rest, leaf),
            Member::Leaf(_) => Err(format!("`{name}` is a value and an object")),
        }
    }

    fn written(&self) -> String {
        let member = |(name, member): &(String, Member)| {
            let name = serde_json::Value::String(name.clone());
            match member {
                Member::Leaf(leaf) => format!("{name}:{leaf}"),
                Member::Object(inner) => format!("{name}:{}", inner.written()),
            }
        };
        let members: Vec<String> = self.0.iter().map(member).collect();
        format!("{{{}}}", members.join(","))
    }
}
