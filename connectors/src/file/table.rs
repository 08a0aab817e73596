//! A file as a table: its rows, and what changes in it while it is watched.
//!
//! Rows have no time: those that are there at the first start were always there, and a change holds from the time on at which
//! the run has learnt of it. That time is the run's decision and is logged with its progress, under the change's number. So
//! that a restart finds the same changes under the same numbers, they can be written to a *history* beside the file.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value as Json, json};
use tripline_engine::event::PartitionId;
use tripline_engine::expr::write_key;
use tripline_engine::io::{Decoder, PartitionInfo, Polled, Record, RecordError, RowDecoder, Source, SourceError};
use tripline_query_lang::plan::{StreamId, Table};
use tripline_query_lang::value::Value;

use super::input::Input;
use super::lines::{Next, Records};
use crate::csv::{CsvDecoder, Header};
use crate::json::{JsonDecoder, value_of, values};

/// The canonical bytes of a row's key, and the row.
type KeyedRow = (Vec<u8>, Vec<u8>);

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How the rows of a table's file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated, with a header line.
    Csv,
    /// A table of one field: its value a line.
    Values,
}

/// Tells a person.
type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// See the module's text.
pub struct TableFile {
    path: PathBuf,
    format: TableFormat,
    header: Header,
    table: Table,
    rows: TableFileRows,
    history: Option<PathBuf>,
    notice: Notice,
    look_every: Duration,
    /// The rows of now, by key.
    current: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Changes that have not been visited, and the number of the first of them.
    changes: VecDeque<Change>,
    next: i64,
    looked: Instant,
    /// A channel on which nothing comes.
    quiet: (Sender<()>, Receiver<()>),
    /// Of what was read last.
    stamp: Option<Stamp>,
    /// Of what is there now; it is read when it has stood still for a while.
    seen: Option<Stamp>,
}

/// What tells one state of a file from another.
type Stamp = (SystemTime, u64);

/// A row that is new, or gone.
struct Change {
    row: Vec<u8>,
    gone: bool,
}

/// Decodes the rows of a table's file. Of a row that is gone, the row as it was stands in the place of the key.
pub struct TableFileRows {
    table: Table,
    /// None: a row is the value of the only field.
    decoder: Option<Box<dyn Decoder>>,
}

impl RowDecoder for TableFileRows {
    fn row(&mut self, value: &[u8]) -> Result<Vec<Value>, RecordError> {
        match &mut self.decoder {
            Some(decoder) => values(&self.table.fields, decoder.as_mut(), value),
            None => value_of(&self.table, value),
        }
    }

    fn key(&mut self, key: &[u8]) -> Result<Vec<Value>, RecordError> {
        let row = self.row(key)?;
        Ok(self.table.keys.iter().map(|key| row.get(key.index()).cloned().unwrap_or(Value::Null)).collect())
    }
}

impl TableFile {
    /// The file of a table; `history` is where its changes are kept.
    pub fn new(table: &Table, path: &Path, format: TableFormat, history: Option<PathBuf>, notice: Notice) -> Self {
        let header = Header::default();
        TableFile {
            rows: rows(table, format, &header),
            path: path.to_owned(),
            format,
            header,
            table: table.clone(),
            history,
            notice,
            look_every: LOOK_EVERY,
            current: BTreeMap::new(),
            changes: VecDeque::new(),
            next: 1,
            looked: Instant::now(),
            quiet: channel(),
            stamp: None,
            seen: None,
        }
    }

    /// Looks at the file so often, for tests.
    pub fn looking_every(self, look_every: Duration) -> Self {
        TableFile { look_every, ..self }
    }

    /// The decoder of its rows.
    pub fn decoder(&self) -> Box<dyn RowDecoder> {
        Box::new(rows(&self.table, self.format, &self.header))
    }

    fn wrong(&self, why: &str) -> SourceError {
        SourceError::Configuration(format!("`{}`: {why}", self.path.display()))
    }

    /// The rows of the file, by key; a row that has none is known by its bytes.
    fn read(&mut self) -> Result<Vec<KeyedRow>, String> {
        let file = File::open(&self.path).map_err(|e| format!("cannot be opened: {e}"))?;
        let is_csv = self.format == TableFormat::Csv;
        let mut records = Records::new(Input::File(file), is_csv);
        let mut found = Vec::new();
        let mut has_header = !is_csv;
        loop {
            match records.next(Duration::ZERO).map_err(|e| e.to_string())? {
                Next::Record(_) if !has_header => {
                    self.header.set(records.bytes(), &self.table.fields)?;
                    has_header = true;
                }
                Next::Record(_) => {
                    let row = records.bytes().to_vec();
                    found.push((self.name(&row), row));
                }
                Next::NotYet => {}
                Next::End if !has_header => return Err("has no header line".to_owned()),
                Next::End => return Ok(found),
            }
        }
    }

    /// What a row is known by.
    fn name(&mut self, row: &[u8]) -> Vec<u8> {
        let mut name = Vec::new();
        let has_key = self.rows.key(row).is_ok_and(|parts| write_key(&parts, &mut name));
        if !has_key {
            // No key begins like this.
            name = [&[0], row].concat();
        }
        name
    }

