"""GET /login with the token of an earlier session (MSC3741), and what it must not give away."""

import pytest

from support.answers import assert_good, assert_locked, assert_soft
from support.api import PREFIX, new_name
from support.clock import DAY, HOUR, MINUTE
from support.matrix_client import new_client
from support.raw_http import RawConnection, request_bytes
from support.secrets import password
from support.services import Bridge, install

# Somebody with a password can also be signed in by a token of another of their clients.
BY_PASSWORD = ["m.login.sso", "m.login.password", "m.login.token"]
OF_SERVICES = "m.login.application_service"


def flows(answer) -> list[str]:
    return [flow["type"] for flow in assert_good(answer)["flows"]]


def comparable(answer) -> tuple:
    """All of an answer but what differs in every answer."""
    headers = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name not in ("date", "x-request-id")
    ]
    return answer.status_code, headers, answer.content


def is_generic(server, token: str) -> bool:
    """Whether the answer is, byte for byte, that to a request without a token."""
    return comparable(server.api.login_flows(token)) == comparable(server.api.login_flows())


# With application services the generic list is longer than what leads a person back: that the
# answers differ shows that a token was recognised.


def test_an_active_one(bridged):
    client = new_client(bridged.api)
    assert flows(bridged.api.login_flows()) == [*BY_PASSWORD, OF_SERVICES]
    assert flows(bridged.api.login_flows(client.access)) == BY_PASSWORD


def test_a_softly_ended_one(bridged):
    client = new_client(bridged.api)
    bridged.command("user", "soft-logout", client.store.user)
    assert flows(bridged.api.login_flows(client.access)) == BY_PASSWORD
    client.sign_in()  # which is what it is for
    assert flows(bridged.api.login_flows(client.access)) == BY_PASSWORD


def cas(provider_id: str, **more: str) -> dict:
    """One that nobody is sent to here."""
    name = provider_id.capitalize()
    return {"id": provider_id, "kind": "cas", "name": name, "url": "http://127.0.0.1:9/"} | more


def offered(answer) -> dict[str, list[str] | None]:
    """The flows, with the ids of their providers."""
    flows = assert_good(answer)["flows"]
    return {
        flow["type"]: [one["id"] for one in flow["identity_providers"]]
        if "identity_providers" in flow
        else None
        for flow in flows
    }


def test_of_several_providers_those_that_lead_back(make_server):
    corp = cas("corp", icon="mxc://example.com/corp", brand="gitlab")
    server = make_server(sign_in={"providers": [corp, cas("old"), cas("dark")]})
    api, client = server.api, new_client(server.api)
    sso = assert_good(api.login_flows())["flows"][0]
    assert sso["identity_providers"] == [
        {"id": "corp", "name": "Corp", "icon": "mxc://example.com/corp", "brand": "gitlab"},
        {"id": "old", "name": "Old"},
        {"id": "dark", "name": "Dark"},
    ]
    server.command("user", "soft-logout", client.store.user)
    by_password = {"m.login.password": None, "m.login.token": None}
    # Its password, and no page on which other ways lead to other accounts.
    assert offered(api.login_flows(client.access)) == by_password
    for provider, ids in (("dark", ["dark"]), ("corp", ["corp", "dark"])):
        server.command("user", "link", client.store.user, provider, "somebody")
        expected = {"m.login.sso": ids} | by_password
        assert offered(api.login_flows(client.access)) == expected
    server.restart({"sign_in": {"passwords": False, "providers": [corp, cas("old")]}})
    assert offered(api.login_flows(client.access)) == {
        "m.login.sso": ["corp"],
        "m.login.token": None,
    }
    # Without the one that led back nothing does.
    server.restart({"sign_in": {"providers": [cas("old")]}})
    assert offered(api.login_flows(client.access)) == {}
    assert offered(api.login_flows()) == {"m.login.sso": ["old"], "m.login.token": None}


def test_a_suspended_and_a_locked_one(bridged):
    client = new_client(bridged.api)
    for measure in ("suspend", "lock"):
        bridged.command("user", measure, client.store.user)
        assert flows(bridged.api.login_flows(client.access)) == BY_PASSWORD
    assert_locked(bridged.api.whoami(client.access))


def test_the_one_before_in_its_grace_and_the_newest(bridged):
    client = new_client(bridged.api)
    old = client.access
    client.refresh()
    for token in (old, client.access):  # neither is used yet
        assert flows(bridged.api.login_flows(token)) == BY_PASSWORD
    client.use()
    for token in (old, client.access):
        assert flows(bridged.api.login_flows(token)) == BY_PASSWORD


def test_asking_is_no_use_of_the_token(bridged):
    """It changes nothing: the pair that was never used can still be asked for again."""
    client = new_client(bridged.api)
    before = client.refresh_token
    client.refresh()
    for _ in range(2):
        bridged.api.login_flows(client.access)
    pair = assert_good(bridged.api.refresh(before))
    assert pair["access_token"] == client.access


