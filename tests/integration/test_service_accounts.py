"""What application services do with accounts: register, sign in, change passwords, deactivate."""

import pytest
import yaml

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_missing
from support.api import PREFIX, new_name, password_auth
from support.confirmation import GET_TOKEN
from support.matrix_client import new_client
from support.raw_http import RawConnection, request_bytes
from support.secrets import password
from support.services import Bridge, install, registration

TYPE = "m.login.application_service"


def irc_name() -> str:
    return f"irc_{new_name()}"


def register_as(server, token: str | None, name: str):
    body = {"type": TYPE, "username": name, "inhibit_login": True}
    return server.api.request("POST", f"{PREFIX}/register", token=token, json=body)


def login_as(server, token: str | None, name: str):
    body = {"type": TYPE, "identifier": {"type": "m.id.user", "user": name}}
    return server.api.request("POST", f"{PREFIX}/login", token=token, json=body)


def available(server, name: str):
    path = f"{PREFIX}/register/available"
    return server.api.request("GET", path, params={"username": name})


@pytest.fixture
def administrator(bridged):
    client = new_client(bridged.api)
    bridged.command("user", "admin", client.store.user, "on")
    return client


# -- registration


def test_registration_without_a_session(irc):
    name = irc_name()
    body = assert_good(irc.register(name))
    assert body == {"user_id": f"@{name}:example.com", "home_server": "example.com"}
    assert irc.devices(name) == []


def test_registration_with_a_session(irc):
    body = assert_good(
        irc.register(irc_name(), inhibit_login=False, device_id="BRIDGE", refresh_token=True)
    )
    who = assert_good(irc.api.whoami(body["access_token"]))
    assert who["user_id"] == body["user_id"]
    assert who["device_id"] == body["device_id"] == "BRIDGE"
    assert_good(irc.api.refresh(body["refresh_token"]))


def test_nobody_signs_in_to_it_with_a_password(bridged, irc):
    name = irc_name()
    secret = password()
    assert_good(irc.register(name, password=secret))
    for typed in ("", secret):
        assert_error(bridged.api.login(name, typed), 403, "M_FORBIDDEN")


@pytest.mark.parametrize("name", ["someone", "mail_someone", "postman", "xirc_someone", "mail"])
def test_registration_outside_the_namespace(irc, name):
    assert_error(irc.register(name), 400, "M_EXCLUSIVE")


@pytest.mark.parametrize("name", ["irc_ä", "irc_a b", "irc_a:b", "irc_" + "a" * 255, ""])
def test_registration_of_no_user_name(irc, name):
    assert_error(irc.register(name), 400, "M_INVALID_USERNAME")


@pytest.mark.parametrize(
    "name",
    [
        "irc_Nick{}",
        "irc_nick{}[m]",
        "irc_a|b{}",
        "irc_\\^`{{{}}}",
        "irc_\"<&>'{}",
        "irc_%41{}",
        "irc_@{}",
    ],
)
def test_a_bridge_s_users_are_named_as_in_the_other_network(bridged, irc, administrator, name):
    """matrix-appservice-irc's users; with all that such a name may come by."""
    name = name.format(new_name())
    user_id = f"@{name}:example.com"
    body = assert_good(irc.register(name, inhibit_login=False, refresh_token=True))
    assert body["user_id"] == user_id
    assert_error(irc.register(name), 400, "M_USER_IN_USE")
    assert assert_good(irc.api.whoami(body["access_token"]))["user_id"] == user_id
    assert assert_good(bridged.api.introspect(body["access_token"]))["username"] == name
    assert bridged.api.edge(body["access_token"]).status_code == 200
    assert_good(irc.api.refresh(body["refresh_token"]))
    for typed in (name, user_id):
        assert assert_good(irc.login(typed))["user_id"] == user_id
    assert assert_good(irc.whoami(name))["user_id"] == user_id
    irc.put_device(name, "BRIDGE")
    assert assert_good(irc.whoami(name, "BRIDGE"))["device_id"] == "BRIDGE"
    for measure in ("lock", "suspend"):
        for wanted in (True, False):
            answer = bridged.api.moderate(administrator.access, measure, user_id, wanted)
            assert_good(answer)
    bridged.command("user", "lock", name)
    assert_locked(irc.whoami(name))
    bridged.command("user", "unlock", user_id)
    assert_good(irc.ask("POST", "/account/deactivate", name, body={}))


