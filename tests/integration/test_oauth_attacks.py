"""What RFC 9700 warns of, by its name there."""

import base64
import hmac
import json
from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.forms import ACCOUNT_FORMS
from support.oauth import (
    CALLBACK,
    DEVICE_CODE,
    DeviceClient,
    OAuthClient,
    Television,
    answer_of,
    device_scope,
    sign_in,
)
from support.raw_http import RawConnection, request_bytes
from support.secrets import password


def assert_refused(answer, error: str = "invalid_grant") -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == error, answer.text


def test_code_replay_ends_what_the_code_gave(server, client, person):
    asked = client.ask()
    code = person.allow(asked)["code"]
    tokens = assert_good(client.exchange(asked, code))
    assert_refused(client.exchange(asked, code))
    answer = server.api.whoami(tokens["access_token"])
    assert answer.status_code == 401
    assert answer.json()["soft_logout"] is True  # the keys of a client that lost a reply stay
    refused = client.refresh(tokens["refresh_token"])
    assert (refused.json()["error"], refused.json()["soft_logout"]) == ("invalid_grant", True)
    assert refused.json()["soft_logout"] is True


@pytest.mark.parametrize(
    "form",
    [{"code_verifier": "x" * 43}, {"redirect_uri": CALLBACK + "/"}, {"code_verifier": ""}],
)
def test_who_reads_a_used_code_in_a_log_signs_nobody_out(server, client, person, form):
    asked = client.ask()
    code = person.allow(asked)["code"]
    tokens = assert_good(client.exchange(asked, code))
    refused = client.exchange(asked, code, **form)
    assert refused.status_code == 400, refused.text
    assert_good(server.api.whoami(tokens["access_token"]))
    assert_good(client.refresh(tokens["refresh_token"]))


def test_code_injection(client, person):
    """A stolen code in the attacker's own flow: the verifier is another one."""
    victim, attacker = client.ask(), client.ask()
    code = person.allow(victim)["code"]
    assert_refused(client.exchange(attacker, code))
    assert_good(client.exchange(victim, code))


def test_code_of_another_client(server, client, person):
    other = OAuthClient(server.api, client_name="Another App")
    assert other.id != client.id
    asked = client.ask()
    code = person.allow(asked)["code"]
    assert_refused(other.exchange(asked, code))
    assert_good(client.exchange(asked, code))


@pytest.mark.parametrize(
    "form",
    [
        {"code_verifier": "x" * 43},
        {"redirect_uri": CALLBACK + "/"},
        {"code": "lkc_" + "A" * 32},
    ],
)
def test_pkce_and_redirect_mismatch(client, person, form):
    asked = client.ask()
    code = person.allow(asked)["code"]
    assert_refused(client.exchange(asked, code, **form))
    assert_good(client.exchange(asked, code))


@pytest.mark.parametrize(
    "query",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
def test_pkce_downgrade(client, person, query):
    person.open("/account/")
    told = answer_of(person.browser.open(client.ask(**query).url))
    assert told["error"] == "invalid_request"


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback/more",
        "https://app.example/callbac",
        "https://app.example/CALLBACK",
        "https://APP.example/callback",
        "https://app.example:444/callback",
        "http://app.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example/callback",
        "https://app.example/%63allback",
        "https://app.example/callback#",
        "https://app.example\\@evil.example/callback",
        "https://app.example/callback?x=1",
        "//app.example/callback",
        "javascript:alert(1)",
        "",
    ],
)
def test_redirect_tricks(client, person, uri):
    page = person.browser.open(client.ask(redirect_uri=uri).url)
    assert page.away is None
    assert page.status == 400


def test_mix_up(server, client, person):
    """The answer says who gives it, errors too (RFC 9207)."""
    issuer = server.api.request("GET", "/.well-known/openid-configuration").json()["issuer"]
    assert person.allow(client.ask())["iss"] == issuer
    assert person.deny(client.ask())["iss"] == issuer
    assert answer_of(person.browser.open(client.ask(scope="x").url))["iss"] == issuer


