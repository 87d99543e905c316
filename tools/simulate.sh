#!/usr/bin/env bash
# ./dev simulate [ARGUMENT…]: histories of the domain on a simulated clock, network and database
# (tests/simulation/README.md). With --mutants: with rules broken on purpose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

need_packages build
configure release
ninja -C build/release latchkey_simulate >&2
if [[ ${1:-} == --mutants ]]; then exec /usr/bin/python3 tools/simulate.py "${@:2}"; fi
exec build/release/simulation/simulate --jobs "$(nproc)" "$@"