def test_names_that_differ_in_case_are_different_users(bridged, irc):
    small = f"irc_{new_name()}"
    tall = small.replace("irc_", "irc_X", 1)
    lower = tall.lower()
    for name in (tall, lower):
        assert_good(irc.register(name))
    irc.put_device(tall, "TALL")
    assert irc.devices(lower) == []
    assert assert_good(irc.login(tall))["user_id"] == f"@{tall}:example.com"
    assert assert_good(irc.login(lower))["user_id"] == f"@{lower}:example.com"
    bridged.command("user", "deactivate", tall)
    assert_error(irc.whoami(tall), 403, "M_USER_DEACTIVATED")
    assert_good(irc.whoami(lower))


def test_a_bridge_s_user_keeps_nobody_out_who_types_capitals(bridged, irc):
    name = f"both_{new_name()}"
    secret, other = password(), password()
    assert_good(bridged.api.register(name, secret))
    tall = "both_" + name.removeprefix("both_").upper()
    assert_good(irc.register(tall))
    assert assert_good(bridged.api.login(tall, secret))["user_id"] == f"@{name}:example.com"
    assert_good(bridged.api.login(name.upper(), secret))
    # With a password of its own it is meant by its name, and confirms with that one alone.
    bridged.command("user", "set-password", tall, "--password-stdin", stdin=other + "\n")
    signed_in = assert_good(bridged.api.login(tall, other))
    assert signed_in["user_id"] == f"@{tall}:example.com"
    assert_error(bridged.api.login(tall, secret), 403, "M_FORBIDDEN")
    assert assert_good(bridged.api.login(name, secret))["user_id"] == f"@{name}:example.com"


def test_people_are_given_plain_names_only(bridged):
    for name in ("Some one", "some[m]", "some|one"):
        assert_error(bridged.api.register(name), 400, "M_INVALID_USERNAME")


def test_registration_without_a_user_name(irc):
    assert_error(irc.register(None), 400, "M_MISSING_PARAM")


def test_registration_of_a_name_that_is_taken(irc):
    assert_error(irc.register(irc.new_user()), 400, "M_USER_IN_USE")
    assert_error(irc.register("irc_bot"), 400, "M_USER_IN_USE")


def test_registration_with_no_token_of_a_service(bridged):
    client = new_client(bridged.api)
    name = irc_name()
    assert_missing(register_as(bridged, None, name))
    for token in (client.refresh_token, "nonsense", "lka_" + "0" * 43):
        assert_hard(register_as(bridged, token, name))
    # A person's client must not learn from it that it is signed out.
    assert_error(register_as(bridged, client.access, name), 403, "M_FORBIDDEN")
    assert_error(available(bridged, name), 400, "M_EXCLUSIVE")


@pytest.mark.parametrize("path", ["register", "login"])
def test_a_token_that_cannot_be_read(bridged, irc, path):
    """Two headers: nobody can say which is meant."""
    with RawConnection(bridged.port) as connection:
        header = f"Authorization: Bearer {irc.token}"
        body = b'{"type":"m.login.application_service","username":"irc_two"}'
        connection.send(request_bytes("POST", f"{PREFIX}/{path}", body, header, header))
        answer = connection.answer()
    assert answer.status == 400
    assert b"M_INVALID_PARAM" in answer.body


def test_an_exclusive_namespace_is_closed_to_people(bridged, irc, mail):
    for name in (irc_name(), "irc_bot", "mail_someone", "postman"):
        assert_error(bridged.api.register(name), 400, "M_EXCLUSIVE")
        assert_error(available(bridged, name), 400, "M_EXCLUSIVE")
    assert_error(mail.register(irc_name()), 400, "M_EXCLUSIVE")


def test_a_namespace_that_is_not_exclusive_is_open_to_both(bridged, irc):
    theirs, ours = f"both_{new_name()}", f"both_{new_name()}"
    assert_good(available(bridged, theirs))
    assert_good(bridged.api.register(theirs))
    assert_error(irc.register(theirs), 400, "M_USER_IN_USE")
    assert_good(irc.register(ours))
    assert_error(bridged.api.register(ours), 400, "M_USER_IN_USE")


def test_a_service_makes_no_login_token(bridged, irc):
    """It has no session that could be handed on, whoever it speaks for."""
    name = f"both_{new_name()}"
    assert_good(bridged.api.register(name, password()))
    for user in (name, irc.new_user(), None):
        params = {} if user is None else {"user_id": f"@{user}:example.com"}
        answer = bridged.api.request("POST", GET_TOKEN, token=irc.token, json={}, params=params)
        assert_error(answer, 400, "M_FORBIDDEN")


