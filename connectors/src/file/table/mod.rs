//! A file as a table: its rows, and what changes in it while it is watched.
//!
//! Rows have no time: those that are there at the first start were always there, and a change holds from the time on at which
//! the run has learnt of it. That time is the run's decision and is logged with its progress, under the change's number. So
//! that a restart finds the same changes under the same numbers, they can be written to a *history* beside the file.
//!
//! A file that is gone, half-written, or no table any more changes nothing: the rows stay as they were, the source says what
//! is wrong with it ([`Source::trouble`]), and it is looked at again and again until it is whole.

mod history;
mod rows;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use tripline_engine::event::PartitionId;
use tripline_engine::io::{PartitionInfo, Polled, Record, RowDecoder, Source, SourceError};
use tripline_query_lang::plan::{StreamId, Table};

use super::input::Input;
use super::lines::{Next, Records};
use crate::csv::Header;
use history::Change;
use rows::{Columns, Name, Naming, is_unfit};
pub use rows::{TableFileRows, TableFormat};

/// The rows by what they are known by.
type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a file holds: its header line, if it has one, and its rows with their lines.
type Content = (Option<Vec<u8>>, Vec<(i64, Vec<u8>)>);

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at which a file without a line break at its end has to be the same before it is taken for whole.
const SETTLED_LOOKS: u32 = 10;

/// Tells a person.
type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// See the module's text.
pub struct TableFile {
    path: PathBuf,
    format: TableFormat,
    table: Table,
    /// The columns of the rows that are visited.
    columns: Columns,
    naming: Naming,
    history: Option<PathBuf>,
    notice: Notice,
    look_every: Duration,
    /// The rows that were read last, and their header line.
    current: (Option<Vec<u8>>, Rows),
    /// The lines of the rows that do not fit: a change's number says nothing to whoever looks for them.
    unfit: BTreeMap<Vec<u8>, i64>,
    /// Changes that have not been visited, and the number of the first of them.
    changes: VecDeque<Change>,
    next: i64,
    looked: Instant,
    /// A channel on which nothing comes.
    quiet: (Sender<()>, Receiver<()>),
    /// Of what was read last.
    stamp: Option<Stamp>,
    /// Of what is there now, and the looks at which it has been the same: it is read when it has stood still for a while.
    seen: (Option<Stamp>, u32),
    trouble: Option<String>,
}

/// What tells one state of a file from another.
type Stamp = (SystemTime, u64);

impl TableFile {
    /// The file of a table; `history` is where its changes are kept.
    pub fn new(table: &Table, path: &Path, format: TableFormat, history: Option<PathBuf>, notice: Notice) -> Self {
        TableFile {
            path: path.to_owned(),
            format,
            table: table.clone(),
            columns: Columns::default(),
            naming: Naming::new(table, format),
            history,
            notice,
            look_every: LOOK_EVERY,
            current: (None, Rows::new()),
            unfit: BTreeMap::new(),
            changes: VecDeque::new(),
            next: 1,
            looked: Instant::now(),
            quiet: channel(),
            stamp: None,
            seen: (None, 0),
            trouble: None,
        }
    }

    /// Looks at the file so often, for tests.
    pub fn looking_every(self, look_every: Duration) -> Self {
        TableFile { look_every, ..self }
    }

    /// The decoder of its rows.
    pub fn decoder(&self) -> Box<dyn RowDecoder> {
        Box::new(TableFileRows::new(&self.table, self.format, self.columns.clone()))
    }

    fn told(&self, why: &str) -> String {
        format!("`{}`: {why}", self.path.display())
    }

    fn stamp(&self) -> Result<Stamp, String> {
        let about = std::fs::metadata(&self.path);
        about.and_then(|about| Ok((about.modified()?, about.len()))).map_err(|e| format!("it cannot be opened: {e}"))
    }