def test_an_error_leads_nobody_away_who_is_signed_out(client, person):
    """RFC 9700 section 4.11.2: anybody registers, so the link alone must not redirect."""
    asked = client.ask(scope="nonsense")
    page = person.browser.open(asked.url)
    assert (page.status, page.away) == (400, None)
    [link] = [a["href"] for tag, a in page.tags if tag == "a" and "hreflang" not in a]
    assert link.startswith(f"{client.redirect_uri}?error=invalid_scope&")
    assert f"state={asked.query['state']}" in link
    silent = person.browser.open(client.ask(scope="nonsense", prompt="none").url)
    assert (silent.status, silent.away) == (400, None), "whoever makes the link adds that as well"
    assert "error=invalid_scope" in silent.link("Back to An App")


def test_the_way_back_to_an_app_on_the_device_is_a_link_too(server, person):
    back = "example.app.phone:/back"
    client = OAuthClient(
        server.api,
        application_type="native",
        redirect_uris=[back],
        post_logout_redirect_uris=[back],
    )
    page = person.browser.open(client.ask(scope="nonsense").url)
    assert page.link("Back to An App").startswith(f"{back}?error=invalid_scope&")
    query = urlencode({"client_id": client.id, "post_logout_redirect_uri": back})
    assert person.browser.open(f"/oauth2/logout?{query}").link("Back to An App") == back


