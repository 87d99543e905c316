"""The authorization code flow of the OAuth 2.0 API (spec "Authorisation code flow")."""

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import new_name
from support.browser import Browser
from support.oauth import (
    API_SCOPE,
    CALLBACK,
    OAuthClient,
    Person,
    answer_of,
    device_scope,
    new_person,
    sign_in,
)
from support.secrets import password
from support.server import SERVER_NAME


def assert_oauth(answer, status: int, error: str) -> dict:
    body = answer.json()
    assert (answer.status_code, body.get("error")) == (status, error), body
    assert body["error_description"]
    assert answer.headers["Cache-Control"] == "no-store"
    return body


def test_metadata_is_the_same_everywhere_and_true(server):
    documents = [
        assert_good(server.api.request("GET", path))
        for path in (
            "/_matrix/client/v1/auth_metadata",
            "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        )
    ]
    assert all(document == documents[0] for document in documents)
    document = documents[0]
    assert document["issuer"].endswith("/")
    for name, value in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            path = value.removeprefix(document["issuer"].rstrip("/"))
            assert server.api.request("OPTIONS", path).status_code != 404, name
    actions = document["account_management_actions_supported"]
    assert "org.matrix.device_delete" in actions
    assert {"en", "de", "fr", "es", "ar"} <= set(document["ui_locales_supported"])
    assert "org.matrix.cross_signing_reset" not in actions  # no homeserver stands behind
    assert document["org.matrix.msc4191.account_management_actions_supported"] == actions
    assert (
        document["org.matrix.msc4191.account_management_uri"] == document["account_management_uri"]
    )


def test_signs_in(server, client, person):
    body = sign_in(client, person, "AAABBBCCC")
    assert body["token_type"] == "Bearer"
    assert body["scope"] == device_scope("AAABBBCCC")
    assert 290 < body["expires_in"] <= 300
    who = assert_good(server.api.whoami(body["access_token"]))
    assert who["user_id"] == f"@{person.name}:{SERVER_NAME}"
    assert who["device_id"] == "AAABBBCCC"


@pytest.mark.parametrize("mode", ["query", "fragment"])
def test_answers_in_the_mode_that_was_asked_for(client, person, mode):
    asked = client.ask(response_mode=mode)
    page = person.consent_page(asked)
    page = page.submit(form=page.form_with("decision"), press="allow")
    assert page.away.startswith(f"{client.redirect_uri}{'?' if mode == 'query' else '#'}")
    told = answer_of(page)
    assert set(told) == {"code", "state", "iss"}
    assert (
        told["iss"]
        == client.api.request("GET", "/.well-known/openid-configuration").json()["issuer"]
    )


def assert_posts_itself(page) -> dict[str, str]:
    """What a page's form takes to the client without a click."""
    assert (page.status, page.away) == (200, None)
    policy = page.headers["Content-Security-Policy"]
    assert "form-action" not in policy, "the application may redirect on to anywhere"
    assert "script-src 'sha256-" in policy
    [form] = page.forms
    assert (form.method, form.action) == ("post", CALLBACK)
    assert "submit()" in page.html
    return form.hidden


def test_answers_by_a_form(client, person):
    """OAuth 2.0 Form Post Response Mode."""
    asked = client.ask(response_mode="form_post", state="<&'\">")
    page = person.consent_page(asked)
    told = assert_posts_itself(page.submit(form=page.form_with("decision"), press="allow"))
    assert set(told) == {"code", "state", "iss"}
    assert told["state"] == asked.query["state"]
    assert_good(client.exchange(asked, told["code"]))
    page = person.consent_page(client.ask(response_mode="form_post"))
    told = assert_posts_itself(page.submit(form=page.form_with("decision"), press="deny"))
    assert told["error"] == "access_denied"
    page = person.browser.open(client.ask(response_mode="form_post", scope="x").url)
    assert assert_posts_itself(page)["error"] == "invalid_scope"


def test_a_form_gives_back_no_control_characters(client, person):
    """HTML would make others of them; RFC 6749 has none in a state."""
    person.open("/account/")
    odd = client.ask(response_mode="form_post", state='ä€😀 +%20 {"a": [1]} \\ &#10; </form>')
    page = person.consent_page(odd)
    told = assert_posts_itself(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == odd.query["state"]
    for state in ("line\nbreak", "tab\t", "line\r\nbreak", "\x7f"):
        page = person.browser.open(client.ask(response_mode="form_post", state=state).url)
        told = assert_posts_itself(page)
        assert told["error"] == "invalid_request"
        assert "state" not in told
        asked = client.ask(response_mode="query", state=state)
        assert person.allow(asked)["state"] == state


def test_posts_nothing_by_itself_for_who_is_signed_out(client, person):
    page = person.browser.open(client.ask(response_mode="form_post", scope="x").url)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "submit()" not in page.html
    assert page.forms[0].hidden["error"] == "invalid_scope"


def test_says_who_asks_and_for_what(client, person):
    page = person.consent_page(client.ask())
    assert "An App" in page.text
    assert "app.example" in page.text
    assert f"@{person.name}:{SERVER_NAME}" in page.text
    assert "form-action" not in page.headers["Content-Security-Policy"]


def test_a_person_says_no(client, person):
    told = person.deny(client.ask())
    assert told["error"] == "access_denied"
    assert "code" not in told


def test_refreshes_and_is_revoked(server, client, person):
    first = sign_in(client, person)
    second = assert_good(client.refresh(first["refresh_token"]))
    assert second["scope"] == first["scope"]
    assert_good(server.api.whoami(second["access_token"]))
    assert client.revoke(second["refresh_token"], client_id=client.id).status_code == 200
    assert_hard(server.api.whoami(second["access_token"]))
    assert_oauth(client.refresh(second["refresh_token"]), 400, "invalid_grant")
    assert client.revoke(second["access_token"]).status_code == 200


def test_anybody_may_revoke_what_they_found(server, client, person):
    tokens = sign_in(client, person)
    answer = client.revoke(tokens["access_token"], client_id="nobody", token_type_hint="x")
    assert answer.status_code == 200
    assert_hard(server.api.whoami(tokens["access_token"]))
    assert client.revoke("garbage").status_code == 200


def test_says_which_device_would_be_taken_over(server, client, person):
    assert "takes over" not in person.consent_page(client.ask("AAABBBCCC")).text
    sign_in(client, person, "AAABBBCCC")
    assert "takes over your device An App" in person.consent_page(client.ask("AAABBBCCC")).text


def test_the_device_stays_when_it_is_signed_in_to_again(server, client, person):
    first = sign_in(client, person, "AAABBBCCC")
    second = sign_in(client, person, "AAABBBCCC")
    answer = server.api.whoami(first["access_token"])
    assert answer.status_code == 401
    assert answer.json()["soft_logout"] is True
    devices = assert_good(server.api.devices(second["access_token"]))["devices"]
    assert [device["device_id"] for device in devices] == ["AAABBBCCC"]


def test_a_person_sees_which_device_they_hold(server, client, person):
    sign_in(client, person, "HERE")
    at_work = Person(server.url, person.name, person.secret)
    sign_in(client, at_work, "ATWORK")
    for browser, here, elsewhere in ((person, "HERE", "ATWORK"), (at_work, "ATWORK", "HERE")):
        assert "This device" in browser.open("/account/device", device_id=here).text
        assert "This device" not in browser.open("/account/device", device_id=elsewhere).text
        assert browser.open("/account/devices").text.count("This device") == 1
    sign_in(client, at_work, "HERE")
    assert "This device" not in person.open("/account/devices").text, "it went elsewhere"


def test_prompt_none(client, person):
    asked = client.ask("AAABBBCCC", prompt="none")
    page = person.browser.open(asked.url)
    assert (page.status, page.away) == (400, None), "anybody may have registered, and made the link"
    assert "error=login_required" in page.link("Back to An App")
    sign_in(client, person, "AAABBBCCC")
    assert "code" in answer_of(person.browser.open(client.ask("AAABBBCCC", prompt="none").url))
    told = answer_of(person.browser.open(client.ask("ANOTHER", prompt="none").url))
    assert told["error"] == "consent_required"


@pytest.mark.parametrize("query", [{"prompt": "login"}, {"max_age": "0"}])
def test_asks_for_the_password_again(client, person, query):
    sign_in(client, person)
    page = person.browser.open(client.ask(**query).url)
    assert "/account/sign-in" in page.url
    assert person.sign_in_if_asked(page).form_with("decision")


def test_a_request_may_be_posted(client, person):
    """As another site does it: no cookie comes along, so it becomes a link."""
    asked = client.ask()
    answer = client.api.request("POST", "/oauth2/authorize", data=asked.query)
    assert answer.status_code == 303
    page = person.open(answer.headers["Location"])
    assert "code" in answer_of(page.submit(form=page.form_with("decision"), press="allow"))


def test_an_id_token_says_whom_the_client_means(server, client, person):
    theirs = sign_in(client, new_person(server), scope=f"openid {device_scope('AAABBBCCC')}")
    own = sign_in(client, person, scope=f"openid {device_scope('AAABBBCCC')}")
    hint = theirs["id_token"]
    silent = answer_of(person.browser.open(client.ask(prompt="none", id_token_hint=hint).url))
    assert silent["error"] == "login_required"
    page = person.browser.open(client.ask(id_token_hint=hint).url)
    assert "Use another account" in page.text
    page = person.browser.open(client.ask(id_token_hint=own["id_token"]).url)
    assert page.form_with("decision")


@pytest.mark.parametrize("kind", ["unreadable", "forged", "another client's"])
def test_a_hint_that_says_nothing_gives_no_code_in_silence(server, client, person, kind):
    scope = f"openid {device_scope('AAABBBCCC')}"
    own = sign_in(client, person, scope=scope)["id_token"]
    silent = {"prompt": "none", "scope": scope}
    assert "code" in answer_of(person.browser.open(client.ask(**silent, id_token_hint=own).url))
    head, claims, signature = own.split(".")
    hint = {
        "unreadable": "nonsense",
        "forged": ".".join([head, claims, signature[::-1]]),
        "another client's": sign_in(
            OAuthClient(server.api, client_name="Another"), person, scope=scope
        )["id_token"],
    }[kind]
    told = answer_of(person.browser.open(client.ask(**silent, id_token_hint=hint).url))
    assert told["error"] == "login_required"


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        ("{granted}", True),
        ("openid", True),
        ("{granted} offline_access", True),
        ("urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:client:device:AAABBBCCC", True),
        ("{granted} email", False),
        ("{granted} urn:synapse:admin:*", False),
        (device_scope("OTHER12345"), False),
    ],
)
def test_a_refresh_asks_for_no_more_than_was_granted(client, person, scope, taken):
    granted = f"openid {device_scope('AAABBBCCC')}"
    tokens = sign_in(client, person, scope=granted)
    show = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = client.token(**show, scope=scope.format(granted=granted))
    if not taken:
        assert_oauth(answer, 400, "invalid_scope")
        answer = client.token(**show)
    assert sorted(assert_good(answer)["scope"].split()) == sorted(granted.split())
    assert_good(client.api.whoami(answer.json()["access_token"]))


