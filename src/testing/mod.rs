//! Runs the `test` blocks of rule files: their events through the engine under a virtual clock, their expectations
//! against the alerts.
//!
//! A test's events are in memory: no source, sink or thread is involved, but lateness, predicates, keys, order and
//! detection are those of a run. Event time goes on after the last line until nothing is pending, or up to `end at`.

mod compare;
mod feed;
mod notation;
mod why;

use std::sync::Arc;

use tripline_query_lang::diagnostics;
use tripline_query_lang::plan::{Alert, Plan, Severity, Test};
use tripline_query_lang::span::Span;
use tripline_query_lang::{Source, compile};

pub use notation::notation;

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// What it shows.
    pub title: String,
    /// The file that it stands in.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// Expected and actual side by side, and why the nearest miss missed; `None`: it passed.
    pub failure: Option<String>,
}

/// Runs all tests of a plan that was compiled from these sources with these params, in order of the text.
pub fn run_tests(sources: &[Source], params: &[(String, String)], plan: &Plan) -> Vec<TestResult> {
    let plan = Arc::new(plan.clone());
    let result = |(index, test): (usize, &Test)| TestResult {
        title: test.title.clone(),
        file: sources.get(test.file).map(|source| source.name.clone()).unwrap_or_default(),
        line: line_of(sources, test.file, test.span),
        failure: failure(sources, params, &plan, index),
    };
    plan.tests.iter().enumerate().map(result).collect()
}

/// What is wrong; `None` when nothing is.
fn failure(sources: &[Source], params: &[(String, String)], plan: &Arc<Plan>, index: usize) -> Option<String> {
    let test = &plan.tests[index];
    if test.params.is_empty() {
        return check(sources, plan, test);
    }
    // What the test says of a param goes before what anybody else says of it.
    let own = test.params.iter().map(|(name, value)| (name.clone(), notation(value)));
    let others = params.iter().filter(|(name, _)| !test.params.iter().any(|(own, _)| own == name)).cloned();
    let compiled = compile(sources, &others.chain(own).collect::<Vec<_>>());
    match compiled.plan {
        Some(plan) => check(sources, &Arc::new(plan.clone()), plan.tests.get(index)?),
        None => {
            let said = compiled.diagnostics.iter().map(|one| diagnostics::render(one, sources, false));
            Some(format!("with its params the rules do not compile\n{}", said.collect::<Vec<_>>().join("\n")))
        }
    }
}

fn check(sources: &[Source], plan: &Arc<Plan>, test: &Test) -> Option<String> {
    let plan = &with_rows_told(plan, test);
    match feed::alerts(plan, test) {
        Ok(fed) => {
            let text = |span: Span| {
                let text =
                    sources.get(test.file).and_then(|source| source.text.get(span.start as usize..span.end as usize));
                text.map(one_line).unwrap_or_default()
            };
            let misses = compare::compare(plan, test, &fed.alerts);
            if misses.is_empty() {
                return None;
            }
            let shown = misses.iter().map(|miss| compare::show(plan, test, miss, &fed, &text));
            Some(shown.collect::<Vec<_>>().join("\n"))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// The plan, in which the rows of a `derive` that the test expects are told like alerts.
fn with_rows_told(plan: &Arc<Plan>, test: &Test) -> Arc<Plan> {
    let told: Vec<usize> = compare::named_rules(test).iter().map(|rule| rule.index()).collect();
    if told.iter().all(|rule| plan.rules[*rule].alert.is_some()) {
        return plan.clone();
    }
    let mut plan = Plan::clone(plan);
    for rule in told {
        let silent = Alert { every_event: false, severity: Severity::Info, template: Vec::new(), to: Vec::new() };
        plan.rules[rule].alert.get_or_insert(silent);
    }
    Arc::new(plan)
}

/// The text with every stretch of white space as one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_of(sources: &[Source], file: usize, span: Span) -> usize {
    let before = sources.get(file).and_then(|source| source.text.get(..span.start as usize));
    before.map_or(1, |before| before.matches('\n').count() + 1)
}