def test_duplicated_parameters(client, person):
    person.open("/account/")
    asked = client.ask()
    page = person.browser.open(f"{asked.url}&{urlencode({'scope': 'openid'})}")
    assert answer_of(page)["error"] == "invalid_request"
    page = person.browser.open(f"{asked.url}&{urlencode({'redirect_uri': CALLBACK})}")
    assert page.status == 400
    answer = client.api.request(
        "POST",
        "/oauth2/token",
        content=f"grant_type=refresh_token&refresh_token=a&refresh_token=b&client_id={client.id}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert_refused(answer, "invalid_request")


def test_who_says_neither_yes_nor_no_is_asked_again(client, person):
    """Only the button that says yes gives anything away."""
    asked = client.ask()
    page = person.consent_page(asked)
    form = page.form_with("decision")
    for said in ([], [("decision", "")], [("decision", "maybe")], [("decision", "ALLOW")]):
        answer = person.browser.post(page.url, [*form.hidden.items(), *said])
        assert answer.away is None, said
        assert answer.form_with("decision"), said
    assert "code" in answer_of(page.submit(form=form, press="allow"))


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/device", "/oauth2/introspect"])
def test_of_two_authorization_headers_none_counts(server, client, person, path):
    """Whoever looks at the first on the way must not let through what the second says."""
    token = sign_in(client, person)["refresh_token"]
    fields = {"client_id": client.id, "grant_type": "refresh_token", "refresh_token": token}
    fields |= {"token": token, "scope": device_scope("AAABBBCCC")}
    headers = [f"Authorization: Basic {value}" for value in ("YTpi", "Yzpk")]
    headers.append("Content-Type: application/x-www-form-urlencoded")
    with RawConnection(server.port) as connection:
        connection.send(request_bytes("POST", path, urlencode(fields).encode(), *headers))
        answer = connection.answer()
    refused = json.loads(answer.body)
    assert (answer.status, refused["error"]) == (400, "invalid_request"), refused
    assert "Authorization" in refused["error_description"]
    assert_good(client.refresh(token))


def test_no_client_uses_a_grant_that_it_has_not_registered(server, person):
    """RFC 7591 section 2: whoever gets hold of a code of another kind cannot use it with it."""
    app = OAuthClient(server.api)
    for device_code in ("x" * 32, Television(server).begin()["device_code"]):
        refused = app.token(grant_type=DEVICE_CODE, device_code=device_code)
        assert_refused(refused, "unauthorized_client")
    device = DeviceClient(server.api, grant_types=[DEVICE_CODE, "refresh_token"], response_types=[])
    asked = app.ask()
    code = person.allow(asked)["code"]
    assert_refused(device.exchange(asked, code), "unauthorized_client")
    assert_good(app.exchange(asked, code))


def test_forged_consent(client, person):
    page = person.consent_page(client.ask())
    form = page.form_with("decision")
    [token] = [name for name in form.hidden if "csrf" in name]
    for wrong in ("", "x" * len(form.hidden[token])):
        sent = (form.hidden | {token: wrong} | {"decision": "allow"}).items()
        answer = person.browser.post(page.url, list(sent))
        assert answer.away is None
        assert answer.status == 403
    sent = (form.hidden | {"decision": "allow"}).items()
    answer = person.browser.post(page.url, list(sent), {"Origin": "https://evil.example"})
    assert answer.away is None


@pytest.mark.parametrize("path", [*ACCOUNT_FORMS, "/oauth2/authorize"])
def test_csrf_on_each_form(person, path):
    own = person.open("/account/profile").form.hidden["csrf"]
    for sent, headers in (
        ({}, None),
        ({"csrf": ""}, None),
        ({"csrf": "x" * len(own)}, None),
        ({"csrf": own}, {"Origin": "https://evil.example"}),
        ({"csrf": own}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        page = person.browser.post(path, [*sent.items(), ("decision", "allow")], headers)
        assert page.status == 403, f"{sent} {headers}: {page.text}"
        assert page.away is None
    assert person.browser.open("/account/").url.endswith("/account/"), "signed out by it"


def test_alg_confusion(server, client, person):
    """An ID token comes back as a hint; only the algorithm of the key that signed it counts."""
    token = sign_in(client, person, scope=f"openid {device_scope('AAABBBCCC')}")["id_token"]
    header, claims, signature = token.split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    published = assert_good(server.api.request("GET", "/oauth2/keys.json"))["keys"]
    [public] = [key for key in published if key["kid"] == kid]

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    def headed(algorithm: str) -> str:
        said = {"alg": algorithm, "kid": kid, "typ": "JWT"}
        return f"{encode(json.dumps(said).encode())}.{claims}"

    forged = [
        f"{headed('none')}.",
        f"{headed('none')}.{signature}",
        f"{headed('ES256')}.{signature}",
    ]
    for secret in (json.dumps(public).encode(), public["n"].encode()):
        mac = hmac.digest(secret, headed("HS256").encode(), "sha256")
        forged.append(f"{headed('HS256')}.{encode(mac)}")
    for hint in forged:
        assert person.browser.open("/oauth2/logout", id_token_hint=hint).status == 400, hint
    assert person.browser.open("/oauth2/logout", id_token_hint=token).status == 200


def test_clickjacking(client, person):
    page = person.consent_page(client.ask())
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]


def test_session_fixation(server, person):
    browser = person.browser
    browser.open("/account/sign-in")
    before = dict(browser.cookies)
    person.open("/account/")
    after = dict(browser.cookies)
    assert set(after.values()) - set(before.values()), "signed in under the cookie from before"


def test_refresh_theft(server, client, person):
    """The thief's copy and the client's are told apart by neither: both end softly."""
    first = sign_in(client, person)
    second = assert_good(client.refresh(first["refresh_token"]))
    assert_good(server.api.whoami(second["access_token"]))
    third = assert_good(client.refresh(second["refresh_token"]))
    assert_good(server.api.whoami(third["access_token"]))
    assert client.refresh(first["refresh_token"]).json()["soft_logout"] is True
    assert client.refresh(third["refresh_token"]).json()["soft_logout"] is True


def test_what_waits_to_be_taken_dies_with_the_password(server, client, person):
    """Somebody has talked the person into it, and waits: the browser that let them in is kept."""
    television = Television(server)
    for end in ("/account/password", "/account/sign-out-everywhere"):
        asked = client.ask()
        code = person.allow(asked)["code"]
        begun = television.begin()
        person.decide(begun, "allow")
        page = person.open(f"{PREFIX}/login/sso/redirect", redirectUrl="https://client.example/")
        away = page.submit(form=page.form_with("redirect_url")).away
        login = {"type": "m.login.token", "token": away.partition("loginToken=")[2]}
        page = person.open(end)
        if end == "/account/password":
            new = password()
            page.submit(current=person.secret, password=new, repeated=new)
            person.secret = new
        else:
            page.submit()
        assert person.browser.open("/account/").url.endswith("/account/"), "this browser is kept"
        assert_refused(client.exchange(asked, code))
        assert_refused(television.poll(begun), "access_denied")
        refused = server.api.request("POST", f"{PREFIX}/login", json=login)
        assert refused.status_code == 403, refused.text


def test_a_code_dies_with_the_browser_that_consented(server, client, person):
    asked = client.ask()
    code = person.allow(asked)["code"]
    server.command("user", "set-password", person.name, "--password-stdin", stdin=password())
    assert_refused(client.exchange(asked, code))