def test_a_client_hints_at_its_user(client, person):
    for hint in (f"mxid:@{person.name}:{SERVER_NAME}", f"@{person.name}:{SERVER_NAME}"):
        page = person.browser.open(client.ask(login_hint=hint).url)
        [user] = [tag["value"] for _, tag in page.tags if tag.get("name") == "user"]
        assert user == f"@{person.name}:{SERVER_NAME}"
    page = page.submit(form=page.form_with("password"), user=user, password=person.secret)
    assert page.form_with("decision")


def test_a_client_gets_a_refresh_token_in_any_case(server, person):
    """Spec "Refresh token grant": issued when authorisation is granted."""
    client = OAuthClient(server.api, grant_types=["authorization_code"])
    tokens = sign_in(client, person)
    assert tokens["expires_in"] <= 300
    assert_good(client.refresh(tokens["refresh_token"]))


@pytest.mark.parametrize(
    ("uri", "targets"),
    [
        ("http://[::1]/callback", None),
        ("http://127.0.0.1/callback", None),
        ("example.app:/callback", "'self' example.app:"),
    ],
)
def test_a_form_may_lead_wherever_the_application_redirects_on(server, person, uri, targets):
    """Chromium holds each redirect after a form against its page; an app redirects no more."""
    client = OAuthClient(server.api, application_type="native", redirect_uris=[uri])
    policy = person.consent_page(client.ask()).headers["Content-Security-Policy"]
    said = [rule.removeprefix("form-action ") for rule in policy.split("; ") if "form-a" in rule]
    assert said == ([] if targets is None else [targets])


