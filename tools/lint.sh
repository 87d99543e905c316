#!/usr/bin/env bash
# ./dev lint [--all | --since REVISION]: format, layers, texts, links, scripts, Python, then
# clang-tidy on the files changed since REVISION (by default since the upstream branch, or else since
# the commit before the last), uncommitted ones included; --all takes every file, as CI does.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

since=''
all=''
case ${1:-} in
  --all) all=1 ;;
  --since) since=$2 ;;
  '') ;;
  *)
    say "lint takes --all or --since REVISION"
    exit 2
    ;;
esac

problems=0
check() { # NAME COMMAND…
  local name=$1 start=$SECONDS
  shift
  set +e
  (set -eo pipefail; "$@")
  local status=$?
  if [[ $status -eq 0 ]]; then
    say "lint: $name: clean, $((SECONDS - start)) s"
  else
    problems=1
    say "lint: $name: see above"
  fi
}

format() {
  local wrong
  wrong=$(cxx_files | xargs -0 -r clang-format-19 --dry-run 2>&1 |
    sed -n 's/:[0-9]*:[0-9]*: warning: .*//p' | sort -u)
  [[ -z $wrong ]] || {
    printf '%s\nnot formatted: run ./dev format\n' "$wrong"
    return 1
  }
}

scripts() {
  shellcheck -x -S warning dev tools/*.sh .ci/run
  local test
  for test in tools/*_test.py; do
    /usr/bin/python3 "$test" 2>&1 | sed '/^\.*$/d; /^-*$/d; /^Ran /d; /^OK$/d'
  done
}

python() {
  need_python
  .cache/venv/bin/ruff check -q tests
  .cache/venv/bin/ruff format --check -q tests || {
    echo 'not formatted: run ./dev format'
    return 1
  }
}

# The revision that changes are counted from.
base() {
  local upstream
  if [[ -n $since ]]; then
    git rev-parse --verify -q "$since^{commit}"
  elif upstream=$(git merge-base HEAD '@{upstream}' 2>/dev/null || git merge-base HEAD origin/HEAD 2>/dev/null) &&
    [[ $upstream != "$(git rev-parse HEAD)" ]]; then
    printf '%s\n' "$upstream"
  else
    git rev-parse --verify -q 'HEAD~1^{commit}' || git rev-parse HEAD
  fi
}

# The sources to look at: of a changed header, those of the same name (x.cc, x_test.cc).
tidy_files() {
  {
    git diff --name-only --diff-filter=d "$(base)" -- '*.cc' '*.h'
    git ls-files --others --exclude-standard -- '*.cc' '*.h'
  } | while IFS= read -r file; do
    case $file in
      *.cc) echo "$file" ;;
      *.h) for source in "${file%.h}.cc" "${file%.h}_test.cc"; do
        if [[ -e $source ]]; then echo "$source"; fi
      done ;;
    esac
  done | sort -u
}

tidy() {
  configure release
  # What clang-tidy reads and the build makes: the precompiled headers, the keys of texts.
  ninja -C build/release latchkey_pch latchkey_test_pch generated/texts.cc >/dev/null
  if [[ -n $all ]]; then
    /usr/bin/python3 tools/tidy.py --all
  else
    tidy_files | xargs -r /usr/bin/python3 tools/tidy.py
  fi
}

need_packages build lint
check format format
check layers /usr/bin/python3 tools/check_layers.py
check texts /usr/bin/python3 tools/texts.py check
check links /usr/bin/python3 tools/check_links.py
check simulation /usr/bin/python3 tools/simulate.py --check
check scripts scripts
check python python
check clang-tidy tidy
exit $problems
