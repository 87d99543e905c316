"""OpenID Connect, and clients that authenticate (RFC 6749 section 2.3, RFC 7523)."""

import json
import secrets
import time
from urllib.parse import urlencode

import pytest
import yaml
from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS

from support.answers import assert_good
from support.jose import encode, half_hash, verified
from support.oauth import (
    ConfiguredClient,
    OAuthClient,
    answer_of,
    basic,
    device_scope,
    new_person,
    sign_in,
)
from support.server import SERVER_NAME

SECRET = "a-secret-of-the-operator"
CALLBACK = "https://console.example.com/callback"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_id_token(server, person, algorithm):
    client = OAuthClient(server.api, id_token_signed_response_alg=algorithm)
    before = int(time.time())
    asked = client.ask(scope=f"openid {device_scope('AAABBBCCC')}", nonce="n-0S6")
    code = person.allow(asked)["code"]
    tokens = assert_good(client.exchange(asked, code))
    issuer = server.api.request("GET", "/.well-known/openid-configuration").json()["issuer"]
    keys = assert_good(server.api.request("GET", "/oauth2/keys.json"))["keys"]
    assert not [key for key in keys if "d" in key or "p" in key], "a private key"
    head, claims = verified(tokens["id_token"], keys)
    assert head["alg"] == algorithm
    assert (claims["iss"], claims["aud"]) == (issuer, client.id)
    assert claims["nonce"] == "n-0S6"
    assert before - 60 <= claims["auth_time"] <= claims["iat"] < claims["exp"]
    assert claims["at_hash"] == half_hash(tokens["access_token"])
    assert claims["c_hash"] == half_hash(code)
    userinfo = server.api.request("GET", "/oauth2/userinfo", token=tokens["access_token"])
    assert assert_good(userinfo)["sub"] == claims["sub"]


def test_userinfo_tells_the_address_that_the_operator_has_added(server, person):
    client = OAuthClient(server.api)
    tokens = sign_in(client, person, scope=f"openid email {device_scope('AAABBBCCC')}")
    ask = lambda: server.api.request("GET", "/oauth2/userinfo", token=tokens["access_token"])  # noqa: E731
    claims = assert_good(ask())
    assert claims.keys() == {"sub", "preferred_username"}, "there is none"
    address = f"{person.name}@example.org"
    number = f"+49170{secrets.randbelow(10**7):07}"
    server.command("user", "add-threepid", person.name, "msisdn", number)
    server.command("user", "add-threepid", person.name, "email", address)
    assert assert_good(ask()) == claims | {"email": address, "email_verified": True}
    tokens = sign_in(client, person, scope=f"openid {device_scope('AAABBBCCC')}")
    assert assert_good(ask()) == claims, "not asked for"


def test_an_app_that_asks_for_the_profile_learns_the_name(server, person):
    client = OAuthClient(server.api)
    keys = assert_good(server.api.request("GET", "/oauth2/keys.json"))["keys"]
    ask = lambda tokens: assert_good(  # noqa: E731
        server.api.request("GET", "/oauth2/userinfo", token=tokens["access_token"])
    )
    of = lambda tokens: verified(tokens["id_token"], keys)[1]  # noqa: E731
    tokens = sign_in(client, person, scope="openid")
    assert not {"name", "preferred_username", "email"} & of(tokens).keys(), "not asked for"
    tokens = sign_in(client, person, scope="openid profile email")
    assert tokens["scope"] == "openid email profile"
    named = {"name": person.name, "preferred_username": person.name}
    assert of(tokens).items() >= named.items(), "who has no name is called by the account's"
    assert "email" not in of(tokens)
    page = person.open("/account/profile")
    form = page.form_with("name")
    page.submit(form=form, name="Alice Ä.")
    address = f"{person.name}@example.org"
    server.command("user", "add-threepid", person.name, "email", address)
    named |= {"name": "Alice Ä.", "email": address, "email_verified": True}
    assert ask(tokens) == {"sub": of(tokens)["sub"]} | named
    assert of(sign_in(client, person, scope="openid profile email")).items() >= named.items()
    assert "email" not in of(sign_in(client, person, scope="openid profile")), "not asked for"


