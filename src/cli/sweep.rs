//! `tripline demo STORY --sweep NAME=A,B,C`: plays a story once for each value of a param, and shows side by side what the
//! rules found, missed and wrongly caught.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::assignment::Assignment;
use super::exit::{Failure, Outcome};
use crate::story::{self, How, Story, Tally};

/// Plays the story with each value.
pub fn run(story: &Story, how: &How, sweep: &Assignment, stop: &Arc<AtomicBool>) -> Outcome {
    let values = values(&sweep.value);
    let width = values.iter().map(|value| value.len()).chain([sweep.name.len()]).max().unwrap_or(0);
    let mut out = anstream::stdout();
    for (number, value) in values.iter().enumerate() {
        let mut how = how.clone();
        how.params.push((sweep.name.clone(), (*value).to_owned()));
        let truth = story::play(story, how, stop.clone(), |_| Ok(()))?.truth;
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::Run("told to stop before the end".to_owned()));
        }
        let rules = truth.rules.keys().map(String::len).max().unwrap_or(0);
        if number == 0 {
            writeln!(out, "{:<width$}  {:<rules$} {}", sweep.name, "rule", Tally::HEADS)?;
        }
        for (rule, tally) in &truth.rules {
            writeln!(out, "{value:<width$}  {rule:<rules$} {}", tally.row())?;
        }
    }
    Ok(())
}

/// The values between the commas that stand in no text and no list.
fn values(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted) = (0i32, false);
    let parts = text.split(|c: char| {
        match c {
            '"' => quoted = !quoted,
            '[' | '(' if !quoted => depth += 1,
            ']' | ')' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && !quoted && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_texts_and_lists_are_no_borders() {
        assert_eq!(values("300.00, 400.00,500.00"), ["300.00", "400.00", "500.00"]);
        assert_eq!(values(r#"["a","b"],["c"]"#), [r#"["a","b"]"#, r#"["c"]"#]);
        assert_eq!(values(r#""a,b","c""#), [r#""a,b""#, r#""c""#]);
    }
}
