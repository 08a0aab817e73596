//! Why a run failed.

use crate::detect::ProgramError;
use crate::io::{SinkError, SourceError};
use crate::recovery::Refusal;

/// Why a run failed. The texts are for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// What the user said does not fit what is there.
    #[error("{0}")]
    Configuration(String),
    /// The input is not the one that the committed alerts rest on.
    #[error("{0}")]
    LostInput(String),
    /// A younger process of the same name has taken over.
    #[error("{0}")]
    Fenced(String),
    /// A source or a sink failed for good.
    #[error("{0}")]
    Failed(String),
    /// A thread panicked: a fault of the engine.
    #[error("the {thread} failed unexpectedly: {message}")]
    Panicked {
        /// Which.
        thread: String,
        /// What it said.
        message: String,
    },
    /// The run was told to stop before it began; what it waited for.
    #[error("{0}")]
    Stopped(String),
    /// A sink was not able to commit before the run had to end. Nothing is lost: a restart sends it.
    #[error("the sink did not come back in time; what was not committed is sent after a restart")]
    GivenUp,
}

impl From<SourceError> for RunError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Configuration(what) => RunError::Configuration(what),
            SourceError::LostInput(what) => RunError::LostInput(what),
            SourceError::Failed(what) => RunError::Failed(what),
            SourceError::Stopped(what) => RunError::Stopped(what),
        }
    }
}

impl From<SinkError> for RunError {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Configuration(what) => RunError::Configuration(what),
            SinkError::Fenced(what) => RunError::Fenced(what),
            SinkError::Retry(what) | SinkError::Failed(what) => RunError::Failed(what),
        }
    }
}

impl From<Refusal> for RunError {
    fn from(refusal: Refusal) -> Self {
        match refusal.is_lost_input() {
            true => RunError::LostInput(refusal.to_string()),
            false => RunError::Configuration(refusal.to_string()),
        }
    }
}

impl From<ProgramError> for RunError {
    fn from(error: ProgramError) -> Self {
        RunError::Configuration(error.to_string())
    }
}
