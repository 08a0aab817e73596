//! Items to the plan: each item of the tree, its names known and its expressions typed, as the engine sees it.

mod alert;
mod gates;
mod keys;
mod params;
mod pattern;
mod rule;
mod streams;
mod tests;
mod threshold;

use crate::plan::Plan;
use crate::resolve::{Override, World};

/// Makes the plan of all items. Whether it means anything depends on there being no errors; they are noted in the world.
pub(crate) fn plan<'a>(world: &mut World<'a>, overrides: &'a [Override]) -> Plan {
    let params = params::lower(world, overrides);
    world.plan_streams = world.streams.iter().map(|stream| streams::lower(world, stream)).collect();
    gates::items(world);
    let rules: Vec<_> = world.rules.iter().map(|found| rule::lower(world, found)).collect();
    let tests = world.tests.iter().map(|test| tests::lower(world, test, &rules)).collect();
    Plan { streams: world.plan_streams.clone(), rules: rules.into_iter().flatten().collect(), tests, params }
}
