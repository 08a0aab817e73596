//! As much of a TextMate grammar's interpreter as ours needs: `match` with `captures`, `begin` and `end`, `include` from the
//! repository; a line at a time, the leftmost match first, of equal ones the first rule.

use fancy_regex::Regex;
use serde_json::Value;

/// A stretch of text with its innermost scope; the inside of texts belongs to the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its first byte.
    pub start: usize,
    /// One past its last.
    pub end: usize,
    /// `comment.line.double-dash.tripline`
    pub scope: String,
}

enum Rule {
    Match { regex: Regex, name: Option<String>, captures: Vec<(usize, String)> },
    Between { begin: Regex, end: Regex, name: String, inside: Vec<Rule> },
}

/// A grammar that was read.
pub struct Grammar {
    rules: Vec<Rule>,
}

impl Grammar {
    /// Reads the JSON.
    pub fn read(text: &str) -> Result<Grammar, String> {
        let json: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        Ok(Grammar { rules: rules(&json["patterns"], &json["repository"])? })
    }

    /// The runs of a text in order.
    pub fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            self.line(line, start, &mut runs);
            start += line.len();
        }
        runs
    }

    fn line(&self, line: &str, offset: usize, runs: &mut Vec<Run>) {
        let mut at = 0;
        while let Some((rule, start)) = first(&self.rules, line, at) {
            let run = |start: usize, end: usize, scope: &str| Run {
                start: offset + start,
                end: offset + end,
                scope: scope.to_owned(),
            };
            at = match rule {
                Rule::Match { regex, name, captures } => {
                    let found = regex.captures_from_pos(line, start).ok().flatten().expect("it was found here");
                    let whole = found.get(0).expect("the whole match");
                    runs.extend(name.iter().map(|name| run(whole.start(), whole.end(), name)));
                    for (number, scope) in captures {
                        runs.extend(found.get(*number).map(|part| run(part.start(), part.end(), scope)));
                    }
                    whole.end()
                }
                Rule::Between { begin, end, name, inside } => {
                    let opened = begin.find_from_pos(line, start).ok().flatten().expect("it was found here");
                    let close = closed(inside, end, line, opened.end());
                    runs.push(run(opened.start(), close, name));
                    close
                }
            };
        }
    }
}

/// Where the text that was opened before `at` ends.
fn closed(inside: &[Rule], end: &Regex, line: &str, mut at: usize) -> usize {
    loop {
        let Some(close) = end.find_from_pos(line, at).ok().flatten() else { return line.len() };
        match first(inside, line, at) {
            Some((Rule::Match { regex, .. }, start)) if start < close.start() => {
                at = regex.find_from_pos(line, start).ok().flatten().map_or(line.len(), |found| found.end());
            }
            _ => return close.end(),
        }
    }
}

/// The rule that matches first from `at` on, and where.
fn first<'a>(rules: &'a [Rule], line: &str, at: usize) -> Option<(&'a Rule, usize)> {
    let start = |rule: &Rule| {
        let regex = match rule {
            Rule::Match { regex, .. } | Rule::Between { begin: regex, .. } => regex,
        };
        regex.find_from_pos(line, at).ok().flatten().map(|found| found.start())
    };
    let found = rules.iter().filter_map(|rule| start(rule).map(|start| (rule, start)));
    found.min_by_key(|(_, start)| *start)
}

fn rules(patterns: &Value, repository: &Value) -> Result<Vec<Rule>, String> {
    let mut found = Vec::new();
    for pattern in patterns.as_array().into_iter().flatten() {
        if let Some(name) = pattern["include"].as_str().and_then(|include| include.strip_prefix('#')) {
            let included = &repository[name];
            if included.is_null() {
                return Err(format!("`{name}` is not in the repository"));
            }
            match included.get("patterns").filter(|_| included.get("begin").is_none()) {
                Some(patterns) => found.extend(rules(patterns, repository)?),
                None => found.push(rule(included, repository)?),
            }
        } else {
            found.push(rule(pattern, repository)?);
        }
    }
    Ok(found)
}

fn rule(pattern: &Value, repository: &Value) -> Result<Rule, String> {
    let regex = |key: &str| {
        let text = pattern[key].as_str().ok_or_else(|| format!("no `{key}` in {pattern}"))?;
        Regex::new(text).map_err(|e| format!("{text}: {e}"))
    };
    let name = pattern["name"].as_str().map(str::to_owned);
    if pattern.get("begin").is_some() {
        let (begin, end, inside) = (regex("begin")?, regex("end")?, rules(&pattern["patterns"], repository)?);
        return Ok(Rule::Between { begin, end, name: name.unwrap_or_default(), inside });
    }
    let captures = pattern["captures"].as_object().into_iter().flatten();
    let captures =
        captures.filter_map(|(number, capture)| Some((number.parse().ok()?, capture["name"].as_str()?.to_owned())));
    Ok(Rule::Match { regex: regex("match")?, name, captures: captures.collect() })
}
