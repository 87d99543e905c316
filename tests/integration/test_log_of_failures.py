"""What operators, and programs such as fail2ban, read of failed sign-ins, limits and sign-ups."""

import configparser
import json
import re
import time

import pytest

from support.answers import assert_error, assert_good
from support.api import new_name
from support.matrix_client import new_client
from support.polling import wait_until
from support.raw_http import RawConnection, request_bytes
from support.server import REPOSITORY

# What fail2ban puts in the place of <ADDR>, near enough.
_ADDRESS = r"(?P<addr>\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)"


def _failures():
    """The filter's expressions, as fail2ban composes them."""
    parser = configparser.RawConfigParser()
    parser.read(REPOSITORY / "config/fail2ban-latchkey.conf")
    prefix = parser["Definition"]["_prefix"]
    lines = parser["Definition"]["failregex"].strip().splitlines()
    return [re.compile(x.replace("%(_prefix)s", prefix).replace("<ADDR>", _ADDRESS)) for x in lines]


def blamed(log):
    """The addresses that the filter finds, one for each line that it matches."""
    found = []
    for line in log.splitlines():
        matches = [match for match in (f.search(line) for f in _failures()) if match]
        assert len(matches) <= 1, line
        found += [match["addr"] for match in matches]
    return found


def _server(make_sqlite_server, log_format, **changes):
    return make_sqlite_server(
        http={"trusted_proxies": ["127.0.0.1"]},
        log={"level": "info", "format": log_format},
        **changes,
    )


def _login(server, name, secret, address):
    return server.api.request(
        "POST",
        "/_matrix/client/v3/login",
        json={
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": secret,
        },
        headers={"X-Forwarded-For": address},
    )


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_failed_sign_ins_name_the_address_that_fail2ban_blocks(make_sqlite_server, log_format):
    server = _server(make_sqlite_server, log_format)
    name = new_name()
    server.command("user", "create", name)
    begin = server.log_size
    for address in ("192.0.2.7", "2001:db8::7"):
        assert_error(_login(server, name, "wrong password", address), 403, "M_FORBIDDEN")
    assert_error(_login(server, "nobody", "wrong password", "192.0.2.8"), 403, "M_FORBIDDEN")
    wait_until(lambda: len(blamed(server.log(begin))) == 3, "three lines")
    assert blamed(server.log(begin)) == ["192.0.2.7", "2001:db8::7", "192.0.2.8"]
    assert "wrong password" not in server.log(begin)
    if log_format == "json":
        lines = [json.loads(line) for line in server.log(begin).splitlines()]
        failed = [line for line in lines if line["msg"] == "sign-in failed"]
        assert [(line["user"], line["reason"]) for line in failed] == [
            (name, "password"),
            (name, "password"),
            ("nobody", "user"),
        ]


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    "name",
    [
        'x","address":"198.51.100.9"',
        "x address=198.51.100.9 user=",
        '\n{"time":"","level":"info","msg":"sign-in failed","address":"198.51.100.9","user":"',
        "\r\n2026-11-29T08:22:59.500Z info    sign-in failed address=198.51.100.9 user=",
        'x" info sign-in failed address=198.51.100.9 user="',
    ],
)
def test_no_name_makes_another_address_look_guilty(make_sqlite_server, log_format, name):
    server = _server(make_sqlite_server, log_format)
    begin = server.log_size
    assert_error(_login(server, name, "wrong password", "192.0.2.7"), 403, "M_FORBIDDEN")
    wait_until(lambda: blamed(server.log(begin)), "the line")
    assert blamed(server.log(begin)) == ["192.0.2.7"]


def test_a_forged_header_blames_nobody_else(make_sqlite_server):
    """Only what stands where an address of a trusted proxy stands is one."""
    server = _server(make_sqlite_server, "json")
    begin = server.log_size
    forged = '198.51.100.9", "x", 192.0.2.7'
    assert_error(_login(server, "nobody", "wrong password", forged), 403, "M_FORBIDDEN")
    wait_until(lambda: blamed(server.log(begin)), "the line")
    assert blamed(server.log(begin)) == ["192.0.2.7"]


def test_limits_that_are_hit_and_registrations_are_logged(make_sqlite_server):
    server = _server(
        make_sqlite_server, "json", rate_limits={"enabled": True, "failures": 2, "challenges": 100}
    )
    begin = server.log_size
    client = new_client(server.api)
    for _ in range(3):
        last = _login(server, client.store.user, "wrong password", "192.0.2.7")
    assert_error(last, 429, "M_LIMIT_EXCEEDED")
    assert_good(server.api.whoami(client.access))

    def lines(message):
        logged = [json.loads(x) for x in server.log(begin).splitlines() if x.startswith("{")]
        return [line for line in logged if line["msg"] == message]

    wait_until(lambda: lines("limit hit"), "the limit's line")
    [hit] = lines("limit hit")
    assert hit["address"] == "192.0.2.7"
    assert hit["route"] == "/_matrix/client/v3/login"
    [registered] = lines("account registered")
    assert registered["address"] == "127.0.0.1"
    # Over the limit an attempt costs nothing, so it has the one line of its answer alone.
    assert [line["reason"] for line in lines("sign-in failed")] == ["password", "password"]


def test_requests_past_a_limit_do_not_fill_the_log(make_sqlite_server):
    """As many as one connection brings, of which each second has a hundred lines."""
    server = _server(make_sqlite_server, "json", rate_limits={"enabled": True, "failures": 1})
    begin = server.log_size
    _login(server, "nobody", "wrong password", "127.0.0.1")
    body = json.dumps(
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": "nobody"},
            "password": "wrong password",
        }
    ).encode()
    path = "/_matrix/client/v3/login"
    one = request_bytes("POST", path, body, "Content-Type: application/json")
    requests, started = 3_000, time.monotonic()
    with RawConnection(server.port, 60) as connection:
        for _ in range(requests // 50):
            connection.send(one * 50)
            for _ in range(50):
                assert connection.answer().status == 429
    seconds = time.monotonic() - started
    lines = [x for x in server.log(begin).splitlines() if '"limit hit"' in x]
    assert 100 <= len(lines) <= 100 * (seconds + 2)
    assert seconds > 28 or len(lines) < requests
