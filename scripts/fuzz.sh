#!/usr/bin/env bash
# Runs every fuzz target for SECONDS_EACH seconds (default 60): with cargo-fuzz where a nightly toolchain and cargo-fuzz are
# installed, otherwise the stable fallback: the same targets over the kept corpus, mutated by a fixed seed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
if command -v cargo-fuzz >/dev/null && cargo +nightly --version >/dev/null 2>&1; then
  for target in fuzz/fuzz_targets/*.rs; do
    cargo +nightly fuzz run "$(basename "$target" .rs)" -- -max_total_time="$seconds"
  done
else
  echo "no nightly toolchain with cargo-fuzz: running the stable fallback, $seconds seconds a target"
  FUZZ_SECONDS=$seconds cargo test --workspace --locked fuzz_
fi