def test_of_a_user_of_a_service(bridged, irc):
    name = irc.new_user()
    token = assert_good(irc.login(name))["access_token"]
    assert flows(bridged.api.login_flows(token)) == [OF_SERVICES]
    bridged.command("user", "set-password", name, "--password-stdin", stdin=password() + "\n")
    assert flows(bridged.api.login_flows(token)) == [*BY_PASSWORD, OF_SERVICES]


def test_nothing_leads_back_to_an_account_without_a_password(make_server, clock):
    """Its service is configured no longer: an empty list, and the token is softly refused."""
    server = bridged_with(make_server, clock)
    irc = Bridge(server, "irc")
    name = irc.new_user()
    token = assert_good(irc.login(name))["access_token"]
    server.restart({"application_services": []})
    assert flows(server.api.login_flows(token)) == []
    server.command("user", "soft-logout", name)
    assert_soft(server.api.whoami(token))
    assert flows(server.api.login_flows(token)) == []
    assert flows(server.api.login_flows()) == BY_PASSWORD


def test_an_address_leads_back_as_the_name_does(bridged):
    """A third-party id is another name for the one password."""
    client = new_client(bridged.api)
    address = f"{client.store.user}@example.org"
    bridged.command("user", "add-threepid", client.store.user, "email", address)
    assert flows(bridged.api.login_flows(client.access)) == BY_PASSWORD


def test_without_login_tokens(make_sqlite_server):
    server = make_sqlite_server(login_tokens={"enabled": False})
    client = new_client(server.api)
    assert flows(server.api.login_flows(client.access)) == ["m.login.password"]
    assert flows(server.api.login_flows()) == ["m.login.password"]


# -- time

SESSIONS = {"remember_expired": "30d"}


def bridged_with(make_server, clock, **sessions):
    """A server where a token that is recognised is told another list than the generic one."""
    server = make_server(
        clock, start=False, sessions=SESSIONS | sessions, application_services=["irc.yaml"]
    )
    install(server.directory)
    return server.start()


def expect_remembered_for_a_month(server, clock, token: str) -> None:
    """`token` has just ended, a moment ago."""
    assert_soft(server.api.whoami(token))
    assert flows(server.api.login_flows(token)) == BY_PASSWORD
    clock.advance(30 * DAY - 10 * MINUTE)
    assert flows(server.api.login_flows(token)) == BY_PASSWORD
    server.restart()
    assert flows(server.api.login_flows(token)) == BY_PASSWORD
    clock.advance(20 * MINUTE)
    assert is_generic(server, token)
    assert_soft(server.api.whoami(token))  # for ever


def test_an_expired_one(make_server, clock):
    server = bridged_with(make_server, clock)
    token = new_client(server.api).access
    clock.advance(5 * MINUTE + 1)
    expect_remembered_for_a_month(server, clock, token)


def test_one_past_its_maximum_age(make_server, clock):
    server = bridged_with(make_server, clock, maximum_age="2h")
    token = new_client(server.api, refreshes=False).access
    clock.advance(2 * HOUR + 1)
    expect_remembered_for_a_month(server, clock, token)


def test_an_idle_one(make_server, clock):
    server = bridged_with(make_server, clock, maximum_idle="1h")
    token = new_client(server.api, refreshes=False).access
    clock.advance(HOUR + 2 * MINUTE)
    expect_remembered_for_a_month(server, clock, token)


def test_one_that_an_administrator_ended_softly(make_server, clock):
    server = bridged_with(make_server, clock)
    client = new_client(server.api, refreshes=False)
    server.command("user", "soft-logout", client.store.user)
    expect_remembered_for_a_month(server, clock, client.access)


# -- what is not recognised


def ended(server, client):
    assert_good(server.api.logout(client.access))
    return client.access


def ended_everywhere(server, client):
    assert_good(server.api.logout_all(client.access))
    return client.access


def ended_by_an_administrator(server, client):
    [session] = server.sessions(client.store.user)
    server.command("session", "end", session["id"])
    return client.access


def softly_ended_and_signed_out(server, client):
    server.command("user", "soft-logout", client.store.user)
    return ended(server, client)


def deactivated(server, client):
    server.command("user", "deactivate", client.store.user)
    return client.access


def device_deleted(server, client):
    name, secret = client.store.user, client.store.password
    other = assert_good(server.api.login(name, secret))
    device = client.store.device
    assert_good(server.api.delete_device(other["access_token"], device, name, secret))
    return client.access


def password_changed(server, client):
    name, secret = client.store.user, client.store.password
    other = assert_good(server.api.login(name, secret))
    assert_good(server.api.change_password(other["access_token"], name, secret, password()))
    return client.access


def taken_over(server, client):
    old = client.access
    client.sign_in()
    return old


def signed_in_again_after_a_soft_end(server, client):
    server.command("user", "soft-logout", client.store.user)
    return taken_over(server, client)


def reused(server, client):
    oldest = client.refresh_token
    for _ in range(2):
        client.refresh()
        client.use()
    assert_soft(server.api.refresh(oldest))
    return client.access


