//! A case that is run whatever it says, such as one that was damaged.

use std::sync::Arc;

use tripline::query_lang::{Source, compile};

use crate::file::Case;
use crate::{run, table};

/// Runs it by the reference: an expectation is met or not, and nothing else may come of it.
pub fn look(case: &Case) {
    let sources = [Source { name: "case.trip".to_owned(), text: case.rules.clone() }];
    let Some(plan) = compile(&sources, &[]).plan.map(Arc::new) else { return };
    let (Ok(records), Ok(rows)) = (table::records(&plan, &case.events), table::rows(&plan, &case.events)) else {
        return;
    };
    if let Ok(alerts) = run::alerts_by_reference(&plan, &records, &rows) {
        let _ = table::check(&plan, &alerts, &case.alerts);
    }
}
