//! Reading a file of cases.

use std::path::Path;

/// One case.
pub struct Case {
    /// What it shows.
    pub title: String,
    /// Where it stands in its file.
    pub line: usize,
    /// The rule file.
    pub rules: String,
    /// Rows of the table, the heading first.
    pub events: Vec<Vec<String>>,
    /// Rows of the table, the heading first.
    pub alerts: Vec<Vec<String>>,
}

/// Which part of a case a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Rules,
    Events,
    Alerts,
}

/// All cases of a file.
pub fn read(path: &Path) -> Result<Vec<Case>, String> {
    parse(&std::fs::read_to_string(path).map_err(|e| e.to_string())?)
}

/// All cases of a file's text.
pub fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut common = String::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut part = Part::None;
    for (number, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix("= ") {
            part = Part::None;
            let (title, rules) = (title.to_string(), common.clone());
            cases.push(Case { title, line: number + 1, rules, events: Vec::new(), alerts: Vec::new() });
            continue;
        }
        let is_heading = !line.starts_with(' ') && !line.trim().is_empty();
        if line.starts_with('#') || (line.trim().is_empty() && part != Part::Rules) {
            continue;
        }
        if is_heading {
            part = match line.trim() {
                "rules" => Part::Rules,
                "events" => Part::Events,
                "alerts" => Part::Alerts,
                "no alerts" => Part::None,
                other => return Err(format!("line {}: unexpected {other:?}", number + 1)),
            };
            continue;
        }
        match (part, cases.last_mut()) {
            (Part::Rules, None) => common.push_str(&format!("{line}\n")),
            (Part::Rules, Some(case)) => case.rules.push_str(&format!("{line}\n")),
            (Part::Events, Some(case)) => case.events.push(cells(line)),
            (Part::Alerts, Some(case)) => case.alerts.push(cells(line)),
            _ => return Err(format!("line {}: a row that belongs to no table", number + 1)),
        }
    }
    Ok(cases)
}

/// Cells are parted by two spaces or more.
fn cells(line: &str) -> Vec<String> {
    line.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_string).collect()
}
