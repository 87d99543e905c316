"""Application Service API "Identity assertion" and MSC4326: who a service's token speaks for.

And what that token is worth elsewhere: at the edge, to the homeserver, at /refresh and /logout.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked
from support.api import PREFIX, new_name
from support.matrix_client import new_client
from support.threads import together


def test_without_a_user_it_is_its_own(irc, mail):
    for bridge in (irc, mail):
        assert assert_good(bridge.whoami()) == {"user_id": bridge.sender, "is_guest": False}
        assert assert_good(bridge.whoami(bridge.sender))["user_id"] == bridge.sender


def test_a_user_of_the_namespace(irc):
    name = irc.new_user()
    assert assert_good(irc.whoami(name)) == {"user_id": f"@{name}:example.com", "is_guest": False}


def test_a_person_in_a_namespace_that_is_not_exclusive(bridged, irc):
    name = f"both_{new_name()}"
    assert_good(bridged.api.register(name))
    assert assert_good(irc.whoami(name))["user_id"] == f"@{name}:example.com"


@pytest.mark.parametrize(
    "user", ["@postman:example.com", "@mail_x:example.com", "@irc_x:other.example", "", "@irc_x"]
)
def test_outside_the_namespace(irc, user):
    assert_error(irc.whoami(user), 403, "M_FORBIDDEN")


def test_people_are_outside_the_namespace(bridged, irc):
    client = new_client(bridged.api)
    assert_error(irc.whoami(client.store.user), 403, "M_FORBIDDEN")
    assert_error(irc.whoami(client.store.user, client.store.device), 403, "M_FORBIDDEN")


def test_one_that_is_not_registered(irc):
    assert_error(irc.whoami("irc_never_registered"), 403, "M_FORBIDDEN")


def test_one_that_is_not_well(bridged, irc):
    """The service's token is good all the time: only of a lock is a client told to wait."""
    name = irc.new_user()
    bridged.command("user", "lock", name)
    assert_locked(irc.whoami(name))
    assert_good(irc.whoami())
    bridged.command("user", "unlock", name)
    assert_good(irc.whoami(name))
    bridged.command("user", "suspend", name)
    assert_good(irc.whoami(name))
    bridged.command("user", "deactivate", name)
    assert_error(irc.whoami(name), 403, "M_USER_DEACTIVATED")


# -- devices


@pytest.mark.parametrize("parameter", ["device_id", "org.matrix.msc3202.device_id"])
def test_a_device_of_the_user(irc, parameter):
    name, other = irc.new_user(), irc.new_user()
    irc.put_device(name, "BRIDGE")
    ask = lambda user, device: irc.ask(  # noqa: E731
        "GET", "/account/whoami", user, **{parameter: device}
    )
    assert assert_good(ask(name, "BRIDGE"))["device_id"] == "BRIDGE"
    for user, device in ((name, "NONE"), (other, "BRIDGE"), (None, "BRIDGE"), (name, "")):
        assert_error(ask(user, device), 400, "M_UNKNOWN_DEVICE")


def test_a_device_without_a_user_is_its_own(irc):
    irc.put_device(irc.sender, "OFFICE")
    who = assert_good(irc.whoami(None, "OFFICE"))
    assert (who["user_id"], who["device_id"]) == (irc.sender, "OFFICE")


def test_a_device_that_is_deleted(irc):
    name = irc.new_user()
    irc.put_device(name, "BRIDGE")
    irc.delete_device(name, "BRIDGE")
    assert_error(irc.whoami(name, "BRIDGE"), 400, "M_UNKNOWN_DEVICE")


@pytest.mark.parametrize(
    "query",
    [
        "user_id=@irc_bot:example.com&user_id=@irc_x:example.com",
        "device_id=A&device_id=B",
        "user_id=%zz",
    ],
)
def test_a_query_that_cannot_be_read(irc, query):
    answer = irc.api.request("GET", f"{PREFIX}/account/whoami?{query}", token=irc.token)
    assert_error(answer, 400, "M_INVALID_PARAM")


@pytest.mark.parametrize("times", [1, 2])
def test_beside_a_person_s_token_they_mean_nothing(bridged, irc, times):
    """Also the second time, when the token is remembered; and nothing there is even read."""
    client = new_client(bridged.api)
    name = irc.new_user()
    for query in (
        f"user_id=@{name}:example.com",
        "device_id=NONE",
        "user_id=@nobody:other.example&user_id=x&device_id=%zz",
    ):
        for _ in range(times):
            path = f"{PREFIX}/account/whoami?{query}"
            who = assert_good(bridged.api.request("GET", path, token=client.access))
            assert who["user_id"] == f"@{client.store.user}:example.com"
            assert who["device_id"] == client.store.device


# -- an administrator's rights are never asserted


