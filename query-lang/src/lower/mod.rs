//! Items to the plan: each item of the tree, its names known and its expressions typed, as the engine sees it.

mod alert;
mod episode;
mod gates;
mod keys;
mod params;
mod pattern;
mod rule;
mod slips;
mod streams;
mod tables;
mod tests;
mod threshold;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::warnings;
use crate::plan::{Body, Node, Plan, Rule, StreamId, Test};
use crate::resolve::{Override, World};

/// Makes the plan of all items. Whether it means anything depends on there being no errors; they are noted in the world.
pub(crate) fn plan<'a>(world: &mut World<'a>, overrides: &'a [Override], changing: &[String]) -> Plan {
    let params = params::lower(world, overrides);
    world.plan_streams = world.streams.iter().map(|stream| streams::lower(world, stream)).collect();
    world.plan_tables = world.tables.iter().map(|table| tables::lower(world, table)).collect();
    tables::of_params(world, changing);
    gates::items(world);
    let rules: Vec<_> = world.rules.iter().map(|found| rule::lower(world, found)).collect();
    let tests: Vec<_> = world.tests.iter().map(|test| tests::lower(world, test, &rules)).collect();
    warn_of_unused(world, &rules, &tests);
    slips::warn(world);
    Plan {
        streams: world.plan_streams.clone(),
        tables: world.plan_tables.clone(),
        rules: rules.into_iter().flatten().collect(),
        tests,
        params,
    }
}

/// Says which streams nothing reads. Only where every rule could be made out: another might read them.
fn warn_of_unused(world: &World<'_>, rules: &[Option<Rule>], tests: &[Test]) {
    if rules.is_empty() || rules.iter().any(Option::is_none) || world.error_count() > 0 {
        return;
    }
    let mut is_read = vec![false; world.streams.len()];
    let mut read = |stream: StreamId| is_read[stream.index()] = true;
    for rule in rules.iter().flatten() {
        match &rule.body {
            Body::Threshold(threshold) => threshold.on.iter().for_each(|on| read(on.stream)),
            Body::Pattern(pattern) => {
                pattern.steps.iter().for_each(|step| read(step.stream));
                pattern.without.iter().for_each(|absent| read(absent.stream));
                absent_streams(&pattern.seq, &mut read);
            }
        }
    }
    tests.iter().flat_map(|test| &test.lines).for_each(|line| read(line.stream));
    for (stream, is_read) in world.streams.iter().zip(is_read) {
        if !is_read {
            let name = &stream.node.name;
            let message = format!("nothing reads the stream `{}`", name.text);
            world.report(Diagnostic::new(warnings::UNUSED_STREAM, stream.file, name.span, message));
        }
    }
}

/// The streams of `no X`.
fn absent_streams(seq: &[crate::plan::Element], read: &mut impl FnMut(StreamId)) {
    for element in seq {
        match &element.node {
            Node::No(absent) => read(absent.stream),
            Node::Group(group) => absent_streams(&group.members, read),
            Node::Sub(sub) => absent_streams(&sub.seq, read),
            Node::Step(_) => {}
        }
    }
}
