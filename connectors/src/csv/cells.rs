//! The cells of one row: between commas, or in quotes, where a doubled quote stands for one.

/// Why a row cannot be cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CellsFault {
    /// The row ends inside quotes.
    #[error("a quote is opened and not closed")]
    Open,
    /// Something stands between a closing quote and the comma.
    #[error("a closing quote is followed by more than a comma")]
    AfterQuote,
}

/// Where the cells of the row read last begin and end; kept from row to row for its memory.
#[derive(Debug, Default)]
pub(super) struct Cells {
    places: Vec<Place>,
    /// The texts of cells with doubled quotes in them.
    rewritten: String,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    from: usize,
    to: usize,
    /// In `rewritten`, not in the row.
    rewritten: bool,
}

impl Cells {
    /// Cuts a row; gives the number of its cells.
    pub(super) fn read(&mut self, row: &str) -> Result<usize, CellsFault> {
        self.places.clear();
        self.rewritten.clear();
        let bytes = row.as_bytes();
        let mut from = 0;
        loop {
            let to = if bytes.get(from) == Some(&b'"') { self.quoted(row, from)? } else { self.bare(bytes, from) };
            match bytes.get(to) {
                None => return Ok(self.places.len()),
                Some(b',') => from = to + 1,
                Some(_) => return Err(CellsFault::AfterQuote),
            }
        }
    }

    /// A cell of the row read last.
    pub(super) fn get<'a>(&'a self, row: &'a str, index: usize) -> &'a str {
        let Some(place) = self.places.get(index) else { return "" };
        let text = if place.rewritten { self.rewritten.as_str() } else { row };
        &text[place.from..place.to]
    }

    /// Notes the cell from here to the comma; gives its end.
    fn bare(&mut self, row: &[u8], from: usize) -> usize {
        let to = memchr::memchr(b',', &row[from..]).map_or(row.len(), |at| from + at);
        self.places.push(Place { from, to, rewritten: false });
        to
    }

    /// Notes the cell whose opening quote stands here; gives where its closing quote is followed.
    fn quoted(&mut self, row: &str, open: usize) -> Result<usize, CellsFault> {
        let (start, mut from) = (self.rewritten.len(), open + 1);
        let mut rewritten = false;
        loop {
            let quote = memchr::memchr(b'"', &row.as_bytes()[from..]).map(|at| from + at).ok_or(CellsFault::Open)?;
            let doubled = row.as_bytes().get(quote + 1) == Some(&b'"');
            if doubled || rewritten {
                rewritten = true;
                self.rewritten.push_str(&row[from..if doubled { quote + 1 } else { quote }]);
            }
            if doubled {
                from = quote + 2;
                continue;
            }
            let (from, to) = if rewritten { (start, self.rewritten.len()) } else { (from, quote) };
            self.places.push(Place { from, to, rewritten });
            return Ok(quote + 1);
        }
    }
}

/// Whether a line ends inside quotes, so that the row goes on in the next; `open`: it began inside quotes.
pub(crate) fn open_at_end(line: &[u8], mut open: bool) -> bool {
    let mut from = 0;
    // The one way out of quotes is a quote; the one way in is a quote at the start of a cell.
    loop {
        let rest = &line[from..];
        if open {
            let Some(at) = memchr::memchr(b'"', rest) else { return true };
            from += at + 1;
            open = false;
        } else {
            match rest.first() {
                // After a closing quote this is a doubled one, at the start of a cell an opening one.
                Some(b'"') => {
                    from += 1;
                    open = true;
                }
                _ => match memchr::memchr(b',', rest) {
                    Some(at) => from += at + 1,
                    None => return false,
                },
            }
        }
    }
}
