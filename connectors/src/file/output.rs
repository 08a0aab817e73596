//! A file of whole lines: what is written becomes visible at a commit, and after a failure nothing of it is left.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where committed bytes go. A test's medium can fail.
pub(super) trait Medium: Write + Send {
    /// Cuts it back to this length.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

impl Medium for File {
    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)?;
        io::Seek::seek(self, io::SeekFrom::Start(bytes)).map(drop)
    }
}

/// Standard output as a medium: what is out is out.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

impl Medium for Stdout {
    fn cut(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

/// One output file.
pub(super) struct Output {
    path: PathBuf,
    medium: Box<dyn Medium>,
    /// Lines of the open transaction.
    pending: Vec<u8>,
    /// Length of what is committed.
    committed: u64,
}

impl Output {
    /// Makes the file anew; `-` is standard output.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Output::on(path, Box::new(Stdout)));
        }
        Ok(Output::on(path, Box::new(File::create(path)?)))
    }

    /// Writes to this medium, which is empty.
    pub(super) fn on(path: &Path, medium: Box<dyn Medium>) -> Self {
        Output { path: path.to_owned(), medium, pending: Vec::new(), committed: 0 }
    }

    /// Adds a line, given without its line break.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending.push(b'\n');
    }

    /// Forgets the lines of the open transaction.
    pub(super) fn rollback(&mut self) {
        self.pending.clear();
    }

    /// Writes the lines of the open transaction; when that fails, takes back what of it is written, and says why.
    pub(super) fn commit(&mut self) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.medium.write_all(&self.pending).and_then(|()| self.medium.flush());
        if let Err(error) = written {
            let path = self.path.display();
            return Err(match self.medium.cut(self.committed) {
                Ok(()) => format!("cannot write `{path}`: {error}; it ends with the last committed line"),
                Err(_) => format!("cannot write `{path}`: {error}; its last line may be incomplete"),
            });
        }
        self.committed += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}
