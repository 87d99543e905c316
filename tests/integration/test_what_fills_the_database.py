"""What strangers and accounts can write into the database: so many rows, and none larger than the
documentation says (docs/formats/database.md)."""

import re
import secrets
import sqlite3
from contextlib import closing

from support.answers import assert_good
from support.api import PREFIX, new_name
from support.oauth import CALLBACK, DeviceClient, OAuthClient, metadata, new_person, sign_in
from support.secrets import password
from support.server import REPOSITORY

# Everybody together may take so many times as many as one address.
EVERYBODY = 32
LONG_NAME = "n" * 255

_KINDS = (
    "registration",
    "challenge",
    "device_authorization",
    "provider_sign_in",
    "client_registration",
)
LIMITS = {"enabled": True}
for _kind in _KINDS:
    LIMITS |= {f"{_kind}s": 1, f"{_kind}_interval": "24h"}


def documented() -> dict[str, int]:
    """Bytes of a row of each table that the documentation names, at their most."""
    text = (REPOSITORY / "docs/formats/database.md").read_text()
    section = text.split("## What strangers and accounts can fill")[1].split("\n## ")[0]
    sizes = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        tables = re.findall(r"`([a-z_]+)`", cells[0]) if len(cells) == 5 else []
        numbers = (
            [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", cells[2])]
            if tables
            else []
        )
        for table, size in zip(tables, numbers * len(tables), strict=False):
            sizes[table] = max(size, sizes.get(table, 0))
    return sizes


def query(server, statement: str, *parameters):
    with closing(sqlite3.connect(f"file:{server.engine.file}?mode=ro", uri=True)) as connection:
        return connection.execute(statement, parameters).fetchall()


def rows(server, table: str) -> int:
    return query(server, f"SELECT COUNT(*) FROM {table}")[0][0]


def bytes_of_a_row(server, table: str) -> int:
    """With what the indexes have of it, and without the pages' empty rest."""
    [(used, pages)] = query(
        server,
        "SELECT SUM(pgsize - unused), COUNT(*) FROM dbstat WHERE name IN"
        " (SELECT name FROM sqlite_master WHERE tbl_name = ?)",
        table,
    )
    return (used - 12 * pages) // rows(server, table)


def assert_small(server, *tables: str) -> None:
    found = {table: bytes_of_a_row(server, table) for table in tables}
    assert {table: size for table, size in found.items() if size > documented()[table]} == {}


def each_from_another_network(server, count: int = EVERYBODY + 8):
    """Addresses of strangers, each a /48 away from the others."""
    return ({"X-Forwarded-For": f"2001:db8:{number:x}::1"} for number in range(count))


def server_with(make_sqlite_server, **changes):
    return make_sqlite_server(
        http={"trusted_proxies": ["127.0.0.1"]}, rate_limits=LIMITS | changes, log={"level": "info"}
    )


def accepted(answers, good: int) -> int:
    """How many were, before the others were told to wait."""
    codes = [answer.status_code for answer in answers]
    count = codes.count(good)
    assert codes == [good] * count + [429] * (len(codes) - count)
    return count


def test_every_table_is_documented(make_sqlite_server):
    server = make_sqlite_server()
    tables = {
        name for (name,) in query(server, "SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    of_the_server = {"server", "heartbeat", "gaps", "server_keys", "signing_keys", "provider_keys"}
    of_the_server |= {"nodes", "leases", "user_agents_walk"}
    of_engines = {name for name in tables if name.startswith(("sqlite_", "schema_"))}
    assert tables - of_the_server - of_engines == set(documented())


def test_strangers_register_clients(make_sqlite_server):
    server = server_with(make_sqlite_server)
    languages = {f"client_name#x-{number}": "n" * 230 for number in range(14)}
    answers = [
        server.api.request(
            "POST",
            "/oauth2/registration",
            json=metadata(client_name=secrets.token_hex(100)) | languages,
            headers=headers,
        )
        for headers in each_from_another_network(server)
    ]
    assert accepted(answers, 201) == rows(server, "oauth_clients") == EVERYBODY
    assert_small(server, "oauth_clients")


def test_strangers_begin_to_register(make_sqlite_server):
    server = server_with(make_sqlite_server)
    body = {
        "password": password(),
        "device_id": LONG_NAME,
        "initial_device_display_name": LONG_NAME,
    }
    answers = [
        server.api.request(
            "POST", f"{PREFIX}/register", json=body | {"username": new_name()}, headers=headers
        )
        for headers in each_from_another_network(server)
    ]
    assert accepted(answers, 401) == rows(server, "auth_sessions") == EVERYBODY
    assert_small(server, "auth_sessions")


def test_strangers_register(make_sqlite_server):
    server = server_with(make_sqlite_server, challenges=10_000)
    answers = []
    for headers in each_from_another_network(server):
        name = (secrets.token_hex(120))[: 255 - len("@:example.com")]
        body = {"username": name, "password": password(), "inhibit_login": True}
        challenge = server.api.request("POST", f"{PREFIX}/register", json=body, headers=headers)
        auth = {"type": "m.login.dummy", "session": challenge.json()["session"]}
        answers.append(
            server.api.request(
                "POST", f"{PREFIX}/register", json=body | {"auth": auth}, headers=headers
            )
        )
    assert accepted(answers, 200) == rows(server, "users") == EVERYBODY
    assert_small(server, "users")


def test_strangers_ask_for_codes_of_devices(make_sqlite_server):
    server = server_with(make_sqlite_server)
    client = DeviceClient(server.api)
    answers = [
        client.begin("D" * 255, headers=headers | {"User-Agent": "a" * 1000})
        for headers in each_from_another_network(server)
    ]
    assert accepted(answers, 200) == rows(server, "device_grants") == EVERYBODY
    assert_small(server, "device_grants")


def test_strangers_set_out_for_a_provider(make_sqlite_server):
    # Nobody is asked anything until somebody comes back.
    provider = {
        "id": "corp",
        "kind": "oidc",
        "name": "Corp",
        "issuer": "http://127.0.0.1:9",
        "discovery": False,
        "authorization_endpoint": "http://127.0.0.1:9/authorize",
        "token_endpoint": "http://127.0.0.1:9/token",
        "jwks_uri": "http://127.0.0.1:9/keys",
        "client_id": "latchkey",
        "client_secret": password(),
    }
    server = make_sqlite_server(
        http={"trusted_proxies": ["127.0.0.1"]},
        rate_limits=LIMITS,
        log={"level": "info"},
        sign_in={"providers": [provider]},
    )
    # Letters that a query carries as they are: the most that a row can hold.
    far = "/account/sso?redirect_url=https://a.example/" + "x" * 7000
    answers = [
        server.api.request("GET", "/account/providers/corp", params={"next": far}, headers=headers)
        for headers in each_from_another_network(server)
    ]
    assert accepted(answers, 303) == rows(server, "provider_attempts") == EVERYBODY
    assert_small(server, "provider_attempts")


def test_an_account_s_rows_are_small(make_sqlite_server):
    """What one person writes with the longest names that are taken."""
    server = make_sqlite_server()
    address = CALLBACK + "?" + "a" * (2048 - len(CALLBACK) - 1)
    client = OAuthClient(server.api, redirect_uris=[address])
    person = new_person(server)
    person.browser.headers["User-Agent"] = "b" * 1000
    agents = [f"{number:03}" + "a" * 1000 for number in range(12)]
    for number, agent in enumerate(agents):
        device = f"{number:03}" + "D" * 252
        sign_in(client, person, device, nonce="n" * 2048, scope=_openid(device))
        legacy = assert_good(
            server.api.request(
                "POST",
                f"{PREFIX}/login",
                json={
                    "type": "m.login.password",
                    "identifier": {"type": "m.id.user", "user": person.name},
                    "password": person.secret,
                    "device_id": f"{number:03}" + "L" * 252,
                    "initial_device_display_name": LONG_NAME,
                },
                headers={"User-Agent": agent},
            )
        )
        assert legacy["device_id"]
        server.api.request(
            "POST", f"{PREFIX}/login/get_token", json={}, token=legacy["access_token"]
        )
    assert_small(
        server,
        "sessions",
        "devices",
        "user_agents",
        "authorization_codes",
        "openid_sessions",
    )


def _openid(device: str) -> str:
    return f"openid urn:matrix:client:api:* urn:matrix:client:device:{device}"
