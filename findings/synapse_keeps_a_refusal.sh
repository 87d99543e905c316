#!/usr/bin/env bash
# Synapse behind an authentication service goes on refusing a token for two minutes after the service
# says that it is good.
#
# With matrix_authentication_service, Synapse asks POST /oauth2/introspect what a token is worth and
# keeps the answer for two minutes. One would expect that of good answers, to save requests, and that
# "active": false is asked again, for there is nothing to save: a client that is refused stops. It
# keeps both. So a token that is refused once, because its account was locked or was not there yet
# for a moment, is refused after the lock is lifted, without a question, and always with
# "soft_logout": false, upon which a client deletes its encryption keys. An authentication service
# cannot repair this from behind; what answers in front of Synapse can.
#
# The service here is twenty lines of Python: it says "no" to the first question about a token, "yes"
# from then on, and counts the questions.
set -euo pipefail

folder=$(mktemp -d)
pids=()
trap '((${#pids[@]} == 0)) || kill "${pids[@]}"; wait; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q matrix-synapse==1.163.2

cat >service.py <<'PY'
import http.server
import json
import sys
import urllib.parse

asked = {}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        base = f"http://127.0.0.1:{self.server.server_port}/"
        self.answer(asked if self.path == "/asked" else {"issuer": base, "account_management_uri": base + "account/"})

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = form["token"][0]
        asked[token] = asked.get(token, 0) + 1
        good = {
            "active": True, "sub": "1", "username": "alice", "device_id": "PHONE",
            "scope": "urn:matrix:client:api:* urn:matrix:client:device:PHONE",
        }
        self.answer(good if token == "good" or asked[token] > 1 else {"active": False})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 service.py >service.port &
pids+=($!)
until [[ -s service.port ]]; do sleep 0.1; done
service=http://127.0.0.1:$(<service.port)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
synapse=http://127.0.0.1:$port
secret=between-the-two-of-them
cat >homeserver.yaml <<YAML
server_name: example.com
report_stats: false
suppress_key_server_warning: true
trusted_key_servers: []
macaroon_secret_key: a-secret-of-its-own
signing_key_path: $folder/signing.key
media_store_path: $folder/media
pid_file: $folder/synapse.pid
database: {name: sqlite3, args: {database: $folder/synapse.db}}
listeners: [{port: $port, bind_addresses: [127.0.0.1], type: http, resources: [{names: [client]}]}]
matrix_authentication_service: {enabled: true, endpoint: "$service/", secret: $secret}
YAML
venv/bin/python -m synapse.app.homeserver -c homeserver.yaml --generate-keys >/dev/null 2>&1
venv/bin/python -m synapse.app.homeserver -c homeserver.yaml >synapse.log 2>&1 &
pids+=($!)
for _ in {1..300}; do
  curl -fs "$synapse/_matrix/client/versions" >/dev/null && break
  sleep 0.2
done

tell() { # PATH JSON
  curl -fsS -H "Authorization: Bearer $secret" -H 'Content-Type: application/json' -d "$2" "$synapse/_synapse/mas/$1" >/dev/null
}
tell provision_user '{"localpart": "alice", "set_displayname": "Alice"}'
tell upsert_device '{"localpart": "alice", "device_id": "PHONE", "display_name": null}'

ask() { # TOKEN
  curl -sS -w ' %{http_code}' -H "Authorization: Bearer $1" "$synapse/_matrix/client/v3/account/whoami"
}

venv/bin/pip list 2>/dev/null | grep -i '^matrix-synapse'
printf 'a good token:                  %s\n' "$(ask good)"
first=$(ask refused-once)
printf 'refused once:                  %s\n' "$first"
now=$(curl -fsS -H "Authorization: Bearer x" -d token=refused-once "$service/oauth2/introspect")
printf 'what the service says now:     %s\n' "$now"
for _ in 1 2 3; do
  sleep 5
  later=$(ask refused-once)
  printf 'Synapse, five seconds later:   %s\n' "$later"
done
questions=$(curl -fsS "$service/asked")
printf 'questions (one of them ours):  %s\n' "$questions"

[[ $(ask good) == *' 200' && $first == *'"soft_logout":false'*' 401' && $now == *'"active": true'* &&
  $later == "$first" && $questions == *'"refused-once": 2'* ]] || {
  echo 'no longer so'
  exit 1
}
