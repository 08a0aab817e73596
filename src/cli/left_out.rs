//! Why records were left out of a run, for whoever keeps none of them: the first of each kind.

use std::path::Path;

use tripline_engine::io::SideKind;
use tripline_engine::left_out::LeftOut;

use crate::config::{Config, Origin};

/// Kinds that are shown.
const KINDS_SHOWN: usize = 3;

/// Lines that say what was left out and is written nowhere; none when nothing is.
pub fn lines(kinds: &[LeftOut], config: &Config) -> Vec<String> {
    let is_kept = |kind: &SideKind| match kind {
        SideKind::DeadLetter(_) => config.dead_letters.is_some(),
        SideKind::Late { .. } | SideKind::Quarantined { .. } => config.late.is_some(),
    };
    let lost: Vec<&LeftOut> = kinds.iter().filter(|one| !is_kept(&one.kind)).collect();
    let shown = lost.iter().take(KINDS_SHOWN);
    let mut lines: Vec<String> = shown.map(|one| line(one, config)).collect();
    if lost.len() > KINDS_SHOWN {
        lines.push(format!("left out for {} reasons more", lost.len() - KINDS_SHOWN));
    }
    let sections = [("[dead_letters]", true), ("[late]", false)]
        .into_iter()
        .filter(|(_, dead)| lost.iter().any(|one| matches!(one.kind, SideKind::DeadLetter(_)) == *dead));
    let sections: Vec<&str> = sections.map(|(section, _)| section).collect();
    if !sections.is_empty() {
        let sections = sections.join(" and ");
        lines.push(format!("to keep all that is left out, give {sections} a `file` or a `topic` in the configuration"));
    }
    lines
}

fn line(one: &LeftOut, config: &Config) -> String {
    let (class, why) = match &one.kind {
        SideKind::DeadLetter(error) => (error.class, error.message.clone()),
        SideKind::Late { .. } => ("late", "it came later than the stream's `late` allows".to_owned()),
        SideKind::Quarantined { .. } => {
            ("quarantined", "it is further ahead of its record's time than the stream's `ahead` allows".to_owned())
        }
    };
    format!("left out {} ({class}), the first {}: {why}", one.count, place(one, config))
}

/// Where the first lies, as whoever named it knows it.
fn place(one: &LeftOut, config: &Config) -> String {
    let topic = &one.partition.topic;
    let is_file = |origin: &Origin| matches!(origin, Origin::Files { paths, .. } if paths.iter().any(|p| p == Path::new(&**topic)));
    let is_topic = |origin: &Origin| matches!(origin, Origin::Kafka { topic: other, .. } if **other == **topic);
    if config.sources.values().any(is_file) {
        let name = if &**topic == "-" { "standard input".to_owned() } else { format!("`{topic}`") };
        format!("in line {} of {name}", one.offset)
    } else if config.sources.values().any(is_topic) {
        format!("at offset {} of partition {} of `{topic}`", one.offset, one.partition.partition)
    } else {
        format!("in `{topic}`")
    }
}
