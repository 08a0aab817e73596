//! What can be wrong with a story.

/// What is wrong with a story, for the person who writes it.
#[derive(Debug, thiserror::Error)]
pub enum StoryFault {
    /// A file of the folder cannot be read.
    #[error("cannot read `{path}`: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// As the system says it.
        why: std::io::Error,
    },
    /// The script is no script.
    #[error("the script of `{story}` is wrong: {why}")]
    Script {
        /// The story.
        story: String,
        /// As the reader says it, with the place.
        why: toml::de::Error,
    },
    /// The rules do not compile.
    #[error("the rules of `{story}` do not compile\n{diagnostics}")]
    Rules {
        /// The story.
        story: String,
        /// All diagnostics.
        diagnostics: String,
    },
    /// Something in the script names what is not there.
    #[error("the script of `{story}`, {place}: {what}")]
    Wrong {
        /// The story.
        story: String,
        /// Where in the script.
        place: String,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// The engine did not start, or failed.
    #[error(transparent)]
    Run(#[from] tripline_engine::runner::RunError),
}
