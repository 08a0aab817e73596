//! What the compiler has to say: a fact, a place, what was expected, a hint. Codes stand in one registry, never reused.

use crate::span::Span;

/// One thing that is wrong, or worth a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Its code in the registry.
    pub code: Code,
    /// Which of the sources, by position.
    pub file: usize,
    /// Where.
    pub span: Span,
    /// A short fact in lower case, the user's words in backquotes.
    pub message: String,
    /// What was expected here; stands under the underlined text.
    pub label: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Other places that matter, with what they have to do with it.
    pub related: Vec<(Span, String)>,
}

/// A code: `E0101` stops, `W0901` does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Code(pub &'static str);

impl Code {
    /// Warnings do not keep a file from running.
    pub fn is_error(self) -> bool {
        self.0.starts_with('E')
    }
}
