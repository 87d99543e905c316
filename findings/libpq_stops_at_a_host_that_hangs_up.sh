#!/usr/bin/env bash
# libpq 15, told of several hosts, tries no further ones when the first accepts the connection and
# hangs up; libpq 16 does.
#
# With host=a,b,c one expects that whoever can be reached is found: of a host that is down, libpq goes
# on to the next, and of one that is too slow (connect_timeout) as well. But where a TCP proxy stands
# before a database (HAProxy, a cloud's balancer, a port that ssh or Kubernetes forwards), a database
# that is down looks otherwise: the proxy accepts, finds nobody behind it, and closes. libpq takes that
# for the answer and gives up, though the next host would serve. So a list of two proxies, made for the
# case that one of the two databases is gone, does not help in just this case, for as long as it lasts.
# Debian 12, and what else was built in 2023, has libpq 15: there a client has to walk the list by
# itself, one host at a time.
#
# The host that hangs up is a few lines of Python, as such a proxy does; the other is PostgreSQL.
set -euo pipefail

folder=$(mktemp -d)
pids=()
trap '((${#pids[@]} == 0)) || kill "${pids[@]}"; wait; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 "$folder"

cat >try.py <<'PY'
import pathlib
import socket
import sys
import threading

import pgserver
import psycopg

database = pgserver.get_server(pathlib.Path("data").resolve())
try:
    uri = psycopg.conninfo.conninfo_to_dict(database.get_uri())
    serving = uri["host"]

    def refusing():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return taken.getsockname()[1]

    def hanging_up():
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                listener.accept()[0].close()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def ask(first):
        try:
            with psycopg.connect(
                host=f"127.0.0.1,{serving}", port=f"{first},5432", user=uri["user"], dbname=uri["dbname"], connect_timeout=5
            ) as connection:
                return "served by the second host, PostgreSQL " + str(connection.info.server_version)
        except psycopg.OperationalError as error:
            return "given up: " + " ".join(str(error).split())

    print("libpq", psycopg.pq.version())
    print("the first refuses: ", refused := ask(refusing()))
    print("the first hangs up:", hung_up := ask(hanging_up()))
    expected = "given up" if psycopg.pq.version() < 160000 else "served"
    sys.exit(0 if refused.startswith("served") and hung_up.startswith(expected) else 1)
finally:
    database.cleanup()
PY
# The wheels bring their libpq along: 15.1 and 16.0.
for version in 3.1.8 3.1.18; do
  python3 -m venv --clear venv
  venv/bin/pip install -q pgserver==0.1.4 psycopg==$version psycopg-binary==$version
  rm -rf data
  venv/bin/python -W ignore try.py || {
    echo 'no longer so'
    exit 1
  }
done
