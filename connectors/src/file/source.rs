//! Files and standard input as the partitions of a stream: a record's offset is its line, its timestamp the file's
//! modification time (for standard input the time of opening).

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tripline_engine::event::PartitionId;
use tripline_engine::io::{PartitionInfo, Polled, Record, Source, SourceError};
use tripline_engine::runner::DecoderFactory;
use tripline_query_lang::plan::{Stream, StreamId};

use super::input::Input;
use super::lines::{Next, Records};
use crate::csv::{CsvDecoder, Header};
use crate::json::JsonDecoder;

/// How the records of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated, with a header line.
    Csv,
}

/// Reads one or many files as one stream. They take turns, so that none holds event time back for long.
pub struct FileSource {
    id: StreamId,
    stream: Stream,
    format: FileFormat,
    header: Header,
    files: Vec<OpenFile>,
    /// Whose turn it is.
    turn: usize,
    records_estimated: Option<u64>,
}

struct OpenFile {
    path: PathBuf,
    timestamp_us: Option<i64>,
    /// Taken at [`Source::open`].
    records: Option<Records>,
    /// Records of earlier lines are passed over.
    from: i64,
    ended: bool,
}

impl FileSource {
    /// A source of these files; the path `-` is standard input.
    pub fn new(id: StreamId, stream: &Stream, paths: &[PathBuf], format: FileFormat) -> Self {
        let file =
            |path: &PathBuf| OpenFile { path: path.clone(), timestamp_us: None, records: None, from: 1, ended: false };
        FileSource {
            id,
            stream: stream.clone(),
            format,
            header: Header::default(),
            files: paths.iter().map(file).collect(),
            turn: 0,
            records_estimated: None,
        }
    }

    /// Makes decoders of its records.
    pub fn decoder(&self) -> DecoderFactory {
        match self.format {
            FileFormat::JsonLines => Box::new(|stream, _| Box::new(JsonDecoder::new(stream))),
            FileFormat::Csv => {
                let header = self.header.clone();
                Box::new(move |stream, _| Box::new(CsvDecoder::new(stream, header.clone())))
            }
        }
    }

    /// Opens a file anew, up to and with its header line.
    fn start(&mut self, index: usize) -> Result<(), SourceError> {
        let file = &mut self.files[index];
        let (input, timestamp) = open(&file.path).map_err(|e| file.wrong(&format!("cannot be opened: {e}")))?;
        file.timestamp_us = timestamp;
        let mut records = Records::new(input, self.format == FileFormat::Csv);
        if self.format == FileFormat::Csv {
            loop {
                match records.next(HEADER_WAIT) {
                    Ok(Next::Record(_)) => break,
                    Ok(Next::NotYet) => {}
                    Ok(Next::End) => return Err(file.wrong("has no header line")),
                    Err(e) => return Err(file.failed(&e)),
                }
            }
            self.header.set(records.bytes(), &self.stream.fields).map_err(|why| file.wrong(&why))?;
        }
        file.records = Some(records);
        file.ended = false;
        Ok(())
    }
}

/// How long a pipe's header line is waited for at a time.
const HEADER_WAIT: Duration = Duration::from_secs(1);

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open(path: &Path) -> std::io::Result<(Input, Option<i64>)> {
    if is_stdin(path) {
        return Ok((Input::pipe(std::io::stdin()), microseconds(SystemTime::now())));
    }
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if about.is_file() {
        return Ok((Input::File(file), about.modified().ok().and_then(microseconds)));
    }
    Ok((Input::pipe(file), microseconds(SystemTime::now())))
}

fn microseconds(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).ok(),
        Err(before) => i64::try_from(before.duration().as_micros()).ok().map(|us| -us),
    }
}

impl OpenFile {
    fn name(&self) -> String {
        if is_stdin(&self.path) { "standard input".to_owned() } else { format!("`{}`", self.path.display()) }
    }