def test_no_service_registers_what_another_has_for_itself(make_server):
    """One may be everybody, as services for double puppeting are; two want the same names."""
    files = {
        "irc": registration("irc"),
        "mail": registration("mail"),
        "again": registration(
            "again", namespaces={"users": [{"exclusive": True, "regex": "@mail_.*"}]}
        ),
        "puppets": registration(
            "puppets", namespaces={"users": [{"exclusive": False, "regex": "@.*"}]}
        ),
    }
    server = make_server(start=False, application_services=[f"{name}.yaml" for name in files])
    for name, fields in files.items():
        (server.directory / f"{name}.yaml").write_text(yaml.safe_dump(fields))
    server.start()
    irc, mail, again, puppets = (Bridge(server, name) for name in files)
    for name in (irc_name(), "irc_bot", "mail_x"):
        assert_error(puppets.register(name), 400, "M_EXCLUSIVE")
    assert_good(puppets.register("someone"))
    name = irc.new_user()
    assert_good(puppets.whoami(name))
    assert_good(puppets.login(name))
    for bridge in (mail, again):
        assert_error(bridge.register("mail_x"), 400, "M_EXCLUSIVE")
    assert_error(available(server, "mail_x"), 400, "M_EXCLUSIVE")


@pytest.mark.parametrize(("regex", "left"), [("@[a-m].*", True), ("@.*", False)])
def test_names_that_are_made_up_belong_to_no_service(make_sqlite_server, regex, left):
    server = make_sqlite_server(start=False, application_services=["wide.yaml"])
    wide = registration("wide", namespaces={"users": [{"exclusive": True, "regex": regex}]})
    (server.directory / "wide.yaml").write_text(yaml.safe_dump(wide))
    server.start()
    path = f"{PREFIX}/register"
    for _ in range(5):
        body = {"password": password()}
        challenge = server.api.request("POST", path, json=body)
        auth = {"type": "m.login.dummy", "session": challenge.json()["session"]}
        answer = server.api.request("POST", path, json=body | {"auth": auth})
        if left:
            assert assert_good(answer)["user_id"][1] > "m"
        else:
            assert_error(answer, 400, "M_EXCLUSIVE")


def test_services_register_whatever_the_limits_for_people(make_sqlite_server, tmp_path):
    server = make_sqlite_server(
        start=False,
        registration={"open": False, "reserved_names": ["irc_*"], "token_required": True},
        rate_limits={"enabled": True},
        application_services=["irc.yaml", "mail.yaml"],
    )
    install(server.directory)
    server.start()
    irc = Bridge(server, "irc")
    assert_error(available(server, "someone"), 403, "M_FORBIDDEN")
    assert_error(server.api.register("someone"), 403, "M_FORBIDDEN")
    for _ in range(50):
        irc.new_user()


# -- sign-in


@pytest.mark.parametrize("spelling", ["{0}", "@{0}:example.com"])
def test_login(irc, spelling):
    name = irc.new_user()
    body = assert_good(irc.login(spelling.format(name), "BRIDGE"))
    assert (body["user_id"], body["device_id"]) == (f"@{name}:example.com", "BRIDGE")
    assert assert_good(irc.api.whoami(body["access_token"]))["device_id"] == "BRIDGE"
    assert_good(irc.api.refresh(body["refresh_token"]))
    assert_good(irc.api.logout(body["access_token"]))


def test_login_of_its_own_user(irc, mail):
    for bridge in (irc, mail):
        assert assert_good(bridge.login(bridge.sender))["user_id"] == bridge.sender


def test_it_is_offered_where_there_are_services(bridged, server):
    flows = [flow["type"] for flow in assert_good(bridged.api.login_flows())["flows"]]
    assert TYPE in flows
    flows = [flow["type"] for flow in assert_good(server.api.login_flows())["flows"]]
    assert TYPE not in flows


def test_login_with_no_token_of_a_service(bridged, irc):
    name = irc.new_user()
    client = new_client(bridged.api)
    assert_missing(login_as(bridged, None, name))
    for token in ("nonsense", irc.token + "x", irc.token[:-1], irc.file["hs_token"]):
        assert_hard(login_as(bridged, token, name))
    assert_error(login_as(bridged, client.access, name), 403, "M_FORBIDDEN")
    assert_good(bridged.api.logout(client.access))
    assert_hard(login_as(bridged, client.access, name))


def test_login_of_users_it_may_not_be(bridged, irc, mail):
    client = new_client(bridged.api)
    for user in (client.store.user, "nobody", "@irc_x:other.example", mail.sender, ""):
        assert_error(irc.login(user), 400, "M_EXCLUSIVE")
    assert_error(mail.login(irc.new_user()), 400, "M_EXCLUSIVE")
    assert_error(irc.login("irc_never_registered"), 403, "M_FORBIDDEN")


