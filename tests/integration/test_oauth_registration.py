"""POST /oauth2/registration (RFC 7591), and the clients of the operator's file."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from support.answers import assert_good
from support.oauth import OAuthClient

PATH = "/oauth2/registration"
# The request of the specification's "Dynamic client registration flow".
OF_THE_SPEC = {
    "client_name": "My App",
    "client_name#fr": "Mon application",
    "client_uri": "https://example.com/",
    "logo_uri": "https://example.com/logo.png",
    "tos_uri": "https://example.com/tos.html",
    "tos_uri#fr": "https://example.com/fr/tos.html",
    "policy_uri": "https://example.com/policy.html",
    "policy_uri#fr": "https://example.com/fr/policy.html",
    "redirect_uris": ["https://app.example.com/callback"],
    "token_endpoint_auth_method": "none",
    "response_types": ["code"],
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ],
    "application_type": "web",
}
MINIMAL = {
    "client_uri": "https://example.com/",
    "redirect_uris": ["https://example.com/callback"],
}


def register(server, metadata, **how):
    return server.api.request("POST", PATH, json=metadata, **how)


def assert_registered(answer) -> dict:
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.json()


def assert_refused(answer, error: str) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error, body
    return body["error_description"]


def test_the_example_of_the_specification(server):
    body = assert_registered(register(server, OF_THE_SPEC))
    assert body.pop("client_id")
    assert isinstance(body.pop("client_id_issued_at"), int)
    assert body == OF_THE_SPEC | {
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "RS256",
    }


def test_the_same_metadata_share_a_client(server):
    first = assert_registered(register(server, OF_THE_SPEC))
    shuffled = dict(reversed(OF_THE_SPEC.items())) | {"contacts": ["nobody"]}
    assert assert_registered(register(server, shuffled)) == first
    other = assert_registered(register(server, OF_THE_SPEC | {"client_name": "Other"}))
    assert other["client_id"] != first["client_id"]


def test_many_at_once_are_one_client(server):
    metadata = MINIMAL | {"client_name": "at once"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: register(server, metadata), range(64)))
    assert len({assert_registered(answer)["client_id"] for answer in answers}) == 1


def test_a_client_outlives_a_restart(make_sqlite_server):
    server = make_sqlite_server()
    first = assert_registered(register(server, MINIMAL))
    server.restart()
    assert assert_registered(register(server, MINIMAL)) == first


VALID = [
    ("web", "https://example.com/callback"),
    ("web", "https://app.example.com/callback"),
    ("web", "https://example.com:5173/?query=value"),
    ("native", "com.example.app:/callback"),
    ("native", "com.example:/"),
    ("native", "com.example:callback"),
    ("native", "http://localhost/callback"),
    ("native", "http://127.0.0.1/callback"),
    ("native", "http://[::1]/callback"),
]
INVALID = [
    ("web", "https://example.com/callback#fragment"),
    ("web", "http://example.com/callback"),
    ("web", "http://localhost/"),
    ("native", "example:/callback"),
    ("native", "com.example.app://callback"),
    ("native", "https://localhost/callback"),
    ("native", "http://localhost:0/callback"),
]


@pytest.mark.parametrize(("kind", "uri"), VALID)
def test_valid_redirect_uris(server, kind, uri):
    metadata = MINIMAL | {"application_type": kind, "redirect_uris": [uri]}
    assert assert_registered(register(server, metadata))["redirect_uris"] == [uri]


@pytest.mark.parametrize(("kind", "uri"), INVALID)
def test_invalid_redirect_uris(server, kind, uri):
    metadata = MINIMAL | {"application_type": kind, "redirect_uris": [uri]}
    assert uri in assert_refused(register(server, metadata), "invalid_redirect_uri")


def test_a_native_client_is_the_same_with_any_port(server, person):
    """As FluffyChat on Linux and Windows registers: with the port that it listens on today."""
    client = OAuthClient(
        server.api,
        application_type="native",
        redirect_uris=["http://localhost:3001/login"],
    )
    again = MINIMAL | {
        "client_uri": "https://app.example/",
        "client_name": "An App",
        "application_type": "native",
    }
    first = [
        assert_registered(
            register(server, again | {"redirect_uris": [f"http://localhost:{port}/"]})
        )
        for port in (3001, 40000)
    ]
    assert first[0] == first[1]
    assert first[0]["redirect_uris"] == ["http://localhost/"]
    asked = client.ask(redirect_uri="http://localhost:40001/login")
    told = person.allow(asked)
    assert_good(client.exchange(asked, told["code"], redirect_uri="http://localhost:40001/login"))


def test_clients_of_an_intranet(make_sqlite_server):
    metadata = {
        "client_uri": "http://192.168.1.5:8080/",
        "redirect_uris": ["http://192.168.1.5:8080/callback"],
        "client_name#fr_FR": "Courrier",
    }
    refused = register(make_sqlite_server(), metadata)
    assert "client_uri" in assert_refused(refused, "invalid_client_metadata")
    server = make_sqlite_server(oauth={"local_clients": True})
    assert assert_registered(register(server, metadata))["client_name#fr-FR"] == "Courrier"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_uri": None},
        {"client_uri": "http://example.com/"},
        {"logo_uri": "https://elsewhere.example/logo.png"},
        {"tos_uri": "http://example.com/"},
        {"client_name": "a\u202eb"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"grant_types": ["implicit"]},
        {"response_types": ["token"]},
        {"application_type": "toaster"},
    ],
)
def test_invalid_metadata(server, changes):
    sentence = assert_refused(register(server, MINIMAL | changes), "invalid_client_metadata")
    assert next(iter(changes)) in sentence


@pytest.mark.parametrize("body", [b"", b"[]", b"client_name=x", b'{"a":1,"a":2}', b'{"a":"\xff"}'])
def test_bad_bodies(server, body):
    answer = server.api.request("POST", PATH, content=body)
    assert_refused(answer, "invalid_client_metadata")


def test_only_post(server):
    assert server.api.request("GET", PATH).status_code == 405
    preflight = server.api.request("OPTIONS", PATH)
    assert preflight.status_code in (200, 204)
    assert preflight.headers["access-control-allow-origin"] == "*"


def test_an_address_is_limited(make_sqlite_server):
    limits = {"enabled": True, "client_registrations": 3, "client_registration_interval": "1m"}
    server = make_sqlite_server(rate_limits=limits)
    for name in ("one", "two", "three"):
        assert_registered(register(server, MINIMAL | {"client_name": name}))
    for _ in range(5):
        assert_registered(register(server, MINIMAL | {"client_name": "two"}))
    limited = register(server, MINIMAL | {"client_name": "four"})
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 60
    assert limited.json()["error"] == "temporarily_unavailable"


def test_clients_of_the_file(make_sqlite_server, tmp_path):
    (tmp_path / "secret").write_text("0123456789abcdef\n")
    file = tmp_path / "oauth-clients.yaml"
    client = {
        "client_id": "console",
        "redirect_uris": ["https://console.example.com/callback"],
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret_file": "secret",
    }
    file.write_text(yaml.safe_dump({"clients": [client]}))
    server = make_sqlite_server(oauth={"clients_file": str(file)})
    server.stop()
    client["client_secret_file"] = "elsewhere"
    file.write_text(yaml.safe_dump({"clients": [client]}))
    refusal = server.start_refused()
    missing = file.parent / "elsewhere"
    assert (
        f"client 'console': client_secret_file: cannot read '{missing}': there is no such file"
        in refusal
    )
    assert str(file) in refusal