    fn wrong(&self, why: &str) -> SourceError {
        SourceError::Configuration(format!("{}: {why}", self.name()))
    }

    fn failed(&self, error: &std::io::Error) -> SourceError {
        SourceError::Failed(format!("{}: {error}", self.name()))
    }

    /// Visits up to `max` records; the number visited.
    fn visit(
        &mut self,
        partition: usize,
        max: usize,
        wait: Duration,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, SourceError> {
        let Some(records) = &mut self.records else { return Ok(0) };
        let (mut visited, mut wait) = (0, wait);
        while visited < max {
            match records.next(wait) {
                Ok(Next::Record(line)) if line < self.from => {}
                Ok(Next::Record(offset)) => {
                    let (timestamp_us, value) = (self.timestamp_us, Some(records.bytes()));
                    let whole_bytes = records.whole_bytes();
                    let headers = cut_off(whole_bytes);
                    visit(Record { partition, offset, timestamp_us, key: None, value, headers: &headers });
                    visited += 1;
                    wait = Duration::ZERO;
                }
                Ok(Next::NotYet) => break,
                Ok(Next::End) => {
                    self.ended = true;
                    break;
                }
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok(visited)
    }
}

/// Of a record that is kept in part: how long all of it is.
fn cut_off(whole_bytes: Option<usize>) -> Vec<tripline_engine::io::Header> {
    whole_bytes.map(|bytes| ("whole-bytes".to_owned(), Some(bytes.to_string().into_bytes()))).into_iter().collect()
}

impl Source for FileSource {
    fn stream(&self) -> StreamId {
        self.id
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        let mut names = BTreeSet::new();
        for index in 0..self.files.len() {
            if !names.insert(self.files[index].path.clone()) {
                return Err(self.files[index].wrong("is named twice"));
            }
            self.start(index)?;
        }
        self.records_estimated = estimate(&self.files);
        let info = |file: &OpenFile| {
            let topic: Arc<str> = file.path.display().to_string().into();
            let id = PartitionId { stream: self.id, topic, partition: 0 };
            PartitionInfo { id, topic_id: String::new(), earliest: 1 }
        };
        Ok(self.files.iter().map(info).collect())
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        self.turn = 0;
        for (index, offset) in offsets.iter().enumerate().take(self.files.len()) {
            // A pipe cannot be read again; it has just been opened.
            if !is_stdin(&self.files[index].path) {
                self.start(index)?;
            }
            self.files[index].from = offset.unwrap_or(1);
        }
        Ok(())
    }

    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError> {
        // First whoever has something, in turn; then wait for the first that may yet have.
        for wait in [Duration::ZERO, wait] {
            for _ in 0..self.files.len() {
                let index = self.turn;
                self.turn = (index + 1) % self.files.len();
                if self.files[index].ended {
                    continue;
                }
                let visited = self.files[index].visit(index, max, wait, visit)?;
                if visited > 0 {
                    return Ok(Polled::Records(visited));
                }
            }
            if self.files.iter().all(|f| f.ended) {
                return Ok(Polled::End);
            }
        }
        Ok(Polled::Records(0))
    }

    fn size_hint(&self) -> Option<u64> {
        self.records_estimated
    }
}

/// About how many records there are, judged by the lines at the beginning of each file; `None` with a pipe among them.
fn estimate(files: &[OpenFile]) -> Option<u64> {
    let of_file = |file: &OpenFile| {
        let about = std::fs::metadata(&file.path).ok().filter(|about| about.is_file() && !is_stdin(&file.path))?;
        let mut sample = Vec::new();
        Input::File(File::open(&file.path).ok()?).more(&mut sample, Duration::ZERO).ok()?;
        let lines = memchr::memchr_iter(b'\n', &sample).count() as u64;
        Some(lines.max(1) * about.len() / (sample.len() as u64).max(1))
    };
    files.iter().map(of_file).sum()
}