def test_a_service_is_no_administrator(bridged, irc):
    admin, victim = irc.new_user(), new_client(bridged.api)
    bridged.command("user", "admin", admin, "on")
    path = f"/_matrix/client/v1/admin/lock/@{victim.store.user}:example.com"
    query = {"user_id": f"@{admin}:example.com"}
    for method, body in (("GET", None), ("PUT", {"locked": True})):
        answer = irc.api.request(method, path, token=irc.token, json=body, params=query)
        assert_error(answer, 403, "M_FORBIDDEN")
    capabilities = assert_good(irc.ask("GET", "/capabilities", admin))["capabilities"]
    assert "m.account_moderation" not in capabilities
    assert capabilities["m.get_login_token"] == {"enabled": False}
    assert_good(bridged.api.whoami(victim.access))


# -- what its token is worth elsewhere


@pytest.mark.parametrize("service", ["irc", "mail"])
def test_tokens_that_are_nearly_one(bridged, request, service):
    bridge = request.getfixturevalue(service)
    token = bridge.token
    wrong = (
        token + "x",
        token[:-1],
        token.swapcase(),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        bridge.file["hs_token"],
        bridge.service,
    )
    for one in wrong:
        assert_hard(bridged.api.whoami(one))
        assert_hard(bridged.api.logout(one))


def test_at_the_edge_and_to_the_homeserver(bridged, irc):
    """It passes, for the homeserver knows it; and introspection knows sessions alone."""
    assert bridged.api.edge(irc.token).status_code == 200
    assert assert_good(bridged.api.introspect(irc.token)) == {"active": False}


def test_it_is_no_refresh_token(bridged, irc):
    assert_hard(bridged.api.refresh(irc.token))
    assert_good(irc.whoami())


def test_it_shows_nobody_s_past(bridged, irc):
    with_token, without = bridged.api.login_flows(irc.token), bridged.api.login_flows()
    assert with_token.content == without.content


# -- signing out


def test_it_cannot_be_signed_out_itself(irc):
    """Nor may it be told 401: the bridge would think that its token is dead."""
    name = irc.new_user()
    session = assert_good(irc.login(name))["access_token"]
    for user in (None, name):
        assert_error(irc.ask("POST", "/logout", user), 403, "M_FORBIDDEN")
    assert_good(irc.api.whoami(session))
    assert_good(irc.whoami(name))


def test_it_signs_a_device_out(irc):
    name = irc.new_user()
    gone = assert_good(irc.login(name, "GONE"))
    kept = assert_good(irc.login(name, "KEPT"))
    assert assert_good(irc.ask("POST", "/logout", name, "GONE")) == {}
    assert_hard(irc.api.whoami(gone["access_token"]))
    assert_hard(irc.api.refresh(gone["refresh_token"]))
    assert_good(irc.api.whoami(kept["access_token"]))
    assert [device["device_id"] for device in irc.devices(name)] == ["KEPT"]
    assert_error(irc.ask("POST", "/logout", name, "GONE"), 400, "M_UNKNOWN_DEVICE")


def test_it_signs_a_user_out_everywhere(irc):
    name, other = irc.new_user(), irc.new_user()
    gone = [assert_good(irc.login(name, device)) for device in ("ONE", "TWO")]
    kept = assert_good(irc.login(other))
    assert assert_good(irc.ask("POST", "/logout/all", name)) == {}
    for session in gone:
        assert_hard(irc.api.whoami(session["access_token"]))
        assert_hard(irc.api.refresh(session["refresh_token"]))
    assert_good(irc.api.whoami(kept["access_token"]))
    assert irc.devices(name) == []
    assert_good(irc.whoami(name))


def test_signing_out_outside_the_namespace(bridged, irc):
    client = new_client(bridged.api)
    for path in ("/logout", "/logout/all"):
        answer = irc.ask("POST", path, client.store.user, client.store.device)
        assert_error(answer, 403, "M_FORBIDDEN")
    assert_good(bridged.api.whoami(client.access))


# -- at the same time


def test_requests_that_race_never_tell_it_that_its_token_is_dead(irc):
    """A user is deactivated while the bridge goes on to use it, many times at once."""
    for _ in range(5):
        name = irc.new_user()
        irc.put_device(name, "BRIDGE")
        answers = []
        ask = lambda method, path, body=None: answers.append(  # noqa: E731
            irc.ask(method, path, name, body=body)
        )
        together(
            *[lambda: ask("POST", "/account/deactivate", {})] * 4,
            *[lambda: ask("DELETE", "/devices/BRIDGE")] * 2,
            *[lambda: ask("POST", "/logout/all")] * 2,
            *[lambda: ask("PUT", "/devices/OTHER", {})] * 2,
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 403, 404}
        assert_error(irc.whoami(name), 403, "M_USER_DEACTIVATED")


def test_one_user_registered_many_times_at_once(irc):
    name = f"irc_{new_name()}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: irc.register(name), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