    /// What has to change for the rows to be these; of rows of one key the last one counts.
    fn compare(&mut self, found: Vec<KeyedRow>) -> Vec<Change> {
        let mut now = BTreeMap::new();
        let mut changes = Vec::new();
        for (name, row) in found {
            now.insert(name, row);
        }
        for (name, row) in &self.current {
            // A row without a key was a dead letter, and leaves nothing behind.
            if !now.contains_key(name) && name.first() != Some(&0) {
                changes.push(Change { row: row.clone(), gone: true });
            }
        }
        for (name, row) in &now {
            if self.current.get(name) != Some(row) {
                changes.push(Change { row: row.clone(), gone: false });
            }
        }
        self.current = now;
        changes
    }

    /// Takes up the changes of earlier runs.
    fn recall(&mut self) -> Result<(), SourceError> {
        let Some(path) = self.history.clone() else { return Ok(()) };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(self.wrong(&format!("its history `{}` cannot be opened: {error}", path.display())));
            }
        };
        for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
            let change = line.ok().as_deref().and_then(recalled);
            let Some(change) = change else {
                let why = format!("line {} of its history `{}` cannot be read", number + 1, path.display());
                return Err(SourceError::LostInput(format!("`{}`: {why}", self.path.display())));
            };
            let name = self.name(&change.row);
            match change.gone {
                true => drop(self.current.remove(&name)),
                false => drop(self.current.insert(name, change.row.clone())),
            }
            self.changes.push_back(change);
        }
        Ok(())
    }

    /// Writes changes down before anybody sees them.
    fn remember(&self, changes: &[Change]) -> std::io::Result<()> {
        let Some(path) = &self.history else { return Ok(()) };
        let mut text = String::new();
        for Change { row, gone } in changes {
            let row = String::from_utf8_lossy(row);
            text += &format!("{}\n", if *gone { json!({"gone": row}) } else { json!({"row": row}) });
        }
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    /// Reads the file, and notes what has changed.
    fn reload(&mut self) -> Result<(), String> {
        let stamp = stamp(&self.path);
        let found = self.read()?;
        let changes = self.compare(found);
        self.remember(&changes).map_err(|e| format!("its history cannot be written: {e}"))?;
        self.changes.extend(changes);
        self.stamp = stamp;
        self.seen = stamp;
        Ok(())
    }

    /// Looks whether the file is another, and has stood still since it was looked at last: then it has been written whole.
    fn look(&mut self) {
        if self.looked.elapsed() < self.look_every {
            return;
        }
        self.looked = Instant::now();
        let now = stamp(&self.path);
        let stands_still = std::mem::replace(&mut self.seen, now) == now;
        if now.is_none() || now == self.stamp || !stands_still {
            return;
        }
        let name = self.path.display().to_string();
        match self.reload() {
            Ok(()) => {
                (self.notice)(&format!("`{name}` has changed: {} of its rows are new or gone", self.changes.len()))
            }
            Err(why) => {
                self.stamp = now;
                (self.notice)(&format!("`{name}` has changed, but the rows stay as they were: it {why}"));
            }
        }
    }
}

fn rows(table: &Table, format: TableFormat, header: &Header) -> TableFileRows {
    let decoder: Option<Box<dyn Decoder>> = match format {
        TableFormat::Csv => Some(Box::new(CsvDecoder::of_table(table, header.clone()))),
        TableFormat::JsonLines => Some(Box::new(JsonDecoder::of_table(table))),
        TableFormat::Values => None,
    };
    TableFileRows { table: table.clone(), decoder }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn recalled(line: &[u8]) -> Option<Change> {
    let line: Json = serde_json::from_slice(line).ok()?;
    let (row, gone) = match (line.get("row"), line.get("gone")) {
        (Some(row), None) => (row, false),
        (None, Some(row)) => (row, true),
        _ => return None,
    };
    Some(Change { row: row.as_str()?.as_bytes().to_vec(), gone })
}

impl Source for TableFile {
    fn stream(&self) -> StreamId {
        StreamId(u32::MAX)
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        if self.format == TableFormat::Csv {
            // Rows of the history are read with the columns of now.
            self.read().map_err(|why| self.wrong(&why))?;
        }
        self.recall()?;
        self.reload().map_err(|why| self.wrong(&why))?;
        let topic: Arc<str> = self.path.display().to_string().into();
        let id = PartitionId { stream: self.stream(), topic, partition: 0 };
        Ok(vec![PartitionInfo { id, topic_id: String::new(), earliest: 1 }])
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        let wanted = offsets.first().copied().flatten().unwrap_or(1);
        while self.next < wanted && self.changes.pop_front().is_some() {
            self.next += 1;
        }
        Ok(())
    }

    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError> {
        if self.changes.is_empty() {
            self.look();
        }
        if self.changes.is_empty() {
            // Nobody sends: this is the wait.
            let _ = self.quiet.1.recv_timeout(wait.min(self.look_every));
            return Ok(Polled::Records(0));
        }
        let mut visited = 0;
        while visited < max
            && let Some(Change { row, gone }) = self.changes.pop_front()
        {
            let (key, value) = if gone { (Some(&row[..]), None) } else { (None, Some(&row[..])) };
            visit(Record { partition: 0, offset: self.next, timestamp_us: None, key, value, headers: &Vec::new });
            self.next += 1;
            visited += 1;
        }
        Ok(Polled::Records(visited))
    }

    fn is_read(&self) -> bool {
        self.changes.is_empty()
    }
}
