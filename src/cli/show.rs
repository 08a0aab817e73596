//! `run --show VIEW`: the rows of views when a run has ended, as a table, or as JSON Lines where alerts are.

use std::io::Write;

use tripline_engine::views::Shown;
use tripline_query_lang::diagnostics::nearest;
use tripline_query_lang::display::Rfc3339;
use tripline_query_lang::plan::{Plan, RuleId};
use tripline_query_lang::value::Value;

use super::exit::Failure;

/// The views of these names, each once.
pub fn views(names: &[String], plan: &Plan) -> Result<Vec<RuleId>, Failure> {
    let mut views = Vec::new();
    for name in names {
        let known = || plan.rules.iter().enumerate().filter(|(_, rule)| rule.keeps.is_some());
        let Some((position, _)) = known().find(|(_, rule)| rule.name == *name) else {
            let names: Vec<&str> = known().map(|(_, rule)| rule.name.as_str()).collect();
            return Err(Failure::Usage(unknown(name, &names)));
        };
        let view = RuleId(position as u32);
        if !views.contains(&view) {
            views.push(view);
        }
    }
    Ok(views)
}

fn unknown(name: &str, known: &[&str]) -> String {
    let hint = match (nearest(name, known.iter().copied()), known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "the rules have no view".to_owned(),
        (None, known) => {
            format!("there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    format!("no view is called `{name}`; {hint}")
}

/// Prints the rows, in the order of their keys.
pub fn print(shown: &[Shown], plan: &Plan, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    for view in shown {
        if as_json {
            view.json_lines(plan).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        } else {
            table(view, plan, out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// ```text
/// cards as of 2026-01-01T00:00:20Z: 2 rows
///   card  seen  spend
///   a     3     120.00
///   b     1     20.00
/// ```
fn table(view: &Shown, plan: &Plan, out: &mut dyn Write) -> Result<(), Failure> {
    let rule = &plan.rules[view.view.index()];
    let as_of = view.at_us.map_or(String::new(), |us| format!(" as of {}", Rfc3339(us)));
    let rows = if view.rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", view.rows.len()) };
    writeln!(out, "{}{as_of}: {rows}", rule.name)?;
    if view.rows.is_empty() {
        return Ok(());
    }
    let names = rule.keys.iter().map(|key| &key.name).chain(rule.fields.iter().map(|field| &field.name));
    let cells = |row: Vec<&Value>| row.into_iter().map(|value| one_line(&value.to_string())).collect::<Vec<_>>();
    let mut lines: Vec<Vec<String>> = vec![names.cloned().collect()];
    lines.extend(view.rows.iter().map(|row| cells(row.key.iter().chain(&row.fields).collect())));
    let width = |column: usize| lines.iter().filter_map(|line| Some(line.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..lines[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("  {cell:width$}"));
        writeln!(out, "{}", padded.collect::<String>().trim_end())?;
    }
    Ok(())
}

/// A text from an event may hold anything, and a row is one line.
fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