    /// The header line and the rows of the file.
    fn read(&self) -> Result<Content, String> {
        let file = File::open(&self.path).map_err(|e| format!("it cannot be opened: {e}"))?;
        let is_csv = self.format == TableFormat::Csv;
        let mut records = Records::new(Input::File(file), is_csv);
        let (mut header, mut rows) = (None, Vec::new());
        loop {
            match records.next(Duration::ZERO).map_err(|e| format!("it cannot be read: {e}"))? {
                Next::Record(_) if is_csv && header.is_none() => {
                    Header::default().set(records.bytes(), &self.table.fields)?;
                    header = Some(records.bytes().to_vec());
                }
                // Blanks around an item of a list are no part of it.
                Next::Record(line) if self.format == TableFormat::Values => {
                    rows.push((line, records.bytes().trim_ascii().to_vec()));
                }
                Next::Record(line) => rows.push((line, records.bytes().to_vec())),
                Next::NotYet => {}
                Next::End if is_csv && header.is_none() => return Err("it has no header line".to_owned()),
                Next::End => return Ok((header, rows)),
            }
        }
    }

    /// What has to change for the rows to be these, and those rows by name. Of rows of one key the last that fits counts;
    /// where none does, the one before stays in force.
    fn compare(&mut self, (header, found): Content) -> (Vec<Change>, (Option<Vec<u8>>, Rows)) {
        header.iter().for_each(|header| self.naming.columns.set(header));
        self.unfit.clear();
        let (before, current) = &self.current;
        let (mut now, mut kept) = (Rows::new(), Vec::new());
        for (line, row) in found {
            match self.naming.name(&row) {
                Name::Key(key) => drop(now.insert(key, row)),
                Name::Unfit(name, key) => {
                    self.unfit.insert(row.clone(), line);
                    now.insert(name, row);
                    kept.extend(key);
                }
            }
        }
        let others = header.as_ref().filter(|_| *before != header);
        let new = now.iter().filter(|(name, row)| others.is_some() || current.get(*name) != Some(row));
        let new: Vec<Change> = new.map(|(_, row)| Change::Row(row.clone())).collect();
        // Under other columns, what stays could not be told by its key any more.
        for key in kept.into_iter().filter(|_| others.is_none()) {
            if let (Some(row), false) = (current.get(&key), now.contains_key(&key)) {
                now.insert(key, row.clone());
            }
        }
        let gone = current.iter().filter(|(name, _)| !now.contains_key(*name) && !is_unfit(name));
        let mut changes: Vec<Change> = gone.map(|(_, row)| Change::Gone(row.clone())).collect();
        changes.extend(others.cloned().map(Change::Columns));
        changes.extend(new);
        (changes, (header, now))
    }

    /// Takes up the changes of earlier runs, the first of them under the columns of now if they do not say theirs.
    fn recall(&mut self, header: Option<&[u8]>) -> Result<(), SourceError> {
        let Some(path) = &self.history else { return Ok(()) };
        let mut changes = history::recall(path).map_err(|why| SourceError::LostInput(self.told(&why)))?;
        if let (Some(header), Some(Change::Row(_) | Change::Gone(_))) = (header, changes.first()) {
            changes.insert(0, Change::Columns(header.to_vec()));
        }
        let ((before, current), naming) = (&mut self.current, &mut self.naming);
        for change in &changes {
            match change {
                Change::Columns(line) => {
                    naming.columns.set(line);
                    *before = Some(line.clone());
                }
                Change::Row(row) => {
                    let (Name::Key(name) | Name::Unfit(name, _)) = naming.name(row);
                    current.insert(name, row.clone());
                }
                Change::Gone(row) => {
                    let (Name::Key(name) | Name::Unfit(name, _)) = naming.name(row);
                    current.remove(&name);
                }
            }
        }
        self.changes.extend(changes);
        Ok(())
    }

    /// Takes these rows for those of the table; says how many are new or gone. They are written down before anybody sees them.
    fn take(&mut self, content: Content, stamp: Stamp) -> Result<usize, String> {
        let (changes, current) = self.compare(content);
        if let Some(path) = self.history.as_ref().filter(|_| !changes.is_empty()) {
            history::remember(path, &changes)?;
        }
        let rows = changes.iter().filter(|change| !matches!(change, Change::Columns(_))).count();
        self.changes.extend(changes);
        (self.current, self.stamp) = (current, Some(stamp));
        Ok(rows)
    }

