//! A diagnostic as text: the fact, the place, the source line with the place underlined, the hint.

use super::Diagnostic;
use crate::Source;
use crate::span::Span;
use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// Columns that a tab takes in the output.
const TAB_WIDTH: usize = 4;

/// Longer lines are cut around the place.
const LINE_CHARS_MAX: usize = 160;

/// Where the lines of a text begin, to find line and column of a byte.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of `text`. Lines end at `\n`; a `\r` before it belongs to the line's end.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// Line and column of a byte, both from 1; the column counts characters. Beyond the end: the end.
    pub fn position(&self, byte: u32) -> (usize, usize) {
        let byte = self.text.floor_char_boundary(byte as usize);
        let line = self.starts.partition_point(|&start| start <= byte);
        let start = self.starts[line - 1];
        let column = self.text.get(start..byte).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// The text of a line (from 1) without its end, empty beyond the last.
    pub fn line(&self, number: usize) -> &'a str {
        let start = number.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(self.text.len());
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

/// Renders one diagnostic with its source lines. `coloured` adds ANSI codes for a terminal.
pub fn render(diagnostic: &Diagnostic, sources: &[Source], coloured: bool) -> String {
    let source = sources.get(diagnostic.file);
    picture(diagnostic, source.map(|source| (source, Lines::new(&source.text))).as_ref(), coloured)
}

/// Renders diagnostics in their order, an empty line between two.
pub fn render_all(diagnostics: &[Diagnostic], sources: &[Source], coloured: bool) -> String {
    let sources: Vec<_> = sources.iter().map(|source| (source, Lines::new(&source.text))).collect();
    let pictures = diagnostics.iter().map(|diagnostic| picture(diagnostic, sources.get(diagnostic.file), coloured));
    pictures.collect::<Vec<_>>().join("\n")
}

/// One diagnostic in its source, if that is known.
fn picture(diagnostic: &Diagnostic, source: Option<&(&Source, Lines<'_>)>, coloured: bool) -> String {
    let paint = Paint { on: coloured };
    let mut out = String::new();
    let (word, colour) = if diagnostic.code.is_error() { ("error", RED) } else { ("warning", YELLOW) };
    let head = paint.with(colour, &format!("{word}[{}]", diagnostic.code.0));
    line(&mut out, &format!("{head}: {}", paint.with(BOLD, &printable(&diagnostic.message))));
    let Some((source, lines)) = source else { return out };
    let spans = || std::iter::once(diagnostic.span).chain(diagnostic.related.iter().map(|(span, _)| *span));
    let margin = spans().map(|span| lines.position(span.end).0.to_string().len()).max().unwrap_or(1);

    let snippet = Snippet { name: &source.name, lines, margin, paint };
    snippet.place(&mut out, "-->", diagnostic.span);
    snippet.show(&mut out, diagnostic.span, '^', colour, diagnostic.label.as_deref());
    for (span, note) in &diagnostic.related {
        snippet.place(&mut out, ":::", *span);
        snippet.show(&mut out, *span, '-', BLUE, Some(note));
    }
    if let Some(hint) = &diagnostic.hint {
        let bar = paint.with(BLUE, "=");
        line(&mut out, &format!("{:margin$} {bar} {} {}", "", paint.with(BOLD, "hint:"), printable(hint)));
    }
    out
}

/// What the pictures of one diagnostic share.
struct Snippet<'a> {
    name: &'a str,
    lines: &'a Lines<'a>,
    /// Digits of the largest line number.
    margin: usize,
    paint: Paint,
}

impl Snippet<'_> {
    /// `--> name:line:column` and an empty bar.
    fn place(&self, out: &mut String, arrow: &str, span: Span) {
        let (row, column) = self.lines.position(span.start);
        let margin = self.margin;
        line(out, &format!("{:margin$}{} {}:{row}:{column}", "", self.paint.with(BLUE, arrow), self.name));
        line(out, &format!("{:margin$} {}", "", self.paint.with(BLUE, "|")));
    }

    /// The source line with the span underlined; of a span over several lines, the first and the last.
    fn show(&self, out: &mut String, span: Span, mark: char, colour: &str, label: Option<&str>) {
        let (first, column) = self.lines.position(span.start);
        let (last, end) = self.lines.position(span.end.max(span.start));
        if first == last {
            return self.underlined(out, first, column, end, mark, colour, label);
        }
        self.underlined(out, first, column, usize::MAX, mark, colour, None);
        if last > first + 1 {
            line(out, &format!("{:width$}{}", "", self.paint.with(BLUE, "..."), width = self.margin));
        }
        self.underlined(out, last, 1, end, mark, colour, label);
    }

    /// One line, underlined from character `from` up to but without `to` (both from 1); at least one mark.
    #[expect(clippy::too_many_arguments, reason = "a private drawing step, called from one place")]
    fn underlined(
        &self,
        out: &mut String,
        number: usize,
        from: usize,
        to: usize,
        mark: char,
        colour: &str,
        label: Option<&str>,
    ) {
        let text = self.lines.line(number);
        // Of an overlong line the part around the place is shown.
        let skip = from.saturating_sub(LINE_CHARS_MAX / 2);
        let mut shown = String::from(if skip > 0 { "..." } else { "" });
        let (mut before, mut under) = (shown.len(), 0);
        for (index, c) in text.chars().enumerate().skip(skip).take(LINE_CHARS_MAX) {
            let width = push_printable(&mut shown, c);
            if index + 1 < from {
                before += width;
            } else if index + 1 < to {
                under += width;
            }
        }
        if text.chars().nth(skip + LINE_CHARS_MAX).is_some() {
            shown.push_str("...");
        }
        let bar = self.paint.with(BLUE, "|");
        let row = self.paint.with(BLUE, &format!("{number:>width$}", width = self.margin));
        line(out, &format!("{row} {bar} {shown}"));
        let marks = mark.to_string().repeat(under.max(1));
        let text = label.map_or(marks.clone(), |label| format!("{marks} {}", printable(label)));
        line(
            out,
            &format!("{:margin$} {bar} {:before$}{}", "", "", self.paint.with(colour, &text), margin = self.margin),
        );
    }
}