def test_login_wants_a_user_name(irc):
    third_party = {"type": "m.id.thirdparty", "medium": "email", "address": "a@example.com"}
    assert_error(irc.login("x", identifier=third_party), 400, "M_MISSING_PARAM")
    assert_error(irc.login("x", identifier={"type": "m.id.user"}), 400, "M_MISSING_PARAM")
    assert_error(irc.login("x", identifier="irc_bot"), 400, "M_BAD_JSON")


def test_login_to_an_account_that_is_not_well(bridged, irc):
    name = irc.new_user()
    bridged.command("user", "lock", name)
    assert_locked(irc.login(name))
    bridged.command("user", "unlock", name)
    bridged.command("user", "suspend", name)
    assert_good(irc.login(name))
    bridged.command("user", "deactivate", name)
    assert_error(irc.login(name), 403, "M_USER_DEACTIVATED")


# -- changing the password


def test_without_a_password_there_is_nothing_to_confirm_with(irc):
    name = irc.new_user()
    answer = irc.ask("POST", "/account/password", name, body={"new_password": password()})
    assert_error(answer, 403, "M_FORBIDDEN")


@pytest.mark.parametrize("logout_devices", [None, True, False])
def test_the_password_is_changed_with_the_old_one(bridged, irc, logout_devices):
    """The bridge has no session of its own that would stay: with logout_devices all end."""
    name, old, new = irc.new_user(), password(), password()
    bridged.command("user", "set-password", name, "--password-stdin", stdin=old + "\n")
    session = assert_good(irc.login(name))["access_token"]
    body = {"new_password": new}
    if logout_devices is not None:
        body["logout_devices"] = logout_devices
    challenge = irc.ask("POST", "/account/password", name, body=body)
    assert challenge.status_code == 401
    auth = {"session": challenge.json()["session"]}
    wrong = body | {"auth": password_auth(name, password()) | auth}
    assert irc.ask("POST", "/account/password", name, body=wrong).status_code == 401
    right = body | {"auth": password_auth(name, old) | auth}
    assert_good(irc.ask("POST", "/account/password", name, body=right))
    if logout_devices is False:
        assert_good(irc.api.whoami(session))
    else:
        assert_hard(irc.api.whoami(session))
    assert_good(bridged.api.login(name, new))
    assert_error(bridged.api.login(name, old), 403, "M_FORBIDDEN")


def test_no_login_token_for_a_service(bridged, irc):
    name = irc.new_user()
    for user in (name, None):
        path = "/_matrix/client/v1/login/get_token"
        params = {"user_id": f"@{user}:example.com"} if user else {}
        answer = irc.api.request("POST", path, token=irc.token, json={}, params=params)
        assert_error(answer, 400, "M_FORBIDDEN")


# -- deactivation


@pytest.mark.parametrize("erase", [False, True])
def test_deactivation_needs_no_confirmation(irc, erase):
    name, other = irc.new_user(), irc.new_user()
    session = assert_good(irc.login(name, "BRIDGE"))
    others = assert_good(irc.login(other, "BRIDGE"))
    body = assert_good(irc.ask("POST", "/account/deactivate", name, body={"erase": erase}))
    assert body == {"id_server_unbind_result": "success"}
    assert_hard(irc.api.whoami(session["access_token"]))
    assert_hard(irc.api.refresh(session["refresh_token"]))
    assert_good(irc.api.whoami(others["access_token"]))
    # Its own token is good; a 401 would tell the bridge otherwise.
    for again in (
        irc.ask("POST", "/account/deactivate", name, body={}),
        irc.whoami(name),
        irc.login(name),
    ):
        assert_error(again, 403, "M_USER_DEACTIVATED")
    assert_error(irc.register(name), 400, "M_USER_IN_USE")
    assert_good(irc.whoami(other))


def test_a_service_does_not_deactivate_itself(irc):
    """Its own user is what it acts as when it forgets to name one."""
    for user in (None, irc.sender):
        assert_error(irc.ask("POST", "/account/deactivate", user, body={}), 403, "M_FORBIDDEN")
    assert_good(irc.whoami())


def test_deactivation_outside_the_namespace(bridged, irc):
    client = new_client(bridged.api)
    answer = irc.ask("POST", "/account/deactivate", client.store.user, body={})
    assert_error(answer, 403, "M_FORBIDDEN")
    assert_good(bridged.api.whoami(client.access))
