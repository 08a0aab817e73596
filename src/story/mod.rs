//! Stories: rules, a day of events with planted truth in them, and the alerts that are expected. Each is a folder of
//! `examples/`, put into the program so that `tripline demo STORY` works anywhere; a folder of one's own works likewise.
//!
//! A script (`story.toml`) says who takes part, how ordinary life goes on, and which scenes are played in it. From the
//! script and a seed the events follow, the same bytes every time; what each scene says of itself is the truth that the
//! alerts are held against.

mod cast;
mod draw;
mod fault;
mod feed;
mod latency;
mod library;
mod record;
mod run;
mod script;
mod show;
mod sink;
mod span;
mod tell;
#[cfg(test)]
mod tests;
mod truth;

pub use fault::StoryFault;
pub use library::{RULES, SCRIPT, Story, all, find, of_the_demo};
pub use record::Record;
pub use run::{How, Played, play};
pub use show::show;
pub use tell::{Telling, Told};
pub use truth::{Tally, Truth};
