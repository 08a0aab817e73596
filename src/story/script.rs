//! The shape of `story.toml`: who takes part, how ordinary life goes on, which scenes are played in it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::draw::Draw;
use super::span::{Span, Times};

/// A whole script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// One line for a list of stories.
    pub title: String,
    /// When it begins.
    pub start: toml::value::Datetime,
    /// How long it lasts.
    pub lasts: Span,
    /// The seed that the expected alerts belong to.
    #[serde(default = "one")]
    pub seed: u64,
    /// How records arrive.
    #[serde(default)]
    pub arrival: Arrival,
    /// What the streams' events have in common, by stream.
    pub stream: BTreeMap<String, Topic>,
    /// What the rows of the tables are, by table.
    #[serde(default)]
    pub table: BTreeMap<String, Rows>,
    /// Who takes part, by pool.
    pub cast: BTreeMap<String, Pool>,
    /// Ordinary life: its tellings draw from the whole cast.
    #[serde(default)]
    pub life: Vec<Scene>,
    /// What is planted in it: each telling has members of the cast that no other has.
    #[serde(default)]
    pub scene: Vec<Scene>,
}

impl Script {
    /// More or less of ordinary life, so that there are about so many events.
    pub fn scale(&mut self, events: usize) {
        let now: usize = self.life.iter().map(|life| life.times * life.events.len()).sum();
        for life in &mut self.life {
            let times = life.times as u128 * events as u128 / now.max(1) as u128;
            life.times = usize::try_from(times).unwrap_or(usize::MAX);
        }
    }
}

fn one() -> u64 {
    1
}

/// How records arrive.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// How long behind its time an event arrives.
    #[serde(default)]
    pub delay: Span,
    /// One event of ordinary life in so many arrives much later.
    pub late: Option<Late>,
    /// One record of ordinary life in so many is cut short on its way.
    pub broken: Option<u32>,
}

/// How often and how much an event is late.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// One in so many.
    pub one_in: u32,
    /// So long behind its time.
    pub by: Span,
}

/// A stream's records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// The field that is the record's key, which decides its partition.
    pub key: String,
    /// How many partitions the topic has.
    #[serde(default = "two")]
    pub partitions: usize,
    /// Fields that an event has unless it says otherwise.
    #[serde(default)]
    pub fields: BTreeMap<String, Draw>,
}

fn two() -> usize {
    2
}

/// A table's rows: each member of some pools is one, known from the beginning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The pools; the table's key is the member's name, its other fields are what the member has.
    pub of: Vec<String>,
}

/// A pool of the cast.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// A member's name; `####` stands for its number.
    pub name: String,
    /// How many there are; none: each telling gets a new one.
    pub count: Option<usize>,
    /// What each member has, drawn once; `####` in a text stands for its number.
    #[serde(default)]
    pub has: BTreeMap<String, Draw>,
}

/// Something that happens, told a number of times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// What happens, in words: it stands in the report.
    pub what: String,
    /// How often it is told.
    #[serde(default)]
    pub times: usize,
    /// Instead of a number: once for each member of this pool, from the beginning on.
    pub each: Option<String>,
    /// When a telling begins, from the story's begin.
    pub begins: Option<Span>,
    /// Only with members that have no part in a scene (ordinary life only).
    #[serde(default)]
    pub spare: bool,
    /// The rules that ought to alert: the truth.
    #[serde(default)]
    pub truth: Vec<String>,
    /// The rules that do alert, where that is not the truth: a known miss, or a known false alarm.
    pub alerts: Option<Vec<String>>,
    /// Its events.
    pub events: Vec<Beat>,
}

impl Scene {
    /// The rules that do alert.
    pub fn alerts(&self) -> &[String] {
        self.alerts.as_deref().unwrap_or(&self.truth)
    }
}

/// An event of a scene, once or repeated.
#[derive(Clone, Debug, Deserialize)]
pub struct Beat {
    /// Time since the telling's begin; without it, it follows the event before it.
    pub at: Option<Span>,
    /// Time since the event before it.
    #[serde(default)]
    pub after: Span,
    /// How often.
    pub times: Option<Times>,
    /// Time between its repetitions; left out: as `after`.
    pub every: Option<Span>,
    /// Instead of a number: repeated up to this time since the telling's begin.
    pub until: Option<Span>,
    /// Left out, except in this share of the tellings.
    pub maybe: Option<f64>,
    /// The telling goes on from here only in this share.
    pub goes_on: Option<f64>,
    /// How long behind its time it arrives, where that is not as ever.
    pub delay: Option<Span>,
    /// The stream's name, and the fields that are not as ever.
    #[serde(flatten)]
    pub event: BTreeMap<String, BTreeMap<String, Draw>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_that_the_page_explains_is_one() {
        let page = include_str!("../../examples/README.md");
        let (_, behind) = page.split_once("```toml\n").expect("the page shows a script");
        let (text, _) = behind.split_once("```").expect("the fence ends");
        let script: Script = toml::from_str(text).expect("it reads");
        assert_eq!((script.life.len(), script.scene.len()), (1, 1));
    }
}
