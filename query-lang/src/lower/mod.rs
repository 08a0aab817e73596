//! Items to the plan: each item of the tree, its names known and its expressions typed, as the engine sees it.

mod alert;
mod derived;
mod emit;
mod episode;
mod keys;
mod params;
mod pattern;
mod rule;
mod slips;
mod streams;
mod tables;
mod tests;
mod threshold;
mod view;
mod window;

use crate::ast::Name;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::warnings;
use crate::plan::{ExpectKind, Plan, Rule, StreamId, Test};
use crate::resolve::{MakerKind, Namespace, Override, World};

/// Makes the plan of all items. Whether it means anything depends on there being no errors; they are noted in the world.
pub(crate) fn plan<'a>(world: &mut World<'a>, overrides: &'a [Override], changing: &[String]) -> Plan {
    let params = params::lower(world, overrides);
    world.plan_streams = world.streams.iter().map(|stream| streams::lower(world, stream)).collect();
    world.plan_tables = world.tables.iter().map(|table| tables::lower(world, table)).collect();
    tables::of_params(world, changing);
    view::declare(world);
    let rules = derived::lower(world);
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
    let mut is_read = vec![false; world.plan_streams.len()];
    let mut read = |stream: StreamId| is_read[stream.index()] = true;
    rules.iter().flatten().for_each(|rule| rule.reads().into_iter().for_each(&mut read));
    tests.iter().flat_map(|test| &test.lines).for_each(|line| read(line.stream));
    for (stream, is_read) in world.streams.iter().zip(&is_read) {
        if !is_read {
            unused(world, stream.file, &stream.node.name, "nothing reads the stream");
        }
    }
    let expected = |rule: usize| {
        tests.iter().flat_map(|test| &test.expects).any(|expect| match expect.kind {
            ExpectKind::Alert { rule: id, .. } | ExpectKind::No(id) => id.index() == rule,
            ExpectKind::NothingElse => false,
        })
    };
    warn_of_unused_names(world);
    for (position, maker) in world.rules.iter().enumerate() {
        match maker.kind {
            _ if world.used[position] => {}
            MakerKind::Derive(_) if !expected(position) => {
                unused(world, maker.file, maker.name, "nothing reads the derive");
            }
            MakerKind::View(_) => {
                let name = &maker.name.text;
                let message = format!("no rule looks anything up in `{name}`");
                let warning = Diagnostic::new(warnings::UNUSED_VIEW, maker.file, maker.name.span, message);
                world.report(warning.hint(format!("`tripline run --show {name}` prints its rows at the end of a run")));
            }
            MakerKind::Rule(_) | MakerKind::Derive(_) => {}
        }
    }
}

/// Says which params, lets and tables nothing reads.
fn warn_of_unused_names(world: &World<'_>) {
    let warn = |code, file, name: &Name, message: String| {
        world.report(Diagnostic::new(code, file, name.span, message));
    };
    let is_read = |name: &Name| world.is_mentioned(Namespace::Values, &name.text);
    for param in world.params.iter().filter(|param| !is_read(&param.node.name)) {
        let name = &param.node.name;
        warn(warnings::UNUSED_PARAM, param.file, name, format!("nothing reads the param `{}`", name.text));
    }
    let mut lets: Vec<_> = world.lets.values().filter(|found| !is_read(&found.node.name)).collect();
    lets.sort_by_key(|found| (found.file, found.span.start));
    for found in lets {
        let name = &found.node.name;
        warn(warnings::UNUSED_LET, found.file, name, format!("nothing uses `{}`", name.text));
    }
    for table in &world.tables {
        let name = &table.node.name;
        if !world.is_mentioned(Namespace::Tables, &name.text) {
            warn(warnings::UNUSED_TABLE, table.file, name, format!("no rule looks anything up in `{}`", name.text));
        }
    }
}

fn unused(world: &World<'_>, file: usize, name: &Name, what: &str) {
    world.report(Diagnostic::new(warnings::UNUSED_STREAM, file, name.span, format!("{what} `{}`", name.text)));
}
