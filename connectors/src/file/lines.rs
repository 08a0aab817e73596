//! Records of a text input, with the number of their first line. A record is a line; in CSV it goes on while a quote is
//! open. Memory is bounded whatever the input: of a longer record only the beginning is kept.

use std::io;
use std::time::Duration;

use super::input::{Input, More};
use crate::convert::RECORD_BYTES_MAX;
use crate::csv::open_at_end;

/// One byte more than a decoder takes, so that it can tell.
const KEPT_MAX: usize = RECORD_BYTES_MAX + 1;

/// What reading on found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A record: its line from 1, and its bytes in [`Records::bytes`].
    Record(i64),
    /// None in time.
    NotYet,
    /// No more.
    End,
}

/// Cuts an input into records.
pub(super) struct Records {
    input: Input,
    buffer: Vec<u8>,
    /// The bytes of the buffer that are used up.
    used: usize,
    /// Number of the next line.
    line: i64,
    /// A record may go on in the next line.
    quotes: bool,
    ended: bool,
    record: (usize, usize),
    /// A line that is too long, while its end is looked for, and then as the record found last.
    long: Option<Long>,
    /// How long the record found last is, if only its beginning is kept.
    whole_bytes: Option<usize>,
}

/// The beginning of a line that is too long.
struct Long {
    kept: Vec<u8>,
    /// Of the line so far.
    bytes: usize,
    /// It is found whole.
    ended: bool,
}

/// A record's end in the buffer: where what is kept of it ends, where the next begins, how many lines and bytes it has.
struct Cut {
    to: usize,
    next: usize,
    lines: i64,
    bytes: usize,
}

impl Records {
    pub(super) fn new(input: Input, quotes: bool) -> Self {
        Records {
            input,
            buffer: Vec::new(),
            used: 0,
            line: 1,
            quotes,
            ended: false,
            record: (0, 0),
            long: None,
            whole_bytes: None,
        }
    }

    /// The bytes of the record found last, without its line break.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.long {
            Some(long) => &long.kept,
            None => &self.buffer[self.record.0..self.record.1],
        }
    }

    /// How long the record found last is, if it is so long that [`Records::bytes`] are only its beginning.
    pub(super) fn whole_bytes(&self) -> Option<usize> {
        self.whole_bytes
    }

    /// The next record that is not blank.
    pub(super) fn next(&mut self, wait: Duration) -> io::Result<Next> {
        loop {
            if let Some(line) = self.take_buffered() {
                return Ok(Next::Record(line));
            }
            if self.ended {
                return Ok(Next::End);
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            match self.input.more(&mut self.buffer, wait)? {
                More::Bytes => {}
                More::NotYet => return Ok(Next::NotYet),
                More::End => self.ended = true,
            }
        }
    }

    /// The next record that stands whole in the buffer.
    fn take_buffered(&mut self) -> Option<i64> {
        if self.line == 1 && self.used == 0 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.used = 3;
        }
        loop {
            self.whole_bytes = None;
            match &mut self.long {
                Some(Long { ended: true, .. }) => self.long = None,
                Some(long) => {
                    let rest = &self.buffer[self.used..];
                    let found = memchr::memchr(b'\n', rest);
                    long.bytes += found.unwrap_or(rest.len());
                    self.used = found.map_or(self.buffer.len(), |at| self.used + at + 1);
                    if found.is_none() && !self.ended {
                        return None;
                    }
                    (long.ended, self.whole_bytes) = (true, Some(long.bytes));
                    self.line += 1;
                    return Some(self.line - 1);
                }
                None => {}
            }
            let from = self.used;
            let Cut { to, next, lines, bytes } = self.cut(from)?;
            self.whole_bytes = Some(bytes).filter(|bytes| *bytes > to - from);
            let line = self.line;
            (self.used, self.line) = (next, self.line + lines);
            let to = if to > from && self.buffer[to - 1] == b'\r' { to - 1 } else { to };
            self.record = (from, to);
            if !self.bytes().trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    /// Where the record that begins here ends; `None`: not in what was read so far.
    fn cut(&mut self, from: usize) -> Option<Cut> {
        let (mut at, mut open, mut lines) = (from, false, 0);
        let mut first = None;
        while let Some(end) = memchr::memchr(b'\n', &self.buffer[at..]).map(|found| at + found) {
            open = self.quotes && open_at_end(&self.buffer[at..end], open);
            lines += 1;
            let cut = Cut { to: end.min(from + KEPT_MAX), next: end + 1, lines, bytes: end - from };
            if !open {
                return Some(cut);
            }
            first.get_or_insert(cut);
            at = end + 1;
        }
        let so_far = self.buffer.len() - from;
        let over = so_far >= KEPT_MAX || self.ended;
        match first {
            _ if !over || so_far == 0 => None,
            // A quote that is never closed: only its own line is lost.
            Some(first) if so_far >= KEPT_MAX || open_at_end(&self.buffer[at..], open) => Some(first),
            _ => {
                let to = (from + KEPT_MAX).min(self.buffer.len());
                if !self.ended {
                    let kept = self.buffer[from..to].to_vec();
                    self.long = Some(Long { kept, bytes: so_far, ended: false });
                    self.used = self.buffer.len();
                    return None;
                }
                // The last line.
                Some(Cut { to, next: self.buffer.len(), lines: lines + 1, bytes: so_far })
            }
        }
    }
}
