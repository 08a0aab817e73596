//! The notation of cases: whatever stands in a file, it is read or refused with a reason, and what is read can be run. The stable
//! counterpart is `tests/cases/fuzz.rs`.
#![no_main]
#![allow(dead_code, reason = "the modules are those of the case corpus")]

#[path = "../../tests/cases/file.rs"]
mod file;
#[path = "../../tests/support/run.rs"]
mod run;
#[path = "../../tests/cases/table.rs"]
mod table;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tripline::query_lang::{Source, compile};

fuzz_target!(|text: &str| {
    for case in file::parse(text).into_iter().flatten() {
        let sources = [Source { name: "case.trip".to_owned(), text: case.rules.clone() }];
        let Some(plan) = compile(&sources, &[]).plan.map(Arc::new) else { continue };
        let (Ok(records), Ok(rows)) = (table::records(&plan, &case.events), table::rows(&plan, &case.events)) else {
            continue;
        };
        if let Ok(alerts) = run::alerts_by_reference(&plan, &records, &rows) {
            let _ = table::check(&plan, &alerts, &case.alerts);
        }
    }
});
