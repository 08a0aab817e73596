//! What the compiler has to say: a fact, a place, what was expected, a hint. Codes stand in one registry, never reused.

use crate::span::Span;

pub mod codes;
pub mod render;
pub mod similar;

pub use render::{Lines, render, render_all};
pub use similar::nearest;

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
    /// The param whose value from outside this is about: the file is not to blame.
    pub param: Option<String>,
}

impl Diagnostic {
    /// A fact at a place; the rest is added by the methods below.
    pub fn new(code: Code, file: usize, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            file,
            span,
            message: message.into(),
            label: None,
            hint: None,
            related: Vec::new(),
            param: None,
        }
    }

    /// Says what stands under the underlined text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Hints at the candidate that `written` is probably meant to be, if one is near: "did you mean `amount`?".
    pub fn did_you_mean<'a>(self, written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(written, candidates) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// Says that it is about the value that is given from outside for this param.
    pub fn of_param(mut self, name: &str) -> Self {
        self.param = Some(name.to_owned());
        self
    }

    /// Adds another place of the same file, with what it has to do with this.
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push((span, note.into()));
        self
    }
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