@pytest.mark.parametrize("scope", ["openid profile", f"openid {device_scope('AAABBBCCC')}"])
def test_a_refresh_renews_the_id_token(server, person, scope):
    """OpenID Connect Core section 12.2."""
    client = OAuthClient(server.api)
    keys = assert_good(server.api.request("GET", "/oauth2/keys.json"))["keys"]
    first = sign_in(client, person, scope=scope, nonce="n-0S6")
    second = assert_good(client.refresh(first["refresh_token"]))
    third = assert_good(client.refresh(second["refresh_token"]))
    _, old = verified(first["id_token"], keys)
    for tokens in (second, third):
        _, new = verified(tokens["id_token"], keys)
        for same in ("iss", "sub", "aud", "auth_time", "sid", "amr", "acr"):
            assert new[same] == old[same], same
        assert new.get("preferred_username") == old.get("preferred_username")
        assert not {"nonce", "c_hash"} & new.keys()
        assert new["at_hash"] == half_hash(tokens["access_token"])
    assert (old["amr"], old["acr"]) == (["pwd"], "1")


def test_no_refresh_renews_what_was_not_asked_for(server, person, client):
    assert "id_token" not in assert_good(client.refresh(sign_in(client, person)["refresh_token"]))


def test_userinfo_is_for_the_scope_openid(server, person, client):
    """Whoever was let in to Matrix alone learns no name and no address from here."""
    legacy = assert_good(server.api.login(person.name, person.secret))
    for token in (sign_in(client, person)["access_token"], legacy["access_token"]):
        answer = server.api.request("GET", "/oauth2/userinfo", token=token)
        assert answer.status_code == 403, answer.text
        assert answer.json()["error"] == "insufficient_scope"
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert "sub" not in answer.json()


def test_userinfo_takes_the_token_in_a_form(server, person, client):
    """RFC 6750 section 2.2."""
    token = sign_in(client, person, scope="openid")["access_token"]
    ask = lambda **how: server.api.request("POST", "/oauth2/userinfo", **how)  # noqa: E731
    claims = assert_good(ask(data={"access_token": token}))
    assert claims == assert_good(ask(token=token))
    for twice in ({"token": token}, {"content": f"access_token={token}&access_token={token}"}):
        form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        answer = ask(**{"content": f"access_token={token}"} | form | twice)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert ask(data={"access_token": "lka_nonsense"}).status_code == 401
    assert ask(data={}).status_code == 401
    in_address = server.api.request("GET", f"/oauth2/userinfo?access_token={token}")
    assert in_address.status_code == 401
    as_json = ask(json={"access_token": token})
    assert as_json.status_code == 401


def test_the_profile_is_named_on_the_consent_page(person, client):
    assert "see your name" in person.consent_page(client.ask(scope="openid profile")).text
    assert "see your name" not in person.consent_page(client.ask(scope="openid")).text


def test_no_id_token_without_openid(server, person):
    assert "id_token" not in sign_in(OAuthClient(server.api), person)


ISSUER = "http://openid.net/specs/connect/1.0/issuer"


@pytest.mark.parametrize(
    ("resource", "rel", "links"),
    [
        ("acct:alice@{name}", [ISSUER], 1),
        ("acct:nobody@{name}", [], 1),
        ("acct:alice%40mail.example@{name}", [ISSUER], 1),
        ("ACCT:alice@{upper}", ["http://webfinger.net/rel/avatar", ISSUER], 1),
        ("http://127.0.0.1/alice", [ISSUER], 1),
        ("acct:alice@{name}", ["http://webfinger.net/rel/avatar"], 0),
    ],
)
def test_an_account_leads_to_its_issuer(server, resource, rel, links):
    """OpenID Connect Discovery section 2, RFC 7033."""
    resource = resource.format(name=SERVER_NAME, upper=SERVER_NAME.upper())
    query = urlencode([("resource", resource), *(("rel", one) for one in rel)])
    answer = server.api.request("GET", f"/.well-known/webfinger?{query}")
    assert answer.headers["Content-Type"] == "application/jrd+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    issuer = server.api.request("GET", "/.well-known/openid-configuration").json()["issuer"]
    told = [{"rel": ISSUER, "href": issuer}] * links
    assert assert_good(answer) == {"subject": resource, "links": told}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("resource=", 400),
        (f"resource=acct:a@{SERVER_NAME}&resource=acct:b@{SERVER_NAME}", 400),
        ("resource=acct:a@elsewhere.example", 404),
        (f"resource=acct:a@{SERVER_NAME}.evil.example", 404),
        (f"resource=a@{SERVER_NAME}", 404),
        (f"resource=mailto:a@{SERVER_NAME}", 404),
        ("resource=acct:", 404),
    ],
)
def test_no_other_account_does(server, query, status):
    answer = server.api.request("GET", f"/.well-known/webfinger?{query}")
    assert answer.status_code == status, answer.text


def test_keys_are_the_same_after_a_restart(make_server):
    server = make_server()
    keys = server.api.request("GET", "/oauth2/keys.json").json()
    server.restart()
    assert server.api.request("GET", "/oauth2/keys.json").json() == keys


