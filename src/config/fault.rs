//! What is wrong with a configuration: each fault with its line, and what to do.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key that is not there.
    #[error("unknown key `{key}` in {section}; the keys are {}", list(valid))]
    UnknownKey {
        /// As written.
        key: String,
        /// The section.
        section: String,
        /// What may stand there.
        valid: Vec<String>,
    },
    /// A key that must be there.
    #[error("{section} needs `{key}`: {why}")]
    Missing {
        /// The section.
        section: String,
        /// The key.
        key: &'static str,
        /// What for.
        why: &'static str,
    },
    /// A value that does not fit.
    #[error("`{key}` in {section} is {found}, expected {expected}")]
    WrongValue {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// Two keys that exclude each other.
    #[error("{section} has both `{one}` and `{other}`; keep one")]
    Both {
        /// The section.
        section: String,
        /// One key.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A reference to something that is not there.
    #[error("`{key}` in {section}: {why}")]
    Reference {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// What is missing.
        why: String,
    },
}

/// Something to say about a configuration, the command line, or the files that they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file that has to be changed, where one has.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Complaint {
    /// One without a place.
    pub fn of(message: String) -> Self {
        Complaint { file: None, line: None, message }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            self.line.iter().try_for_each(|line| write!(f, "{line}:"))?;
            write!(f, " ")?;
        }
        write!(f, "{}", self.message)
    }
}

/// All faults of one file, in order of the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The file as the user named it.
    pub file: String,
    /// Line from 1, and what is wrong there.
    pub faults: Vec<(usize, Fault)>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (line, fault)) in self.faults.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{line}: {fault}", self.file)?;
        }
        Ok(())
    }
}

impl Faults {
    /// Each with its place.
    pub fn complaints(self) -> Vec<Complaint> {
        let Faults { file, faults } = self;
        let one = |(line, fault): (usize, Fault)| Complaint {
            file: Some(file.clone()),
            line: Some(line),
            message: fault.to_string(),
        };
        faults.into_iter().map(one).collect()
    }
}

impl std::error::Error for Faults {}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