/// Adds a character as a terminal shows it safely, and says how many columns that takes.
fn push_printable(out: &mut String, c: char) -> usize {
    match c {
        '\t' => {
            out.push_str(&" ".repeat(TAB_WIDTH));
            TAB_WIDTH
        }
        // Control characters, and those that turn the direction of writing, would garble the picture.
        c if c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}') => {
            out.push(char::REPLACEMENT_CHARACTER);
            1
        }
        c => {
            out.push(c);
            c.width().unwrap_or(0)
        }
    }
}

/// Text without control characters: messages quote the user's file.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_printable(&mut out, c);
    }
    out
}

/// Adds a line without blanks at its end.
fn line(out: &mut String, text: &str) {
    writeln!(out, "{}", text.trim_end()).expect("writing to a text cannot fail");
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const BOLD: &str = "1";

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint {
    on: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes::syntax;

    fn shown(text: &str, start: usize, end: usize) -> String {
        let source = Source { name: "a.trip".into(), text: text.into() };
        let diagnostic = Diagnostic::new(syntax::UNEXPECTED, 0, Span::new(start, end), "expected `x`").label("here");
        render(&diagnostic, &[source], false)
    }

    #[test]
    fn a_place_is_underlined() {
        let expected = "error[E0101]: expected `x`\n --> a.trip:2:3\n  |\n2 | b cd e\n  |   ^^ here\n";
        assert_eq!(shown("a\nb cd e\n", 4, 6), expected);
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_marks_in_place() {
        assert!(shown("\t漢x", 4, 5).ends_with("1 |     漢x\n  |       ^ here\n"));
    }

    #[test]
    fn the_end_of_the_file_and_beyond_can_be_shown() {
        assert!(shown("a", 1, 1).ends_with("1 | a\n  |  ^ here\n"));
        assert!(shown("a", 70, 90).contains("a.trip:1:2"));
        assert!(shown("", 0, 0).ends_with("1 |\n  | ^ here\n"));
    }

    #[test]
    fn a_span_over_lines_shows_its_first_and_last() {
        let expected = "1 | ab\n  |  ^\n ...\n3 | ef\n  | ^ here\n";
        assert!(shown("ab\ncd\nef", 1, 7).ends_with(expected), "{}", shown("ab\ncd\nef", 1, 7));
    }

    #[test]
    fn the_middle_of_a_character_is_no_fault() {
        assert!(shown("aé", 2, 3).contains("a.trip:1:2"));
    }

    #[test]
    fn hints_and_other_places_follow() {
        let source = Source { name: "a.trip".into(), text: "by a\nby b".into() };
        let diagnostic = Diagnostic::new(syntax::TWICE, 0, Span::new(5, 9), "`by` stands twice")
            .related(Span::new(0, 4), "the first")
            .hint("remove one");
        let plain = render(&diagnostic, std::slice::from_ref(&source), false);
        assert!(
            plain.contains(" ::: a.trip:1:1\n  |\n1 | by a\n  | ---- the first\n  = hint: remove one\n"),
            "{plain}"
        );
        let coloured = render(&diagnostic, &[source], true);
        assert!(coloured.starts_with("\u{1b}[1;31merror[E0108]\u{1b}[0m: "));
    }

    #[test]
    fn an_overlong_line_is_cut_around_the_place() {
        let text = format!("{}here{}", "x".repeat(5_000), "y".repeat(5_000));
        let picture = shown(&text, 5_000, 5_004);
        assert!(picture.len() < 700 && picture.contains("here"), "{picture}");
    }
}
