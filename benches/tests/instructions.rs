//! No query costs much more instructions an event than was accepted.

use std::process::Command;

#[test]
fn no_query_costs_much_more_than_was_accepted() {
    let ran = Command::new(env!("CARGO_BIN_EXE_benches")).arg("instructions").output().expect("the benchmarks start");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}\n{said}", String::from_utf8_lossy(&ran.stdout));
}
