#!/usr/bin/env bash
# Runs every fuzz target (or those named) for SECONDS_EACH seconds (default 60): with cargo-fuzz where a nightly toolchain and
# cargo-fuzz are installed, otherwise the stable fallback: the same looks over the kept corpus, mutated by a fixed seed. KEEP=1
# keeps in fuzz/corpus the fewest inputs that reach all that was reached.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
if ! command -v cargo-fuzz >/dev/null || ! cargo +nightly --version >/dev/null 2>&1; then
  echo "no nightly toolchain with cargo-fuzz: running the stable fallback, $seconds seconds a target"
  FUZZ_SECONDS=$seconds exec cargo test --workspace --locked fuzz_
fi
# Without the address sanitizer: the C libraries' own builds fail with it.
run() { cargo +nightly fuzz run --sanitizer none "$@"; }
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(basename -s .rs fuzz/fuzz_targets/*.rs)
for target in "${names[@]}"; do
  found=target/fuzz/$target kept=fuzz/corpus/$target
  case $target in
    case_notation) seeds=(tests/cases/*/) ;;
    parse | compile | format) seeds=(query-lang/tests/cases/*/) ;;
    *) seeds=() ;;
  esac
  mkdir -p "$found" "$kept"
  run "$target" "$found" "$kept" "${seeds[@]}" -- -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096
  if [ -n "${KEEP:-}" ]; then
    rm -rf "$kept.fewest"
    mkdir "$kept.fewest"
    run "$target" "$kept.fewest" "$kept" "$found" -- -set_cover_merge=1 -max_len=250
    rm -rf "$kept"
    mv "$kept.fewest" "$kept"
  fi
done
