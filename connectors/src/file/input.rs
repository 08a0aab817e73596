//! Bytes of an input: a file is read when asked, a pipe by a thread of its own, so that nobody waits on it for ever.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Chunks that a pipe's thread reads ahead.
const CHUNKS_AHEAD: usize = 4;

/// What asking for more gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Bytes were added.
    Bytes,
    /// None came in time.
    NotYet,
    /// There are no more.
    End,
}

/// An opened input.
pub(super) enum Input {
    /// A regular file.
    File(File),
    /// Standard input, a pipe, a device.
    Pipe(Receiver<io::Result<Vec<u8>>>),
}

impl Input {
    /// Reads from a pipe in a thread; it ends with the pipe, or at the first chunk that nobody wants.
    pub(super) fn pipe(mut pipe: impl Read + Send + 'static) -> Self {
        let (chunks, receiver) = bounded(CHUNKS_AHEAD);
        std::thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = match pipe.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(read) => Ok(read),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                let read = read.map(|len| {
                    chunk.truncate(len);
                    chunk
                });
                if chunks.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Input::Pipe(receiver)
    }

    /// Adds bytes to the end of `buffer`. Only a pipe waits.
    pub(super) fn more(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> io::Result<More> {
        match self {
            Input::File(file) => {
                let read = file.take(CHUNK_BYTES as u64).read_to_end(buffer)?;
                Ok(if read == 0 { More::End } else { More::Bytes })
            }
            Input::Pipe(chunks) => match chunks.recv_timeout(wait) {
                Ok(chunk) => {
                    buffer.extend_from_slice(&chunk?);
                    Ok(More::Bytes)
                }
                Err(RecvTimeoutError::Timeout) => Ok(More::NotYet),
                Err(RecvTimeoutError::Disconnected) => Ok(More::End),
            },
        }
    }
}
