//! A pair of rules and a stream: how it is drawn, and what differs between the engine and the reference.

use std::sync::Arc;

use tripline::query_lang::plan::Plan;
use tripline::query_lang::{Source, compile};

use crate::draw::Draw;
use crate::run::{self, Record, Setting, TableRow};
use crate::{built, events, rules, shown, views};

/// A rule file, a stream, a setting.
pub struct Pair {
    pub text: String,
    pub records: Vec<Record>,
    pub rows: Vec<TableRow>,
    pub setting: Setting,
}

/// A pair's choices: those of the rule, of the stream, of the setting.
#[derive(Clone)]
pub struct Choices {
    pub rule: Vec<u32>,
    pub records: Vec<Record>,
    pub rows: Vec<TableRow>,
    pub setting: Vec<u32>,
    pub kind: Kind,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A rule that looks at events alone.
    Events,
    /// A rule that looks things up in a table.
    Tables,
    /// Rules that look things up in views.
    Views,
    /// Keys per step, handed over; histories in steps.
    Keyed,
    /// Rules that read rules.
    Staged,
}

/// One after the other; events alone twice.
pub const KINDS: [Kind; 6] = [Kind::Events, Kind::Events, Kind::Tables, Kind::Views, Kind::Keyed, Kind::Staged];

/// The choices of a seed.
pub fn drawn(seed: u64, kind: Kind) -> Choices {
    let mut rule = Draw::new(seed * 3 + 1);
    text(&mut rule, kind);
    let records = events::records(&mut Draw::new(seed * 3 + 2));
    let rows = if kind == Kind::Tables { events::rows(&mut Draw::new(seed ^ 0x7ab1e)) } else { Vec::new() };
    let mut setting = Draw::new(seed * 3 + 3);
    random_setting(&mut setting);
    Choices { rule: rule.drawn, records, rows, setting: setting.drawn, kind }
}

/// The rule file that these choices make.
pub fn text(draw: &mut Draw, kind: Kind) -> String {
    match kind {
        Kind::Events => rules::file(draw),
        Kind::Tables => rules::file_with_look_ups(draw),
        Kind::Views => views::file(draw),
        Kind::Keyed => built::keyed_file(draw),
        Kind::Staged => built::staged_file(draw),
    }
}

/// How the engine is run.
pub fn random_setting(draw: &mut Draw) -> Setting {
    Setting {
        batch: [8192, 1, 7][draw.below(3) as usize],
        workers: [1 + draw.below(3) as usize, 1 + draw.below(3) as usize],
        cut: (draw.below(2) == 1).then(|| draw.below(12) as usize),
        order: u64::from(draw.below(1 << 16)),
        plain: draw.below(4) == 1,
    }
}

impl Choices {
    /// The choices that bytes stand for: the kind, then those of the rule, the stream, the rows and the setting, one a byte, each
    /// part up to 255.
    pub fn of_bytes(bytes: &[u8]) -> Choices {
        let (kind, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let mut parts = rest.splitn(4, |byte| *byte == u8::MAX);
        let mut part = || parts.next().unwrap_or_default().iter().map(|byte| u32::from(*byte)).collect::<Vec<u32>>();
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        let (rule, stream, rows) = (part(), part(), part());
        let rows = if kind == Kind::Tables { events::rows(&mut Draw::again(rows)) } else { Vec::new() };
        Choices { rule, records: events::records(&mut Draw::again(stream)), rows, setting: part(), kind }
    }

    pub fn rule(&mut self) -> &mut Vec<u32> {
        &mut self.rule
    }

    pub fn setting(&mut self) -> &mut Vec<u32> {
        &mut self.setting
    }

    pub fn pair(&self) -> Pair {
        Pair {
            text: text(&mut Draw::again(self.rule.clone()), self.kind),
            records: self.records.clone(),
            rows: self.rows.clone(),
            setting: random_setting(&mut Draw::again(self.setting.clone())),
        }
    }
}

/// The plan, or why there is none.
pub fn plan(text: &str) -> Result<Arc<Plan>, String> {
    let compiled = compile(&[Source { name: "random.trip".to_string(), text: text.to_string() }], &[]);
    let errors = compiled.diagnostics.iter().filter(|d| d.code.is_error());
    let errors: Vec<String> = errors.map(|d| format!("{} {}", d.code.0, d.message)).collect();
    compiled.plan.map(Arc::new).ok_or_else(|| errors.join("; "))
}

/// What differs; nothing when they agree. A rule that the compiler refuses says nothing.
pub fn difference(pair: &Pair) -> Option<String> {
    let plan = plan(&pair.text).ok()?;
    let has_views = plan.rules.iter().any(|rule| rule.keeps.is_some());
    difference_in_alerts(&plan, pair).or_else(|| if has_views { difference_in_views(&plan, pair) } else { None })
}

/// The rows of all views at the end.
fn difference_in_views(plan: &Arc<Plan>, pair: &Pair) -> Option<String> {
    let alerts = run::by_engine(plan, &pair.records, &pair.rows, &pair.setting).ok()?;
    if is_cut(&alerts) {
        return None;
    }
    let expected = shown::by_reference(plan, &pair.records, &pair.rows).map(|rows| (alerts, rows));
    let found = std::panic::catch_unwind(|| shown::by_engine(plan, &pair.records, &pair.rows, &pair.setting))
        .unwrap_or_else(|_| Err("the engine panicked".to_string()));
    (expected != found).then(|| format!("with views shown\nreference: {expected:#?}\nengine: {found:#?}"))
}

fn difference_in_alerts(plan: &Arc<Plan>, pair: &Pair) -> Option<String> {
    let expected = std::panic::catch_unwind(|| {
        run::alerts_by_reference(plan, &pair.records, &pair.rows).map(|alerts| run::shown(plan, &alerts))
    });
    let expected = expected.unwrap_or_else(|_| Err("the reference panicked".to_string()));
    let found = std::panic::catch_unwind(|| run::by_engine(plan, &pair.records, &pair.rows, &pair.setting))
        .unwrap_or_else(|_| Err("the engine panicked".to_string()));
    match (expected, found) {
        (Ok(expected), Ok(found)) if expected == found => None,
        // Which of several branches is refused at a `limit` is not promised.
        (Ok(expected), Ok(found)) if is_cut(&expected) || is_cut(&found) => None,
        (Ok(expected), Ok(found)) => Some(format!(
            "the reference finds\n  {}\nthe engine finds\n  {}",
            expected.join("\n  "),
            found.join("\n  ")
        )),
        (expected, found) => Some(format!("reference: {expected:?}\nengine: {found:?}")),
    }
}

fn is_cut(alerts: &[String]) -> bool {
    alerts.iter().any(|alert| alert.contains("\"incomplete\":true"))
}