    /// Reads the file if it is another than before and has stood still since it was looked at last; says how many rows are
    /// new or gone. `None`: there is nothing to be read, or it is being written.
    fn reload(&mut self) -> Result<Option<usize>, String> {
        let now = self.stamp().inspect_err(|_| self.seen = (None, 0))?;
        let (seen, looks) = &mut self.seen;
        *looks = if *seen == Some(now) { *looks + 1 } else { 0 };
        *seen = Some(now);
        if self.stamp == Some(now) {
            self.trouble = None;
            return Ok(None);
        }
        let looks = *looks;
        if looks == 0 {
            return Ok(None);
        }
        if looks < SETTLED_LOOKS && !ends_with_a_line_break(&self.path) {
            return Err("it has no line break at its end and may be half-written".to_owned());
        }
        let content = self.read()?;
        if self.stamp()? != now {
            return Ok(None);
        }
        let rows = self.take(content, now)?;
        self.trouble = None;
        Ok(Some(rows))
    }

    fn look(&mut self) {
        if self.looked.elapsed() < self.look_every {
            return;
        }
        self.looked = Instant::now();
        match self.reload() {
            Ok(Some(rows)) => {
                (self.notice)(&format!("`{}` has changed: {rows} of its rows are new or gone", self.path.display()));
            }
            Ok(None) => {}
            Err(why) => self.trouble = Some(self.told(&why)),
        }
    }

    fn visit(&mut self, change: Change, visit: &mut dyn FnMut(Record<'_>)) {
        let (key, value) = match &change {
            Change::Columns(line) => return self.columns.set(line),
            Change::Row(row) => (None, Some(&row[..])),
            Change::Gone(row) => (Some(&row[..]), None),
        };
        let line = value.and_then(|row| self.unfit.get(row));
        let headers: Vec<tripline_engine::io::Header> =
            line.map(|line| ("line".to_owned(), Some(line.to_string().into_bytes()))).into_iter().collect();
        visit(Record { partition: 0, offset: self.next, timestamp_us: None, key, value, headers: &headers });
        self.next += 1;
    }
}

/// False also for an empty file: one that is written anew is empty first.
fn ends_with_a_line_break(path: &Path) -> bool {
    let last = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    });
    last.is_ok_and(|last| last == b'\n')
}

impl Source for TableFile {
    fn stream(&self) -> StreamId {
        StreamId(u32::MAX)
    }

    /// A file that cannot be read just now is no fault where its history says what its rows were.
    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        let found = self.stamp().and_then(|stamp| Ok((stamp, self.read()?)));
        let header = found.as_ref().ok().and_then(|(_, (header, _))| header.clone());
        self.recall(header.as_deref())?;
        let taken = found.and_then(|(stamp, content)| self.take(content, stamp));
        match taken {
            Ok(_) => {}
            Err(why) if !self.changes.is_empty() => self.trouble = Some(self.told(&why)),
            Err(why) => return Err(SourceError::Configuration(self.told(&why))),
        }
        let topic: Arc<str> = self.path.display().to_string().into();
        let id = PartitionId { stream: self.stream(), topic, partition: 0 };
        Ok(vec![PartitionInfo { id, topic_id: String::new(), earliest: 1 }])
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        let wanted = offsets.first().copied().flatten().unwrap_or(1);
        while self.next < wanted
            && let Some(change) = self.changes.pop_front()
        {
            self.visit(change, &mut |_| {});
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
        let from = self.next;
        while self.next - from < max as i64
            && let Some(change) = self.changes.pop_front()
        {
            self.visit(change, visit);
        }
        Ok(Polled::Records((self.next - from) as usize))
    }

    fn is_read(&self) -> bool {
        self.changes.is_empty()
    }

    fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}
