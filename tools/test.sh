#!/usr/bin/env bash
# ./dev test [SUITE…]: runs the suites, prints what each took, and sums up their results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

results=build/results # JUnit files; one folder a step
passed=0
failed=0
summary=()
failures=() # What each step that failed says of it, for the end, where it is looked for.

# step NAME COMMAND…: runs it, reads the results it left in $results/NAME, prints its time. A
# command that fails without saying which test did counts as one failure, and its last lines say why.
step() {
  local name=$1 start=$SECONDS status=0 step_passed step_failed
  shift
  rm -rf "${results:?}/$name"
  mkdir -p "$results/$name"
  printf '\n== %s\n' "$name"
  # In its own shell, so that -e holds inside: it would not in a condition.
  set +e
  (set -e; "$@") 2>&1 | tee "$results/$name/output"
  status=${PIPESTATUS[0]}
  set -e
  read -r step_passed step_failed < <(/usr/bin/python3 tools/tally.py "$results/$name")
  if [[ $step_failed -ne 0 ]]; then
    failures+=("$(printf '== %s\n' "$name" && /usr/bin/python3 tools/tally.py --failures "$results/$name")")
  elif [[ $status -ne 0 ]]; then
    step_failed=1
    failures+=("$(printf '== %s\n' "$name" && tail -n 40 "$results/$name/output")")
  fi
  last_status=$status
  passed=$((passed + step_passed))
  failed=$((failed + step_failed))
  summary+=("$(printf '%-14s %5d s  %5d passed  %3d failed' \
    "$name" $((SECONDS - start)) "$step_passed" "$step_failed")")
  printf -- '-- %s\n' "${summary[-1]}"
}

build() { # PRESET TARGET…
  local preset=$1
  shift
  configure "$preset"
  ninja -C "build/$preset" "$@"
}

unit() { # STEP PRESET [CTEST-ARGUMENT…]
  local step=$1 preset=$2
  shift 2
  # Of a program of which one test failed the others are not printed.
  GTEST_BRIEF=1 GTEST_OUTPUT="xml:$PWD/$results/$step/" \
    ctest --test-dir "build/$preset" -j2 --output-on-failure --no-tests=error "$@"
}

