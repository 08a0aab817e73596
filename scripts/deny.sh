#!/usr/bin/env bash
# Licences, banned crates and sources of all dependencies, by cargo-deny. Installs it once from the registry; where that
# cannot be done, says so and goes on: the list of dependencies is the same everywhere, so one machine that checks is enough.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
if ! cargo deny --version >/dev/null 2>&1; then
  echo "installing cargo-deny $version (once)"
  if ! cargo install --quiet --locked "cargo-deny@$version"; then
    echo "cargo-deny could not be installed: licences were not checked" >&2
    exit 0
  fi
fi
cargo deny --offline --all-features check licenses bans sources