def test_prompt_create_opens_the_registration(client, person):
    for signed_in in (False, True):
        if signed_in:
            person.open("/account/")
        page = person.browser.open(client.ask(prompt="create").url)
        assert "/account/sign-up" in page.url
        assert (f"You are signed in as @{person.name}" in page.text) is signed_in
    name, secret = new_name(), password()
    page = page.submit(user=name, password=secret, repeated=secret)
    assert f"@{name}" in page.text
    assert "code" in answer_of(page.submit(form=page.form_with("decision"), press="allow"))


@pytest.mark.parametrize(
    ("ui_locales", "language"), [("fr-CA de", "fr"), ("qaa de", "de"), ("qaa", "es"), (None, "es")]
)
def test_pages_speak_as_the_app_asks(server, client, person, ui_locales, language):
    """On each page of the way; it outranks the browser (OpenID Connect Core section 3.1.2.1)."""
    person.browser = Browser(server.url, "es-MX")
    asked = client.ask(ui_locales=ui_locales)
    begin = f'<html lang="{language}" dir="ltr">'
    page = person.browser.open(asked.url)
    assert "/account/sign-in" in page.url and begin in page.html
    refused = page.submit(form=page.form_with("password"), user=person.name, password="wrong")
    assert refused.alert and begin in refused.html
    link = next(
        attributes["href"]
        for tag, attributes in page.tags
        if tag == "a" and "sign-up" in attributes["href"]
    )
    assert begin in person.browser.open(link).html
    page = person.sign_in_if_asked(page)
    assert page.form_with("decision") and begin in page.html
    assert "code" in answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert '<html lang="es"' in person.browser.open("/account/").html, "it was asked for once"


