#!/usr/bin/env bash
# soft_logout_walk.sh ADDRESS SYNAPSE NAME PASSWORD LATCHKEY CONFIG: what a client sees while its
# session ends softly and it signs in again, request by request. ./dev run --with-synapse writes a
# script that calls this with everything filled in.
set -euo pipefail
url=$1 synapse=$2 name=$3 password=$4 latchkey=$5 config=$6
api=$url/_matrix/client/v3
device=WALK$RANDOM

note() { printf '\n# %s\n' "$*"; }

# ask STATUS CURL-ARGUMENT…: shows the command and its answer, which goes to $answer too; any other
# status ends the walk.
ask() {
  local expected=$1 status argument shown='$ curl -s'
  shift
  for argument in "$@"; do
    if [[ $argument == *[!a-zA-Z0-9_./:=-]* ]]; then argument="'$argument'"; fi
    shown+=" $argument"
  done
  printf '%s\n' "$shown"
  answer=$(curl -sS --noproxy '*' --max-time 60 -w '\n%{http_code}' "$@")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  printf '%s %s\n' "$status" "$(cut -c -400 <<<"$answer")"
  if [[ $status != "$expected" ]]; then
    printf 'that was to be %s\n' "$expected" >&2
    exit 1
  fi
}

# A member of the last answer.
of() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <<<"$answer"; }

sign_in() {
  ask 200 -d '{"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "'"$name"'"}, "password": "'"$password"'", "device_id": "'"$device"'"}' "$api/login"
  token=$(of access_token)
}

note "$name signs in. Latchkey answers, and has told Synapse of the user and the device before it does."
sign_in

note "A room and a message: Synapse's."
ask 200 -H "Authorization: Bearer $token" -d '{"name": "A walk"}' "$api/createRoom"
room=$(of room_id | sed 's/!/%21/; s/:/%3A/')
ask 200 -H "Authorization: Bearer $token" -X PUT -d '{"msgtype": "m.text", "body": "before"}' "$api/rooms/$room/send/m.room.message/1"
ask 200 -H "Authorization: Bearer $token" "$api/sync?timeout=0"

note "Her sessions end softly, by an operator here; a policy's maximum age does the same."
printf '$ latchkey user soft-logout %s\n' "$name"
"$latchkey" user soft-logout "$name" --config "$config"

note "/sync says so at once, with soft_logout: true: the client keeps its keys and asks for the password."
ask 401 -H "Authorization: Bearer $token" "$api/sync?timeout=0"

note "Synapse, asked past the edge, still takes the token: it keeps what it has heard for two minutes."
ask 200 -H "Authorization: Bearer $token" "$synapse/_matrix/client/v3/sync?timeout=0"

note "She signs in again, to the same device. What was said before is there."
sign_in
ask 200 -H "Authorization: Bearer $token" "$api/rooms/$room/messages?dir=b&limit=1"
ask 200 -H "Authorization: Bearer $token" "$api/devices/$device"

note "She logs out: for good this time, and Synapse deletes the device with its keys."
ask 200 -H "Authorization: Bearer $token" -d '{}' "$api/logout"
ask 401 -H "Authorization: Bearer $token" "$api/sync?timeout=0"