# -- clients of the operator's file


class Known(ConfiguredClient):
    """Proves itself by whatever its test sends along."""

    def __init__(self, api, client_id: str):
        super().__init__(api, client_id, CALLBACK)

    def token(self, headers: dict | None = None, **form):
        return self.api.request("POST", "/oauth2/token", data=form, headers=headers)


@pytest.fixture(scope="module")
def key():
    return ECC.generate(curve="P-256")


@pytest.fixture
def configured(make_sqlite_server, tmp_path, key):
    clients = [
        {"client_id": f"by-{method}", "token_endpoint_auth_method": method}
        | {"redirect_uris": [CALLBACK], "client_secret": SECRET}
        for method in ("client_secret_basic", "client_secret_post")
    ]
    jwk = {"kty": "EC", "crv": "P-256", "kid": "1"} | {
        name: encode(int(getattr(key.pointQ, name)).to_bytes(32, "big")) for name in ("x", "y")
    }
    clients.append(
        {
            "client_id": "by-key",
            "token_endpoint_auth_method": "private_key_jwt",
            "redirect_uris": [CALLBACK],
            "jwks": {"keys": [jwk]},
        }
    )
    file = tmp_path / "clients.yaml"
    file.write_text(yaml.safe_dump({"clients": clients}))
    return make_sqlite_server(oauth={"clients_file": str(file)})


def assertion(key, client_id: str, audience: str, **claims) -> dict:
    now = int(time.time())
    body = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "exp": now + 60,
        "iat": now,
        "jti": secrets.token_hex(8),
    } | claims
    header = {"alg": "ES256", "kid": "1"}
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, body))
    signature = DSS.new(key, "fips-186-3").sign(SHA256.new(signed.encode()))
    return {
        "client_assertion_type": JWT_BEARER,
        "client_assertion": f"{signed}.{encode(signature)}",
    }


def assert_invalid_client(answer) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == "invalid_client"


def test_a_secret_in_the_header(configured):
    client = Known(configured.api, "by-client_secret_basic")
    asked = client.ask()
    code = new_person(configured).allow(asked)["code"]
    assert_invalid_client(client.exchange(asked, code))
    wrong = basic(client.id, "wrong-secret-here")
    assert_invalid_client(client.exchange(asked, code, headers=wrong))
    assert_invalid_client(client.exchange(asked, code, client_id=client.id, client_secret=SECRET))
    tokens = assert_good(client.exchange(asked, code, headers=basic(client.id, SECRET)))
    form = {"token": tokens["access_token"]}
    ask = lambda headers: configured.api.request(  # noqa: E731
        "POST", "/oauth2/introspect", data=form, headers=headers
    )
    assert assert_good(ask(basic(client.id, SECRET)))["active"] is True
    assert_invalid_client(ask(basic(client.id, "wrong-secret-here")))
    legacy = assert_good(configured.api.register())
    form = {"token": legacy["access_token"]}
    assert assert_good(ask(basic(client.id, SECRET))) == {"active": False}


def test_nobody_is_told_what_anothers_token_is_worth(configured, key):
    """Nor is a client that has nothing to prove itself with."""
    client = Known(configured.api, "by-client_secret_basic")
    asked = client.ask()
    person = new_person(configured)
    code = person.allow(asked)["code"]
    tokens = assert_good(client.exchange(asked, code, headers=basic(client.id, SECRET)))
    public = OAuthClient(configured.api)
    own = sign_in(public, person)

    def ask(token: str, headers: dict | None = None, **form):
        return configured.api.request(
            "POST", "/oauth2/introspect", data={"token": token} | form, headers=headers
        )

    for token in (tokens["access_token"], own["access_token"]):
        other = ask(token, client_id="by-client_secret_post", client_secret=SECRET)
        assert assert_good(other) == {"active": False}
        assert_invalid_client(ask(token, client_id=public.id))
        assert_invalid_client(ask(token, headers=basic(public.id, "")))
        assert_invalid_client(ask(token))
    mine = ask(tokens["access_token"], headers=basic(client.id, SECRET))
    assert assert_good(mine)["active"] is True