def test_an_app_is_called_as_the_person_reads(server, person):
    client = OAuthClient(server.api, **{"client_name": "An App", "client_name#fr": "Une appli"})
    assert "Une appli" in person.consent_page(client.ask(ui_locales="fr")).text
    assert "An App" in person.consent_page(client.ask()).text


def test_a_legacy_refresh_token_is_none_of_a_clients(server, client, person):
    legacy = assert_good(server.api.login(person.name, person.secret))
    assert_oauth(client.refresh(legacy["refresh_token"]), 400, "invalid_grant")
    assert_good(server.api.refresh(legacy["refresh_token"]))
    tokens = sign_in(client, person)
    assert_hard(server.api.refresh(tokens["refresh_token"]))
    assert_good(client.refresh(tokens["refresh_token"]))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_matrix/client/v3/account/password", {"new_password": "x"}),
        ("POST", "/_matrix/client/v3/account/deactivate", {}),
        ("DELETE", "/_matrix/client/v3/devices/X", {}),
        ("POST", "/_matrix/client/v3/delete_devices", {"devices": ["X"]}),
        ("POST", "/_matrix/client/v1/login/get_token", {}),
    ],
)
def test_what_must_be_confirmed_is_done_on_the_pages(server, client, person, method, path, body):
    tokens = sign_in(client, person)
    answer = server.api.request(method, path, json=body, token=tokens["access_token"])
    assert_error(answer, 403, "M_FORBIDDEN")
    assert "/account/" in answer.json()["error"]


