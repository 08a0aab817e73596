#!/usr/bin/env bash
# Makes sure that what cargo cannot fetch is there: a C compiler, make, zlib headers; for the tests a JDK 17+ and Maven, for
# counting instructions valgrind. Installs what is missing when it may (root, or sudo without a password); otherwise says
# the one line to type.
set -euo pipefail

missing=()
need() { # need PACKAGE COMMAND...: the package is missing unless the command succeeds
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

java_is_recent() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
  [ -n "$version" ] && [ "$version" -ge 17 ]
}

has_zlib_headers() { echo '#include <zlib.h>' | cc -E -xc - ; }

if ! command -v cargo >/dev/null; then
  echo "cargo is missing: install Rust 1.95 or newer (https://rustup.rs), then run this again" >&2
  exit 1
fi

for what in "$@"; do
  case $what in
    build)
      need build-essential command -v cc
      need build-essential command -v c++
      need make command -v make
      need pkg-config command -v pkg-config
      need zlib1g-dev has_zlib_headers
      ;;
    tests)
      need default-jdk-headless java_is_recent
      need maven command -v mvn
      ;;
    counts)
      need valgrind command -v valgrind
      ;;
    *)
      echo "setup.sh: unknown part '$what' (expected build, tests or counts)" >&2
      exit 2
      ;;
  esac
done

[ ${#missing[@]} -eq 0 ] && exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
echo "missing: ${missing[*]}" >&2
if ! command -v apt-get >/dev/null; then
  echo "install them with this system's package manager, then run this again" >&2
  exit 1
elif [ "$(id -u)" = 0 ]; then
  DEBIAN_FRONTEND=noninteractive bash -c "$install" >&2
elif sudo -n true 2>/dev/null; then
  sudo DEBIAN_FRONTEND=noninteractive bash -c "$install" >&2
else
  echo "type: sudo bash -c '$install'" >&2
  exit 1
fi