def older_than_the_one_before(server, client):
    oldest = client.access
    for _ in range(2):
        client.refresh()
        client.use()
    return oldest


def login_token(server, client):
    answer = server.api.login_token(client.access, client.store.user, client.store.password)
    return assert_good(answer)["login_token"]


UNRECOGNISED = {
    "ended": ended,
    "ended everywhere": ended_everywhere,
    "ended by an administrator": ended_by_an_administrator,
    "softly ended and then signed out": softly_ended_and_signed_out,
    "deactivated": deactivated,
    "device deleted": device_deleted,
    "password changed": password_changed,
    "taken over": taken_over,
    "softly ended, then taken over": signed_in_again_after_a_soft_end,
    "reused": reused,
    "older than the one before": older_than_the_one_before,
    "refresh token": lambda _, client: client.refresh_token,
    "login token": login_token,
    "forged": lambda _, client: client.access[:-1] + ("1" if client.access[-1] == "0" else "0"),
    "of another session": lambda _, client: client.access[:10] + "0" * 10 + client.access[20:],
    "never issued": lambda *_: "lka_" + "0" * 43,
    "malformed": lambda *_: "lka_short",
    "foreign": lambda *_: "syt_bm9ib2R5_abcdefghijklmnop_0abcde",
    "garbage": lambda *_: "garbage",
}


@pytest.mark.parametrize("kind", UNRECOGNISED)
def test_what_is_not_recognised(bridged, kind):
    token = UNRECOGNISED[kind](bridged, new_client(bridged.api))
    assert is_generic(bridged, token)


def headers_of(*lines: str):
    return lambda token: [line.format(token=token) for line in lines]


UNREADABLE = {
    "two headers": headers_of("Authorization: Bearer {token}", "Authorization: Bearer {token}"),
    "another scheme": headers_of("Authorization: Basic {token}"),
    "no scheme": headers_of("Authorization: {token}"),
    "nothing after the scheme": headers_of("Authorization: Bearer "),
    "two tokens": headers_of("Authorization: Bearer {token} {token}"),
    "a list": headers_of("Authorization: Bearer {token}, Bearer {token}"),
    "empty": headers_of("Authorization:"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_headers_that_cannot_be_read(bridged, kind):
    """GET /login answers everybody; what cannot be read is no token."""

    def ask(headers):
        with RawConnection(bridged.port) as connection:
            connection.send(request_bytes("GET", f"{PREFIX}/login", b"", *headers))
            answer = connection.answer()
        for name in ("date", "x-request-id"):
            answer.headers.pop(name)
        return answer

    token = new_client(bridged.api).access
    assert ask(UNREADABLE[kind](token)) == ask([])


def test_every_answer_says_that_it_depends_on_the_token(server):
    client = new_client(server.api)
    for token in (None, client.access, "garbage"):
        answer = server.api.request("GET", f"{PREFIX}/login", token=token)
        assert answer.headers["cache-control"] == "no-store"
        assert "authorization" in answer.headers["vary"].lower()


# -- elsewhere


def test_unstable_path(bridged):
    versions = assert_good(bridged.api.request("GET", "/_matrix/client/versions"))
    assert versions["unstable_features"]["org.matrix.msc3741"] is True
    client = new_client(bridged.api)
    path = "/_matrix/client/unstable/org.matrix.msc3741/login"
    assert flows(bridged.api.request("GET", path)) == [*BY_PASSWORD, OF_SERVICES]
    assert flows(bridged.api.request("GET", path, token=client.access)) == BY_PASSWORD


@pytest.mark.parametrize("allowed", [True, False])
def test_a_token_in_the_query(make_server, allowed, clock):
    server = bridged_with(make_server, clock, access_token_in_query=allowed)
    client = new_client(server.api)

    def ask(**how):
        return server.api.request("GET", f"{PREFIX}/login", **how)

    in_query = ask(params={"access_token": client.access})
    if allowed:
        assert flows(in_query) == BY_PASSWORD
        # Two of them say nothing: nobody can tell which is meant.
        twice = ask(params={"access_token": client.access}, token=client.access)
        assert comparable(twice) == comparable(ask())
    else:
        assert comparable(in_query) == comparable(ask())


def test_asking_is_not_limited_by_what_is_asked_with(make_sqlite_server, clock):
    """Neither the right token nor a wrong one is answered more often, and all stay alike."""
    server = bridged_with(make_sqlite_server, clock)
    server.restart({"rate_limits": {"enabled": True}})
    client = new_client(server.api)
    generic = comparable(server.api.login_flows())
    narrowed = comparable(server.api.login_flows(client.access))
    wrong = client.access[:-1] + ("1" if client.access[-1] == "0" else "0")
    for _ in range(150):
        assert comparable(server.api.login_flows(wrong)) == generic
        assert comparable(server.api.login_flows("garbage")) == generic
        assert comparable(server.api.login_flows(client.access)) == narrowed
    assert_good(server.api.login(client.store.user, client.store.password, new_name()))