def test_a_clients_secret_is_not_guessed(make_sqlite_server, configured):
    """RFC 6749 section 2.3.1: at each endpoint that takes it."""
    clients_file = configured.options["oauth"]["clients_file"]
    server = make_sqlite_server(
        oauth={"clients_file": clients_file},
        rate_limits={"enabled": True, "failures": 6, "failure_interval": "1h"},
    )
    client_id = "by-client_secret_basic"

    def ask(endpoint: str, secret: str, client: str = client_id):
        form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
        return server.api.request(
            "POST", f"/oauth2/{endpoint}", data=form, headers=basic(client, secret)
        )

    for guess in range(6):
        endpoint = ("token", "introspect", "device")[guess % 3]
        assert_invalid_client(ask(endpoint, f"guess-number-{guess}-of-many"))
    for endpoint in ("token", "introspect", "device"):
        for secret in (SECRET, "another-guess-of-many"):
            refused = ask(endpoint, secret)
            assert refused.status_code == 429, f"{endpoint}: {refused.text}"
            assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("endpoint", ["token", "introspect", "device"])
@pytest.mark.parametrize("secret", [SECRET, "wrong-secret-here"])
def test_a_secret_in_two_places_is_a_bad_request(configured, endpoint, secret):
    """RFC 6749 section 5.2: more than one mechanism."""
    answer = configured.api.request(
        "POST",
        f"/oauth2/{endpoint}",
        data={"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
        | {"client_secret": SECRET},
        headers=basic("by-client_secret_basic", secret),
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_field_without_a_value_is_left_out(configured):
    """RFC 6749 section 3.2: as libraries send it that have one form for all clients."""
    client = Known(configured.api, "by-client_secret_basic")
    asked = client.ask()
    code = new_person(configured).allow(asked)["code"]
    names = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
    empty = {"headers": basic(client.id, SECRET)} | dict.fromkeys(names, "")
    assert_good(client.exchange(asked, code, **empty))


def test_a_public_client_may_be_named_in_the_header(server, person, client):
    """As libraries do that know no clients without a secret; it proves nothing, nor need it."""
    asked = client.ask()
    form = {"grant_type": "authorization_code", "redirect_uri": client.redirect_uri}
    form |= {"code": person.allow(asked)["code"], "code_verifier": asked.verifier}
    ask = lambda secret: server.api.request(  # noqa: E731
        "POST", "/oauth2/token", data=form, headers=basic(client.id, secret)
    )
    assert_invalid_client(ask("a-secret"))
    assert_good(ask(""))


def test_userinfo_asks_for_a_token(server):
    """RFC 6750 section 3.1: without an error, for nothing was tried."""
    for headers in ({}, {"Authorization": "Basic YTpi"}):
        answer = server.api.request("GET", "/oauth2/userinfo", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "error" not in answer.headers["WWW-Authenticate"]
        assert "error" not in answer.json()
    wrong = server.api.request("GET", "/oauth2/userinfo", token="lka_nonsense")
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    odd = server.api.request("GET", "/oauth2/userinfo", headers={"Authorization": "Bearer a b"})
    assert (odd.status_code, odd.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("endpoint", ["token", "introspect"])
def test_who_has_tried_the_header_is_asked_for_it_again(configured, endpoint):
    """RFC 6749 section 5.2, and RFC 7662 section 2.3 by reference."""
    ask = lambda headers: configured.api.request(  # noqa: E731
        "POST",
        f"/oauth2/{endpoint}",
        data={"grant_type": "refresh_token", "refresh_token": "x", "token": "x"},
        headers=headers,
    )
    answer = ask(basic("by-client_secret_basic", "wrong-secret-here"))
    assert_invalid_client(answer)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    unknown = ask({})
    assert_invalid_client(unknown)
    assert "Basic" not in unknown.headers.get("WWW-Authenticate", "")


def test_a_secret_in_the_form(configured):
    client = Known(configured.api, "by-client_secret_post")
    asked = client.ask()
    code = new_person(configured).allow(asked)["code"]
    assert_invalid_client(client.exchange(asked, code, headers=basic(client.id, SECRET)))
    good = {"client_id": client.id, "client_secret": SECRET}
    assert_good(client.exchange(asked, code, **good))


class RelyingParty(Known):
    """A web application that the operator has set up, which knows OpenID Connect and no PKCE."""

    def __init__(self, server, client_id: str):
        super().__init__(server.api, client_id)

    def ask(self, **query):
        sent = {"scope": "openid", "nonce": "n-0S6", "code_challenge": None}
        return super().ask(**sent | {"code_challenge_method": None} | query)

    def exchange(self, asked, given, **form):
        secret = basic(self.id, SECRET)
        return super().exchange(asked, given, **{"headers": secret, "code_verifier": ""} | form)


@pytest.fixture
def lax(make_sqlite_server, tmp_path):
    """A server whose operator lets one application leave PKCE out, and has one of their own."""
    lax = {
        "client_id": "lax",
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": SECRET,
        "redirect_uris": [CALLBACK],
        "pkce": "optional",
    }
    own = lax | {"client_id": "own", "first_party": True}
    file = tmp_path / "clients.yaml"
    file.write_text(yaml.safe_dump({"clients": [lax, own]}))
    return make_sqlite_server(oauth={"clients_file": str(file)})


def test_an_application_without_pkce_sends_a_nonce(lax):
    client, person = RelyingParty(lax, "lax"), new_person(lax)
    asked = client.ask()
    tokens = assert_good(client.exchange(asked, person.allow(asked)["code"]))
    keys = assert_good(lax.api.request("GET", "/oauth2/keys.json"))["keys"]
    assert verified(tokens["id_token"], keys)[1]["nonce"] == "n-0S6"


def test_the_operators_own_application_needs_no_consent(lax):
    client, person = RelyingParty(lax, "own"), new_person(lax)
    asked = client.ask()
    told = answer_of(person.open(asked.url))  # from the password to the application
    assert_good(client.exchange(asked, told["code"]))
    assert "code" in answer_of(person.open(client.ask(prompt="none").url))
    page = person.open(client.ask(prompt="select_account").url)
    assert page.form_with("decision") and person.name in page.text
    assert "error" in person.deny(client.ask(prompt="consent"))


def test_a_hint_of_a_session_that_has_ended_still_names_its_person(lax):
    """OpenID Connect Core section 3.1.2.1: it says who is meant, and asks for no session."""
    person, other = new_person(lax), new_person(lax)
    for client_id, answer in (("own", "code"), ("lax", "error")):
        client = RelyingParty(lax, client_id)

        def hint_of(one, client=client):
            asked = client.ask()
            page = one.open(asked.url)
            told = answer_of(page) if page.away else one.allow(asked)
            tokens = assert_good(client.exchange(asked, told["code"]))
            assert_good(client.revoke(tokens["refresh_token"]))
            return tokens["id_token"]

        silently = client.ask(prompt="none", id_token_hint=hint_of(person))
        told = answer_of(person.browser.open(silently.url))
        assert answer in told
        assert told.get("error", "consent_required") == "consent_required"
        silently = client.ask(prompt="none", id_token_hint=hint_of(other))
        told = answer_of(person.browser.open(silently.url))
        assert told["error"] == "login_required"
        page = person.browser.open(client.ask(id_token_hint=hint_of(other)).url)
        assert "Use another account" in page.text


def test_who_has_begun_with_pkce_ends_with_it(lax):
    """RFC 9700 section 4.8.2: neither half can be taken away."""
    client, person = RelyingParty(lax, "lax"), new_person(lax)
    with_challenge = OAuthClient.ask(client, scope="openid", nonce="n")
    code = person.allow(with_challenge)["code"]
    assert client.exchange(with_challenge, code).json()["error"] == "invalid_grant"
    verifier = with_challenge.verifier
    assert_good(client.exchange(with_challenge, code, code_verifier=verifier))
    without = client.ask()
    code = person.allow(without)["code"]
    refused = client.exchange(without, code, code_verifier="x" * 43)
    assert refused.json()["error"] == "invalid_grant"
    assert_good(client.exchange(without, code))


def test_without_a_nonce_pkce_is_needed(lax):
    client, person = RelyingParty(lax, "lax"), new_person(lax)
    person.open("/account/")
    told = answer_of(person.browser.open(client.ask(nonce=None).url))
    assert told["error"] == "invalid_request"
    assert "nonce" in told["error_description"]


def test_a_key(configured, key):
    client = Known(configured.api, "by-key")
    audience = configured.api.request("GET", "/.well-known/openid-configuration").json()[
        "token_endpoint"
    ]
    asked = client.ask()
    code = new_person(configured).allow(asked)["code"]
    another = ECC.generate(curve="P-256")
    for wrong in (
        assertion(another, client.id, audience),
        assertion(key, "by-client_secret_post", audience),
        assertion(key, client.id, "https://elsewhere.example/"),
        assertion(key, client.id, audience, exp=int(time.time()) - 60),
        assertion(key, client.id, audience, exp=int(time.time()) + 86400),
    ):
        assert_invalid_client(client.exchange(asked, code, **wrong))
    once = assertion(key, client.id, audience)
    tokens = assert_good(client.exchange(asked, code, **once))
    for_an_hour = assertion(key, client.id, audience, exp=int(time.time()) + 3600)  # Authlib
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    tokens = assert_good(client.token(**refresh, **for_an_hour))
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert_invalid_client(client.token(**again, **once))
    assert_good(client.token(**again, **assertion(key, client.id, audience)))
