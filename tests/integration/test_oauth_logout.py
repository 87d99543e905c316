"""RP-initiated logout: an app sends its person to the browser to sign out there too (OpenID
Connect RP-Initiated Logout 1.0)."""

from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.oauth import OAuthClient, answer_of, device_scope, sign_in

BACK = "https://app.example/signed-out"
PATH = "/oauth2/logout"


@pytest.fixture
def client(server) -> OAuthClient:
    return OAuthClient(server.api, post_logout_redirect_uris=[BACK])


@pytest.fixture
def tokens(client, person) -> dict:
    return sign_in(client, person, scope=f"openid {device_scope('AAABBBCCC')}")


def press(page, button: str):
    return page.submit(form=page.form_with("decision"), press=button)


def signed_in(person) -> bool:
    return not person.browser.open("/account/").url.split("?")[0].endswith("/sign-in")


def test_the_metadata_name_it(server):
    metadata = server.api.request("GET", "/.well-known/openid-configuration").json()
    assert metadata["end_session_endpoint"] == metadata["issuer"] + PATH.removeprefix("/")


def test_signs_out_of_the_browser_and_goes_back(server, client, person, tokens):
    page = person.browser.open(
        PATH, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BACK, state="a b&c"
    )
    assert "An App" in page.text
    assert person.name in page.text
    assert "form-action" not in page.headers["Content-Security-Policy"]
    assert signed_in(person), "the link alone has done it"
    back = press(page, "sign_out")
    assert back.away.startswith(BACK + "?")
    assert answer_of(back) == {"state": "a b&c"}
    assert not signed_in(person)
    assert_good(server.api.whoami(tokens["access_token"]))
    assert_good(client.refresh(tokens["refresh_token"]))


def test_a_person_may_stay(person, tokens):
    page = person.browser.open(
        PATH, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BACK
    )
    assert press(page, "stay").away == BACK
    assert signed_in(person)


def test_without_an_address_one_stays_here(person):
    person.open("/account/")
    page = press(person.browser.open(PATH), "stay")
    assert page.url.endswith("/account/")
    page = press(person.browser.open(PATH), "sign_out")
    assert "/account/sign-in" in page.url
    assert not signed_in(person)


def test_who_is_signed_out_goes_back_by_a_link(person, client, tokens):
    """Anybody may have registered the client, and has an ID token of their own account for it."""
    press(person.browser.open(PATH), "sign_out")
    for proof in ({"client_id": client.id}, {"id_token_hint": tokens["id_token"]}):
        page = person.browser.open(PATH, post_logout_redirect_uri=BACK, state="s", **proof)
        assert (page.status, page.away) == (200, None), "anybody's link leads to other places"
        assert page.link("Back to An App") == BACK + "?state=s"


def test_who_was_signed_out_meanwhile_still_finds_the_way_back(person, tokens):
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK}
    page, other = (person.browser.open(PATH, **asked) for _ in range(2))
    assert press(other, "sign_out").away == BACK
    page = press(page, "sign_out")
    assert page.link("Back to An App") == BACK


def test_the_browser_that_was_signed_out_cannot_be_put_back(server, person):
    """Its session is over, and not its cookie alone."""
    for way in ("/oauth2/logout", "/account/sign-out"):
        person.open("/account/")
        [kept] = [one for one in person.browser.cookies.jar if one.name == "latchkey"]
        page = person.browser.open("/account/" if way == "/account/sign-out" else way)
        if way == "/account/sign-out":
            [form] = [form for form in page.forms if form.action == way]
            page.submit(form=form)
        else:
            press(page, "sign_out")
        assert not signed_in(person)
        person.browser.cookies.jar.set_cookie(kept)
        assert not signed_in(person), way


def test_a_forged_id_token(person, tokens):
    head, body, signature = tokens["id_token"].split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    page = person.browser.open(PATH, id_token_hint=forged, post_logout_redirect_uri=BACK)
    assert (page.status, page.away) == (400, None)
    assert signed_in(person)


@pytest.mark.parametrize(
    "uri",
    [
        BACK + "/",
        BACK + "?x=1",
        BACK.replace("app.", "APP."),
        "https://app.example@evil.example/signed-out",
        "https://app.example/callback",
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
    ],
)
def test_an_address_that_is_not_registered(person, client, tokens, uri):
    page = person.browser.open(PATH, id_token_hint=tokens["id_token"], post_logout_redirect_uri=uri)
    assert (page.status, page.away) == (400, None)
    assert signed_in(person)


@pytest.mark.parametrize("query", [{"client_id": "nobody"}, {"post_logout_redirect_uri": BACK}])
def test_nobody_knows_who_asks(person, query):
    page = person.open(PATH, **query)
    assert (page.status, page.away) == (400, None)


def test_another_clients_token(server, person, tokens):
    other = OAuthClient(
        server.api,
        client_uri="https://other.app.example/",
        redirect_uris=["https://other.app.example/"],
    )
    page = person.browser.open(PATH, id_token_hint=tokens["id_token"], client_id=other.id)
    assert page.status == 400


def test_a_parameter_that_comes_twice(person, client):
    page = person.browser.open(f"{PATH}?client_id={client.id}&client_id={client.id}")
    assert page.status == 400


def test_it_is_said_as_the_app_asks(person, tokens):
    asked = {"id_token_hint": tokens["id_token"], "ui_locales": "de"}
    page = person.browser.open(PATH, **asked)
    assert "In diesem Browser abmelden?" in page.text
    assert "Du bist in diesem Browser abgemeldet" in press(page, "sign_out").text


def test_an_app_may_post(person, client, tokens):
    # As from another site: no cookie comes along, so the request becomes a link.
    form = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK, "state": "s"}
    answer = client.api.request("POST", PATH, data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{PATH}?{urlencode(form)}"
    page = person.browser.open(answer.headers["Location"])
    assert press(page, "sign_out").away == BACK + "?state=s"


def test_a_forged_form_signs_nobody_out(person, tokens):
    page = person.browser.post(PATH, [("decision", "sign_out")])
    assert page.status == 403
    page = person.browser.post(PATH, [("decision", "sign_out"), ("csrf", "guessed")])
    assert page.status == 403
    assert signed_in(person)
