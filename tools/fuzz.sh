#!/usr/bin/env bash
# tools/fuzz.sh TARGET SECONDS RESULT: fuzzes one target from its kept corpus and writes the
# result as a JUnit file. What it finds stays in build/fuzz/found/TARGET; inputs that reach new
# code stay in build/fuzz/corpus/TARGET, so that the next run starts from them.
set -euo pipefail
target=$1 seconds=$2 result=$3
cd "$(dirname "${BASH_SOURCE[0]}")/.."

found=build/fuzz/found/$target/ grown=build/fuzz/corpus/$target log=build/fuzz/$target.log
mkdir -p "$found" "$grown"
outcome=''
# A second on one input counts as a hang, a gigabyte as a leak.
if ! build/fuzz/fuzz/"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
  -max_len=16384 -artifact_prefix="$found" "$grown" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
  outcome="<failure message=\"see $log and $found\"/>"
  tail -n 60 "$log"
fi
grep -E '^(stat::|Done )' "$log" | sed "s/^/$target: /" || true
printf '<testsuite name="fuzz"><testcase name="%s">%s</testcase></testsuite>\n' \
  "$target" "$outcome" >"$result"
[[ -z $outcome ]]