def test_introspection_says_which_client(server, client, person):
    tokens = sign_in(client, person, "AAABBBCCC")
    body = assert_good(server.api.introspect(tokens["access_token"]))
    assert body["active"] is True
    assert body["client_id"] == client.id
    assert body["scope"] == device_scope("AAABBBCCC")


def test_only_an_administrator_gets_the_administrators_scope(server, client, person):
    scope = f"{device_scope('AAABBBCCC')} urn:synapse:admin:*"
    assert "administer" not in person.consent_page(client.ask(scope=scope)).text
    assert sign_in(client, person, scope=scope)["scope"] == device_scope("AAABBBCCC")
    server.command("user", "admin", person.name, "on")
    assert "administer" in person.consent_page(client.ask(scope=scope)).text
    tokens = sign_in(client, person, scope=scope)
    assert set(tokens["scope"].split()) == set(scope.split())
    told = assert_good(server.api.introspect(tokens["access_token"]))
    assert "urn:synapse:admin:*" in told["scope"].split()
    server.command("user", "admin", person.name, "off")
    told = assert_good(server.api.introspect(tokens["access_token"]))
    assert told["scope"] == device_scope("AAABBBCCC"), "no administrator any more"


@pytest.mark.parametrize(
    "admin", [None, "urn:synapse:admin:*", "urn:matrix:client:server_administration"]
)
def test_an_app_has_an_administrators_powers_only_where_it_was_given_them(
    server, client, person, admin
):
    server.command("user", "admin", person.name, "on")
    victim = new_person(server)
    scope = " ".join(filter(None, [device_scope("AAABBBCCC"), admin]))
    tokens = sign_in(client, person, scope=scope)
    assert set(tokens["scope"].split()) == set(scope.split())
    for measure, field in [("suspend", "suspended"), ("lock", "locked")]:
        path = f"/_matrix/client/v1/admin/{measure}/@{victim.name}:example.com"
        answer = server.api.request("PUT", path, token=tokens["access_token"], json={field: True})
        if admin is None:
            assert_error(answer, 403, "M_FORBIDDEN")
        else:
            assert assert_good(answer) == {field: True}
    capabilities = "/_matrix/client/v3/capabilities"
    told = assert_good(server.api.request("GET", capabilities, token=tokens["access_token"]))
    moderates = "m.account_moderation" in told["capabilities"]
    assert moderates is (admin is not None), told
    noted = server.command("audit", "--user", victim.name)["audit"]
    by = {entry["by"] for entry in noted if entry["action"] in ("user lock", "user suspend")}
    expected = {f"@{person.name}:example.com (client {client.id})"} if admin else set()
    assert by == expected


def test_openid_alone_is_no_way_into_matrix(server, client, person):
    tokens = sign_in(client, person, scope="openid")
    assert_hard(server.api.whoami(tokens["access_token"]))
    for path in ["logout", "logout/all"]:
        answer = server.api.request(
            "POST", f"/_matrix/client/v3/{path}", token=tokens["access_token"]
        )
        assert_hard(answer)
    answer = server.api.request("GET", "/oauth2/userinfo", token=tokens["access_token"])
    assert assert_good(answer)["preferred_username"] == person.name
    assert API_SCOPE not in tokens["scope"]


def test_an_app_without_a_device_is_listed_and_ended(server, client, person):
    ask = lambda tokens: server.api.request(  # noqa: E731
        "GET", "/oauth2/userinfo", token=tokens["access_token"]
    )
    tokens = sign_in(client, person, scope="openid")
    stranger = new_person(server)
    theirs = sign_in(client, stranger, scope="openid")
    page = person.open("/account/devices")
    assert "Other apps" in page.text and "An App" in page.text
    form = page.form_with("app")
    own = form.hidden["app"]
    form.hidden["app"] = stranger.open("/account/devices").form_with("app").hidden["app"]
    page = page.submit(form=form)
    assert_good(ask(theirs))
    form = page.form_with("app")
    assert form.hidden["app"] == own
    page = page.submit(form=form)
    assert "The app is signed out" in page.text and "Other apps" not in page.text
    assert ask(tokens).status_code == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