python_tests() { # STEP PRESET FOLDER… [-- PYTEST-ARGUMENT…]
  local step=$1 preset=$2 folders=()
  shift 2
  while [[ $# -gt 0 && $1 != -- ]]; do
    folders+=("tests/$1")
    shift
  done
  need_python
  LATCHKEY_BINARY=$PWD/build/$preset/latchkey .cache/venv/bin/pytest -c tests/pytest.ini -q -n 3 \
    --junitxml "$results/$step/pytest.xml" "${@:2}" "${folders[@]}"
}

# Some of them sign people in at an identity provider.
integration_tests() { # as python_tests
  need_provider
  need_saml
  python_tests "$@"
}

browser_tests() {
  need_provider # and axe-core
  python_tests e2e-browser release e2e/browser
}

javascript_tests() {
  need_node
  LATCHKEY_BINARY=$PWD/build/release/latchkey npm --prefix tests/e2e/js test -- \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=junit --test-reporter-destination="$PWD/$results/e2e-js/node.xml"
}

# One process of pytest's has all tests of the provider that takes long to start.
provider_tests() {
  need_packages providers
  need_provider
  need_cas
  need_saml
  need_keycloak
  python_tests e2e-providers release e2e/providers -- -n 2 --dist loadgroup
}

# With a real Synapse: one process of pytest's has nginx in front, the other Caddy.
synapse_tests() {
  need_packages synapse
  need_node # matrix-js-sdk
  need_synapse
  python_tests e2e-synapse release e2e/synapse -- -n 2 --dist loadfile
}

# The rows of continuity once more, by clients at nginx with a real Synapse behind Latchkey.
continuity_tests() {
  need_packages synapse
  need_synapse
  need_provider
  need_saml
  local rows=(tests/integration/test_continuity*.py)
  LATCHKEY_EDGE=1 python_tests continuity release "${rows[@]#tests/}" -- -n 2
}

# Random histories of the domain, with seeds that nobody has seen; a failure prints its own.
simulated_histories() {
  build/release/simulation/simulate --seconds "${SIMULATE_SECONDS:-120}" --jobs "$(nproc)" \
    --junit "$PWD/$results/simulate/simulate.xml"
}

# Three nodes with HAProxy, pgBouncer and two PostgreSQL servers around them: one cluster at a time.
cluster_tests() { # PYTEST-ARGUMENT…
  python_tests cluster release cluster -- -n 1 "$@"
}

# The rows of continuity once more, by clients at HAProxy before three nodes that stand still and die.
cluster_rows() {
  need_provider
  need_saml
  local rows=(tests/integration/test_continuity*.py)
  LATCHKEY_CLUSTER=1 python_tests cluster-rows release "${rows[@]#tests/}" -- -n 2 -k 'not sqlite'
}

# What cargo's and Go's test runners print, as it stands, and as JUnit in $results/STEP.
as_junit() { # STEP
  awk -v file="$results/$1/tests.xml" 'BEGIN { print "<testsuite>" >file }
    { print }
    /^test .* \.\.\. ok$/ || /^ *--- PASS: / { print "<testcase/>" >file }
    /^test .* \.\.\. FAILED$/ || /^ *--- FAIL: / { print "<testcase><failure/></testcase>" >file }
    END { print "</testsuite>" >file }'
}

rust_tests() {
  need_program cargo 1.93 'Rust' 'https://rustup.rs'
  export LATCHKEY_BINARY=$PWD/build/release/latchkey CARGO_TARGET_DIR=$PWD/build/rust
  cargo test --manifest-path tests/e2e/rust/Cargo.toml | as_junit e2e-rust
}

go_tests() {
  need_program go 1.26 'Go' 'https://go.dev/dl'
  export LATCHKEY_BINARY=$PWD/build/release/latchkey
  go -C tests/e2e/go test -count=1 -v ./... | as_junit e2e-go
}

# One sanitizer finding ends the program that had it.
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:external_symbolizer_path=/usr/bin/llvm-symbolizer-19

# Where threads meet: the hash pool, the server, the database's queues, the cache.
tsan_programs=(unit_platform_threads unit_platform_http unit_platform_db unit_domain_sessions)

fuzz_one() { # TARGET
  tools/fuzz.sh "$1" "${FUZZ_SECONDS:-60}" "$results/fuzz/$1.xml"
}

fuzz() {
  export -f fuzz_one
  export results
  sed -n 's/^latchkey_fuzz(\([a-z_]*\).*/\1/p' tests/fuzz/CMakeLists.txt |
    xargs -P2 -I{} bash -c 'fuzz_one {}'
}

# What the last step ended with. A suite whose build failed has been counted as one failure, and
# has nothing to run.
last_status=0
built() { [[ $last_status -eq 0 ]]; }

# build_release TARGET…: as a step, unless everything was built at the beginning.
build_release() {
  last_status=0
  [[ -n ${built_all:-} ]] || step build build release "$@"
}

suite() {
  case $1 in
    build)
      step build build release all
      if built; then built_all=1; fi
      ;;
    lint) step lint tools/lint.sh --all ;;
    unit)
      build_release unit_tests
      built || return 0
      step unit unit unit release
      ;;
    simulate)
      build_release latchkey_simulate
      built || return 0
      step simulate simulated_histories
      ;;
    integration)
      build_release latchkey
      built || return 0
      step integration integration_tests integration release integration edge
      ;;
    ci)
      # Each test once: those of the rooms with the sanitizers alone; a server's on PostgreSQL here,
      # with what a sanitizer would slow down or keep, and all others there. Under a sanitizer one
      # of platform/crypto skips.
      build_release latchkey bench/all latchkey_simulate unit_platform_crypto
      built || return 0
      built_all=1
      suite simulate
      step unit unit unit release -R '^unit_platform_crypto$'
      step integration integration_tests integration release integration edge -- -k \
        '(postgresql or edge or login_timing or many_clients or memory_of_half_sent_heads) and not sqlite'
      # Of the cluster's faults the rarest: a new primary, and a pooler.
      step cluster cluster_tests -k 'new_primary or known_on_the_other or listening'
      suite e2e
      suite crash
      suite asan
      suite tsan
      ;;
    schema)
      build_release latchkey
      built || return 0
      step schema python_tests schema release schema
      ;;
    crash)
      build_release latchkey
      built || return 0
      step crash python_tests crash release crash
      ;;
    e2e)
      build_release latchkey
      built || return 0
      step e2e-js javascript_tests
      step e2e-nio python_tests e2e-nio release e2e/nio
      step e2e-providers provider_tests
      step e2e-browser browser_tests
      step e2e-synapse synapse_tests
      ;;
    synapse)
      build_release latchkey
      built || return 0
      step e2e-synapse synapse_tests
      ;;
    continuity)
      build_release latchkey
      built || return 0
      step continuity continuity_tests
      ;;
    cluster)
      build_release latchkey
      built || return 0
      step cluster cluster_tests
      step cluster-rows cluster_rows
      ;;
    cluster-tsan)
      # With ThreadSanitizer: minutes of building, and servers that are ten times slower.
      step build-tsan build tsan latchkey
      built || return 0
      step cluster-tsan python_tests cluster-tsan tsan \
        integration/test_cluster.py integration/test_cluster_nodes.py cluster -- -n 1
      ;;
    thorough)
      build_release latchkey
      built || return 0
      need_packages workers
      need_synapse_workers
      step continuity continuity_tests
      export LATCHKEY_THOROUGH=1
      step crash python_tests crash release crash
      step e2e-browser browser_tests
      step e2e-synapse synapse_tests
      ;;
    rust | go)
      build_release latchkey
      built || return 0
      step "e2e-$1" "$1_tests"
      ;;
    asan)
      step build-asan build debug unit_tests latchkey
      built || return 0
      step unit-asan unit unit-asan debug
      # On SQLite: what differs on PostgreSQL is platform/db, whose unit tests run on both. How long
      # an answer takes and what memory goes back are measured where no sanitizer slows it and keeps it.
      step integration-asan integration_tests integration-asan debug integration schema -- \
        -k 'not postgresql and not memory_of_half_sent_heads' \
        --ignore tests/integration/test_login_timing.py --ignore tests/integration/test_many_clients.py
      ;;
    tsan)
      step build-tsan build tsan "${tsan_programs[@]}"
      built || return 0
      step tsan unit tsan tsan -R "^($(IFS='|'; echo "${tsan_programs[*]}"))\$"
      ;;
    fuzz)
      step build-fuzz build fuzz fuzz_targets
      built || return 0
      step fuzz fuzz
      ;;
    *)
      say "'$1' is not a suite: ci, build, unit, simulate, integration, schema, crash, e2e, synapse, continuity, cluster, cluster-tsan, thorough, rust," \
        "go, asan, tsan, fuzz, lint or all"
      exit 2
      ;;
  esac
}

suites=()
for name in "${@:-all}"; do
  if [[ $name == all ]]; then
    suites+=(build unit simulate integration schema e2e crash asan tsan fuzz)
  else
    suites+=("$name")
  fi
done

start=$SECONDS
need_packages build test
for name in "${suites[@]}"; do suite "$name"; done

printf '\n'
[[ ${#failures[@]} -eq 0 ]] || printf '%s\n\n' "${failures[@]}"
printf '%s\n' "${summary[@]}"
printf '%-14s %5d s\n%d passed, %d failed\n' total $((SECONDS - start)) "$passed" "$failed"
[[ $failed -eq 0 ]]
