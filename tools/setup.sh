# What ./dev and its tools share: packages, build folders, test environments. Sourced, with the
# repository's root as the working directory. Each function is quick when nothing is to be done.
# shellcheck shell=bash

say() { printf '%s: %s\n' "./dev" "$*" >&2; }

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# need_packages NEED…: installs the Debian packages that tools/packages.txt lists for these needs.
need_packages() {
  install_packages "$@"
  [[ " $* " != *" build "* ]] || unpack_packages
}

install_packages() {
  local wanted installed package missing=()
  mapfile -t wanted < <(awk -v needs=" $* " '!/^#/ && index(needs, " " $1 " ") { print $2 }' \
    tools/packages.txt)
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    grep -qx "installed $package" <<<"$installed" || command -v "$package" >/dev/null ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return

  local apt=(apt-get install -y --no-install-recommends "${missing[@]}")
  say "installing ${missing[*]}"
  if { [[ $EUID -eq 0 ]] || command -v sudo >/dev/null; } &&
    as_root apt-get update -q >&2 &&
    as_root env DEBIAN_FRONTEND=noninteractive "${apt[@]}" >&2; then
    return
  fi
  say "these packages are missing; as root: apt-get update && ${apt[*]}"
  exit 1
}

download_package() { # PACKAGE FOLDER
  (cd "$2" && apt-get download -q "$1" >&2 && dpkg-deb -x "$1"_*.deb . && rm "$1"_*.deb)
}

# Packages whose headers are wanted and whose dependencies are not: into .cache/packages, which
# needs no root.
unpack_packages() {
  local package folder
  for package in $(awk '$1 == "unpack" { print $2 }' tools/packages.txt); do
    folder=.cache/packages/$package
    [[ -e $folder ]] && continue
    say "unpacking $package"
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    # Where nothing had to be installed the lists may be missing or old.
    if ! { download_package "$package" "$folder.new" || {
      as_root apt-get update -q >&2 && download_package "$package" "$folder.new"
    }; }; then
      say "cannot download the Debian package $package; as root: apt-get update"
      exit 1
    fi
    mv "$folder.new" "$folder"
  done
}

# configure PRESET: makes build/PRESET unless it is there and as CMakePresets.json has it.
configure() {
  local folder=build/$1
  if [[ ! -e $folder/build.ninja || CMakePresets.json -nt $folder/build.ninja ]]; then
    # Quiet unless it fails.
    mkdir -p "$folder"
    cmake --preset "$1" >"$folder/configure.log" 2>&1 || {
      cat "$folder/configure.log" >&2
      exit 1
    }
    touch "$folder/build.ninja"
  fi
}

# The Python of the tests, in .cache/venv, with the versions tests/requirements.txt pins.
need_python() {
  cmp -s tests/requirements.txt .cache/venv/requirements.txt && return
  /usr/bin/python3 -m venv --clear .cache/venv
  .cache/venv/bin/pip install -q --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt .cache/venv/requirements.txt
}

# Synapse, in .cache/synapse, with the versions tests/synapse-requirements.txt pins.
need_synapse() {
  cmp -s tests/synapse-requirements.txt .cache/synapse/requirements.txt && return
  say "installing Synapse into .cache/synapse: a minute or two, once"
  /usr/bin/python3 -m venv --clear .cache/synapse
  .cache/synapse/bin/pip install -q --disable-pip-version-check -r tests/synapse-requirements.txt >&2
  cp tests/synapse-requirements.txt .cache/synapse/requirements.txt
}

# What a Synapse with workers wants besides.
need_synapse_workers() {
  need_synapse
  cmp -s tests/synapse-workers-requirements.txt .cache/synapse/workers-requirements.txt && return
  .cache/synapse/bin/pip install -q --disable-pip-version-check \
    -r tests/synapse-workers-requirements.txt >&2
  cp tests/synapse-workers-requirements.txt .cache/synapse/workers-requirements.txt
}

# The CAS server of the tests, in .cache/cas, with the versions tests/cas-requirements.txt pins.
need_cas() {
  cmp -s tests/cas-requirements.txt .cache/cas/requirements.txt && return
  /usr/bin/python3 -m venv --clear .cache/cas
  .cache/cas/bin/pip install -q --disable-pip-version-check -r tests/cas-requirements.txt >&2
  cp tests/cas-requirements.txt .cache/cas/requirements.txt
}

# The SAML provider of the tests, in .cache/saml, with the versions tests/saml-requirements.txt pins.
need_saml() {
  cmp -s tests/saml-requirements.txt .cache/saml/requirements.txt && return
  /usr/bin/python3 -m venv --clear .cache/saml
  .cache/saml/bin/pip install -q --disable-pip-version-check -r tests/saml-requirements.txt >&2
  cp tests/saml-requirements.txt .cache/saml/requirements.txt
}

# Keycloak, in .cache/keycloak: built, and with a database that a program may administer which
# names itself as tests/support/keycloak.py does. Each takes as long as a start of it.
keycloak_version=26.7.3
maven_copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
need_keycloak() {
  local folder=.cache/keycloak done=.cache/keycloak/installed-$keycloak_version
  [[ -e $done ]] && return
  say "installing Keycloak into .cache/keycloak: two minutes, once"
  rm -rf "$folder" "$folder.new"
  mkdir -p "$folder.new"
  mvn -q -B "$maven_copy" -DoutputDirectory="$PWD/$folder.new" \
    -Dartifact="org.keycloak:keycloak-quarkus-dist:$keycloak_version:zip" >&2
  /usr/bin/python3 -m zipfile -e "$folder.new/keycloak-quarkus-dist-$keycloak_version.zip" \
    "$folder.new"
  mv "$folder.new/keycloak-$keycloak_version" "$folder"
  rm -r "$folder.new"
  chmod +x "$folder/bin/kc.sh"
  "$folder/bin/kc.sh" build --db=dev-file >&2
  SECRET=latchkey-tests "$folder/bin/kc.sh" bootstrap-admin service --optimized --no-prompt \
    --client-id tests --client-secret:env SECRET >&2
  touch "$done"
}

# The JavaScript clients and their Node, as the lock file has them.
need_node() { install_node_packages tests/e2e/js; }

# npm oidc-provider, an identity provider that tests sign people in at.
need_provider() {
  need_node # node itself
  install_node_packages tests/support/oidc_provider
}

install_node_packages() { # FOLDER
  [[ $1/node_modules/.package-lock.json -nt $1/package-lock.json ]] && return
  npm --prefix "$1" ci --no-audit --no-fund
  touch "$1/node_modules/.package-lock.json"
}

# need_program COMMAND VERSION NAME WHERE: a toolchain that Debian 12 is too old for.
need_program() {
  local found=''
  # "cargo 1.95.0 (…)", "go version go1.26.8 linux/amd64"
  if command -v "$1" >/dev/null; then
    found=$("$1" version 2>/dev/null || "$1" --version)
    found=$(grep -om1 '[0-9]\+\.[0-9]\+' <<<"$found" | head -n1)
    if printf '%s\n' "$2" "$found" | sort -VC; then return; fi
  fi
  say "this needs $3 $2 or later${found:+, and there is $found}; Debian 12's is too old: $4"
  exit 1
}

# Every C++ source, those not yet committed too, separated by zero bytes.
cxx_files() {
  git ls-files -z --cached --others --exclude-standard --deduplicate -- '*.cc' '*.h' |
    while IFS= read -r -d '' file; do
      if [[ -e $file ]]; then printf '%s\0' "$file"; fi
    done
}
