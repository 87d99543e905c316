#!/usr/bin/env bash
# nginx runs a server block's `if` and `set` once more for the subrequest of `auth_request`, against
# the subrequest's own path.
#
# One expects of `if ($uri !~ ^/api/) { return 403; }` in a server block that it looks at what a client
# asks for. But auth_request asks its question as a request to another path of the same server, which
# begins with the server block again: there the rule sees the path of the check, refuses it, and thereby
# every request, also those to /api/, with a 403 that names no rule. Where the rule does fit, a regular
# expression is tried twice for each request, and a variable that is appended to is appended to twice:
# main request and subrequest share their variables. Rules for clients belong into locations, or have
# to let the path of the check pass. Of $request_uri there is only one, the client's.
#
# Debian 12's package, from its files alone.
set -euo pipefail

packages=(nginx=1.22.1-9+deb12u11)
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; wait; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q "${packages[@]}" >download.log 2>&1 || {
  cat download.log >&2
  exit 1
}
for package in *.deb; do dpkg-deb -x "$package" root; done
nginx=root/usr/sbin/nginx
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

cat >nginx.conf <<CONF
daemon off;
pid nginx.pid;
error_log error.log crit;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    server_name counts;
    listen 127.0.0.1:$port;
    if (\$uri) { set \$runs "\${runs}x"; }
    location = /check { internal; return 204; }
    location /plain/ { add_header Runs \$runs always; try_files /none =404; }
    location /api/ { auth_request /check; add_header Runs \$runs always; try_files /none =404; }
  }
  server {
    server_name refuses;
    listen 127.0.0.1:$port;
    if (\$uri !~ ^/api/) { return 403; }
    location = /check { internal; return 204; }
    location /api/open/ { try_files /none =404; }
    location /api/ { auth_request /check; try_files /none =404; }
  }
}
CONF
"$nginx" -p "$folder" -c nginx.conf 2>start.log &
server=$!

ask() { # SERVER PATH: the status, and how often the block ran
  curl -s -o /dev/null --retry 20 --retry-connrefused --retry-delay 1 -D headers -H "Host: $1" "http://127.0.0.1:$port$2"
  printf '%s%s' "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' headers)" "$(sed -n 's/^Runs: \(x*\).*/, ran \1/p' headers)"
}

"$nginx" -v 2>&1
seen="without a check: $(ask counts /plain/a)
with a check: $(ask counts /api/a)
a rule that /api/ fits, without a check: $(ask refuses /api/open/a)
the same with a check: $(ask refuses /api/a)"
expected='without a check: 404, ran x
with a check: 404, ran xx
a rule that /api/ fits, without a check: 404
the same with a check: 403'
printf '%s\n' "$seen"
[[ $seen == "$expected" ]] || {
  printf 'not as before, which was:\n%s\n' "$expected" >&2
  exit 1
}
