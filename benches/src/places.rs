//! Where things are in the house.

use std::path::{Path, PathBuf};

/// The workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where what is made can be thrown away.
pub fn scratch() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where raw results go: those that are kept in the house, or others.
pub fn results(kept: bool) -> PathBuf {
    if kept { root().join("benches/results") } else { scratch().join("bench-results") }
}
