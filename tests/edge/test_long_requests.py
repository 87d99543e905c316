"""Requests of apps as long as Latchkey takes them, and every address that it names."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

# What Latchkey says that it takes (docs/connecting/oauth.md).
LONGEST = 8192


def sent(edge, page, path: str, **fields):
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    return edge.ask(path=path, method="POST", data={"csrf": token} | fields)


@pytest.mark.parametrize("length", [1500, 4000, LONGEST])
def test_a_person_gets_in_by_a_long_request(edge, length):
    user = edge.user()
    callback = "https://app.example/callback"
    made = edge.ask(
        path="/oauth2/registration",
        method="POST",
        json={
            "client_name": "An App",
            "client_uri": "https://app.example/",
            "redirect_uris": [callback],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "web",
        },
    )
    assert made.status_code == 201, made.text
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    asked = {
        "response_type": "code",
        "client_id": made.json()["client_id"],
        "redirect_uri": callback,
        "scope": f"urn:matrix:client:api:* urn:matrix:client:device:{secrets.token_hex(5)}",
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
        "state": "",
        "nonce": "",
        "x": "",
    }
    room = length - len(urlencode(asked))
    for name, most in (("state", 2048), ("nonce", 2048), ("x", LONGEST)):
        asked[name] = secrets.token_urlsafe(LONGEST)[: min(room, most)]
        room -= len(asked[name])
    path = f"/oauth2/authorize?{urlencode(asked)}"
    assert len(path.partition("?")[2]) == length
    edge.http.cookies.clear()
    answer = edge.ask(path=path)
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:200]}"
    sign_in = answer.headers["Location"]
    page = edge.ask(path=sign_in)
    assert page.status_code == 200, f"{page.status_code} {page.text[:200]}"
    after = dict(parse_qsl(urlsplit(sign_in).query))["next"]
    answer = sent(
        edge, page, "/account/sign-in", next=after, user=user.name, password=user.password
    )
    assert answer.headers.get("Location") == after, f"{answer.status_code} {answer.text[:200]}"
    answer = sent(edge, edge.ask(path=after), after, decision="allow")
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:200]}"
    told = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert told["state"] == asked["state"]
    assert told["code"]


def addresses(found) -> list[str]:
    if isinstance(found, dict):
        return [one for value in found.values() for one in addresses(value)]
    if isinstance(found, list):
        return [one for value in found for one in addresses(value)]
    return [found] if isinstance(found, str) and "://" in found else []


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/_matrix/client/v1/auth_metadata",
    ],
)
def test_every_address_of_the_metadata_leads_to_latchkey(edge, path):
    metadata = edge.ask(path=path).json()
    issuer = metadata["issuer"]
    here = {one for one in addresses(metadata) if one.startswith(issuer)} - {issuer}
    # For the homeserver, which asks inside.
    here.discard(f"{issuer}oauth2/introspect")
    assert f"{issuer}oauth2/logout" in here or "end_session_endpoint" not in metadata
    assert len(here) > 6
    for address in sorted(here):
        edge.upstream.requests.clear()
        for method in ("GET", "POST"):
            answer = edge.ask(path="/" + address.removeprefix(issuer), method=method)
            assert "x-request-id" in answer.headers, f"{method} {address}: {answer.status_code}"
        assert not edge.upstream.requests, address
