//! An event as a record, a member of the cast as a row: JSON in the shape that the stream or table declares.

use tripline_query_lang::display::Rfc3339;
use tripline_query_lang::plan::{Field, PathPart, Stream, Table, TimeUnit};
use tripline_query_lang::value::Type;

use super::cast::Member;
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
    let time_field = stream.fields.get(stream.timed_by.index());
    object(&stream.fields, |field| {
        if time_field.is_some_and(|timed_by| timed_by.name == field.name) {
            return Ok(Some(time(field, at_us)));
        }
        value(field)?.map(|drawn| leaf(field, drawn)).transpose()
    })
}

/// A member of the cast as a table's row: its name is the key.
pub fn row(table: &Table, member: &Member) -> Result<String, String> {
    let [key] = &table.keys[..] else {
        return Err(format!("table `{}` has a key of several fields, a member one name", table.name));
    };
    let key = table.fields.get(key.index());
    object(&table.fields, |field| {
        let is_key = key.is_some_and(|key| key.name == field.name);
        let drawn = if is_key { Some(Drawn::Text(member.name.clone())) } else { member.has.get(&field.name).cloned() };
        drawn.map(|drawn| leaf(field, drawn)).transpose()
    })
}

/// The fields as one JSON object, each in its place.
fn object(
    fields: &[Field],
    mut written: impl FnMut(&Field) -> Result<Option<String>, String>,
) -> Result<String, String> {
    let mut root = Object::default();
    for field in fields {
        if let Some(leaf) = written(field)? {
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
struct Object(Vec<(String, Node)>);

enum Node {
    Leaf(String),
    Object(Object),
}

impl Object {
    fn put(&mut self, path: &[PathPart], leaf: String) -> Result<(), String> {
        let [PathPart::Key(name), rest @ ..] = path else {
            return Err("a story writes no lists: a path has names only".to_owned());
        };
        if rest.is_empty() {
            self.0.push((name.clone(), Node::Leaf(leaf)));
            return Ok(());
        }
        let there = self.0.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            self.0.push((name.clone(), Node::Object(Object::default())));
            self.0.len() - 1
        });
        match &mut self.0[there].1 {
            Node::Object(inner) => inner.put(rest, leaf),
            Node::Leaf(_) => Err(format!("`{name}` is a value and an object")),
        }
    }

    fn written(&self) -> String {
        let member = |(name, member): &(String, Node)| {
            let name = serde_json::Value::String(name.clone());
            match member {
                Node::Leaf(leaf) => format!("{name}:{leaf}"),
                Node::Object(inner) => format!("{name}:{}", inner.written()),
            }
        };
        let members: Vec<String> = self.0.iter().map(member).collect();
        format!("{{{}}}", members.join(","))
    }
}
