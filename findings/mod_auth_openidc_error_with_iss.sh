#!/usr/bin/env bash
# mod_auth_openidc takes an authorization error that carries `iss` for a request to start a sign-in.
#
# RFC 9207 has authorization servers add `iss` to every authorization response, errors included. The
# module looks for `code` first, then for `iss` (third-party initiated login, OpenID Connect Core
# §4), and for `error` last. So when a person says no at a server that follows RFC 9207, the site
# does not say "access_denied": it complains about a missing target_link_uri, and where
# OIDCDefaultURL is set it sends the browser back to ask the same question again.
# Without `iss` the same answer is understood. Nobody gets in either way. The module's sources of
# August 2026 (2.4.x) look in the same order.
#
# Debian 12's packages, from their files alone; no provider is running, for none is asked.
set -euo pipefail

packages=(
  libapache2-mod-auth-openidc=2.4.12.3-2+deb12u5
  apache2-bin libapr1 libaprutil1 libcjose0 libhiredis0.14 libjansson4
)
issuer=https://provider.example/
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; wait; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q "${packages[@]}" >download.log 2>&1 || {
  cat download.log >&2
  exit 1
}
for package in *.deb; do dpkg-deb -x "$package" root; done
chmod 755 .

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
modules=root/usr/lib/apache2/modules
configuration() { # LINE…: more of the module's options
  local name
  printf 'ServerRoot %s\nPidFile %s/pid\nErrorLog %s/log\n' "$folder" "$folder" "$folder"
  printf 'ServerName 127.0.0.1\nListen 127.0.0.1:%s\n' "$port"
  for name in mpm_event authn_core authz_core authz_user auth_openidc; do
    printf 'LoadModule %s_module %s/%s/mod_%s.so\n' "$name" "$folder" "$modules" "$name"
  done
  if [[ $EUID -eq 0 ]]; then printf 'User nobody\nGroup nogroup\n'; fi
  cat <<CONF
OIDCProviderIssuer $issuer
OIDCProviderAuthorizationEndpoint ${issuer}authorize
OIDCProviderTokenEndpoint ${issuer}token
OIDCProviderJwksUri ${issuer}keys
OIDCClientID site
OIDCClientSecret a-secret
OIDCRedirectURI http://127.0.0.1:$port/redirect_uri
OIDCCryptoPassphrase a-passphrase
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
CONF
  printf '%s\n' "$@"
}

start() {
  [[ -z $server ]] || { kill "$server"; wait "$server" || true; }
  configuration "$@" >conf
  LD_LIBRARY_PATH=$(find "$folder/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:) \
    root/usr/sbin/apache2 -f "$folder/conf" -D FOREGROUND 2>stderr &
  server=$!
  for _ in {1..200}; do
    if curl -so /dev/null "http://127.0.0.1:$port/"; then return; fi
    sleep 0.1
  done
  cat stderr log >&2
  exit 1
}

# What the site says to the person's no, with these parameters more.
no() {
  local state
  rm -f cookies
  state=$(curl -s -c cookies -o /dev/null -w '%{redirect_url}' "http://127.0.0.1:$port/" |
    sed 's/.*[?&]state=\([^&]*\).*/\1/')
  curl -s -b cookies -w '\n%{http_code} %{redirect_url}\n' \
    "http://127.0.0.1:$port/redirect_uri?error=access_denied&state=$state$1" |
    sed -e 's/<[^>]*>/ /g' -e 's/&quot;/"/g' -e 's/[?].*//' | tr -s ' \n' ' '
}

failed=0
expect() { # WHAT EXPECTED SEEN
  printf '%s:\n  %s\n' "$1" "$3"
  [[ $3 == *"$2"* ]] || { printf '  EXPECTED: %s\n' "$2"; failed=1; }
}

dpkg-deb -f libapache2-mod-auth-openidc_*.deb Package Version
iss="&iss=$(printf %s "$issuer" | sed 's/:/%3A/; s,/,%2F,g')"
start ''
expect 'error without iss' 'access_denied' "$(no '')"
expect 'error with iss' 'SSO to this module without specifying a "target_link_uri"' "$(no "$iss")"
start "OIDCDefaultURL http://127.0.0.1:$port/"
expect 'error with iss, OIDCDefaultURL set' "302 ${issuer}authorize" "$(no "$iss")"
exit $failed
