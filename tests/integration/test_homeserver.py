"""A homeserver behind: it knows users and devices before a token is out, and hears what happens.

The homeserver is tests/support/synapse.py.
"""

import threading

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX, Api, Silence, new_name
from support.browser import Visitor
from support.matrix_client import State, new_client
from support.oauth import OAuthClient, Television, new_device, new_person, sign_in
from support.polling import patiently, wait_until
from support.secrets import password
from support.server import SERVER_NAME, CommandFailed
from support.services import Bridge, install
from support.synapse import Synapse, User


@pytest.fixture(scope="module")
def synapse_of_the_file():
    synapse = Synapse().start()
    yield synapse
    synapse.close()


@pytest.fixture(scope="module")
def server_of_the_file(make_lasting_server, synapse_of_the_file):
    server = make_lasting_server(start=False, **synapse_of_the_file.options(patience="3s"))
    server.options |= install(server.directory)
    for service, users in (("irc", "@irc_.*"), ("mail", "@mail_.*")):
        synapse_of_the_file.services[Bridge(server, service).token] = users
    return server.start()


@pytest.fixture
def behind(server_of_the_file, synapse_of_the_file):
    """Both; after each test both are well."""
    synapse = synapse_of_the_file
    yield server_of_the_file, synapse
    synapse.failing, synapse.racing, synapse.delay = False, False, 0.0
    synapse.failing_routes.clear()
    synapse.refusals.clear()
    assert server_of_the_file.running
    server_of_the_file.check_log()


def new_account(server) -> tuple[str, str]:
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    return name, secret


def is_known(synapse, name: str) -> None:
    synapse.wait_for(lambda: name in synapse.users, f"{name} is known")


def assert_try_again(answer) -> None:
    assert_error(answer, 503, "M_UNKNOWN")
    assert int(answer.headers["Retry-After"]) > 0


# -- before a token is handed out


def test_every_way_of_signing_in_makes_the_device_first(behind):
    server, synapse = behind
    name, secret = new_account(server)
    phone = assert_good(server.api.login(name, secret, "PHONE"))
    assert synapse.devices(name) == {"PHONE"}

    unnamed = assert_good(server.api.login(name, secret))
    assert synapse.devices(name) == {"PHONE", unnamed["device_id"]}

    token = assert_good(server.api.login_token(phone["access_token"], name, secret))["login_token"]
    body = {"type": "m.login.token", "token": token, "device_id": "BYTOKEN"}
    assert_good(server.api.request("POST", f"{PREFIX}/login", json=body))
    assert "BYTOKEN" in synapse.devices(name)

    other = new_name()
    made = assert_good(server.api.register(other, device_id="FIRST"))
    assert (made["device_id"], synapse.devices(other)) == ("FIRST", {"FIRST"})


def test_oauth_clients_have_their_device_first(behind):
    server, synapse = behind
    person, device = new_person(server), new_device()
    sign_in(OAuthClient(server.api, client_name="An app"), person, device)
    assert synapse.users[person.name].devices == {device: "An app"}

    television = Television(server)
    begun = television.begin()
    person.decide(begun, "allow")
    assert_good(television.poll(begun))
    assert synapse.devices(person.name) == {device, television.device}


def test_signing_in_again_to_the_same_device_asks_once(behind):
    server, synapse = behind
    client = new_client(server.api)
    is_known(synapse, client.store.user)
    wait_until(lambda: server.engine.query("SELECT COUNT(*) FROM outbox") == "0", "all is told")
    before = len(synapse.calls)
    client.sign_in()
    assert synapse.routes(before) == ["upsert_device"]
    assert client.use() is State.SIGNED_IN


def test_a_user_whom_two_requests_make_at_once(behind):
    """A sign-in and the account's own delivery: Synapse refuses the second to come."""
    server, synapse = behind
    synapse.racing = True
    begin = server.log_size
    name, secret = new_account(server)
    is_known(synapse, name)
    wait_until(lambda: server.engine.query("SELECT COUNT(*) FROM outbox") == "0", "all is told")
    assert "is dropped" not in server.log(begin)
    del synapse.users[name]
    assert_good(server.api.login(name, secret, "PHONE"))
    assert synapse.devices(name) == {"PHONE"}


@pytest.mark.parametrize("trouble", ["stopped", "failing", "slow", "wrong secret"])
def test_while_it_does_not_answer_clients_are_told_to_try_again(behind, trouble):
    server, synapse = behind
    name, secret = new_account(server)
    before = assert_good(server.api.login(name, secret, "PHONE"))
    if trouble == "stopped":
        synapse.stop()
    elif trouble == "failing":
        synapse.failing = True
    elif trouble == "slow":
        synapse.delay = 4.0
    else:
        synapse.secret = "another secret than ours"
    try:
        assert_try_again(server.api.login(name, secret, "PHONE"))
        assert_try_again(server.api.login(name, secret, "NEW"))
        # What was there goes on.
        assert_good(server.api.whoami(before["access_token"]))
        assert_good(server.api.refresh(before["refresh_token"]))
        assert [each["device_id"] for each in server.sessions(name)] == ["PHONE"]
    finally:
        if trouble == "stopped":
            synapse.start()
        synapse.failing, synapse.delay = False, 0.0
        synapse.secret = server.options["introspection"]["secret"]
    # What was on its way to a slow one is waited for.
    after = assert_good(patiently(lambda: server.api.login(name, secret, "NEW"), 60))
    assert_good(server.api.whoami(after["access_token"]))
    assert synapse.devices(name) == {"PHONE", "NEW"}


def test_what_the_homeserver_never_takes_is_no_matter_of_patience(behind):
    """A client that retries a 503 would never come to an end."""
    server, synapse = behind
    name, secret = new_account(server)
    before = assert_good(server.api.login(name, secret, "PHONE"))
    person, app = new_person(server), OAuthClient(server.api)
    asked = app.ask(new_device())
    code = person.allow(asked)["code"]
    synapse.refusals["upsert_device"] = (400, "M_INVALID_PARAM")
    assert_error(server.api.login(name, secret, "ODD"), 400, "M_INVALID_PARAM")
    answer = app.exchange(asked, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert [each["device_id"] for each in server.sessions(name)] == ["PHONE"]
    assert_good(server.api.whoami(before["access_token"]))
    # What no Synapse says is of somebody between, who may go.
    synapse.refusals["upsert_device"] = (400, "")
    assert_try_again(server.api.login(name, secret, "ODD"))
    synapse.refusals.clear()
    after = assert_good(patiently(lambda: server.api.login(name, secret, "OTHER"), 60))
    assert_good(server.api.whoami(after["access_token"]))


def test_a_code_is_good_for_the_next_try(behind):
    server, synapse = behind
    person, app = new_person(server), OAuthClient(server.api)
    device = new_device()
    asked = app.ask(device)
    code = person.allow(asked)["code"]
    synapse.failing = True
    answer = app.exchange(asked, code)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    synapse.failing = False
    assert_good(patiently(lambda: app.exchange(asked, code), 60))
    assert device in synapse.devices(person.name)


def test_a_registration_goes_on_where_it_was(behind):
    """The same confirmation is good for the next try, and the name is not lost."""
    server, synapse = behind
    name = new_name()
    body = {"username": name, "password": password(), "device_id": "FIRST"}
    challenge = server.api.request("POST", f"{PREFIX}/register", json=body)
    auth = {"type": "m.login.dummy", "session": challenge.json()["session"]}
    synapse.failing_routes.add("upsert_device")
    assert_try_again(server.api.request("POST", f"{PREFIX}/register", json=body | {"auth": auth}))
    assert name in synapse.users
    synapse.failing_routes.clear()
    assert_good(server.api.request("POST", f"{PREFIX}/register", json=body | {"auth": auth}))
    assert "FIRST" in synapse.devices(name)


def test_what_came_to_nothing_is_taken_back(behind):
    server, synapse = behind
    name, secret = new_account(server)
    assert_good(server.api.login(name, secret, "PHONE"))
    held = synapse.hold("upsert_device")
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(server.api.login(name, secret, "STRAY"))
    )
    thread.start()
    wait_until(
        lambda: server.engine.query("SELECT COUNT(*) FROM homeserver_devices") == "1", "it is begun"
    )
    server.command("user", "lock", name)
    held.set()
    del synapse.held_routes["upsert_device"]
    thread.join()
    assert answers[0].status_code in (401, 503)
    synapse.wait_for(lambda: "STRAY" not in synapse.devices(name), "STRAY is taken back")
    assert "PHONE" in synapse.devices(name)


def test_tokens_are_good_at_once(behind):
    """The device is there when the token is, however fast it is used."""
    server, synapse = behind
    name, secret = new_account(server)
    faults = []

    def many(worker: int) -> None:
        for i in range(25):
            device = f"D{worker}X{i}"
            assert_good(server.api.login(name, secret, device))
            if device not in synapse.devices(name):
                faults.append(device)

    threads = [threading.Thread(target=many, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


# -- what is told afterwards


def test_a_logout_takes_the_device_away(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    assert device in synapse.devices(name)
    client.sign_out()
    synapse.wait_for(lambda: device not in synapse.devices(name), "the device goes")


def test_what_is_soft_takes_no_device_away(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    before = len(synapse.calls)
    server.command("user", "soft-logout", name)
    assert client.use() is State.SOFT
    client.sign_in()
    server.command("user", "lock", name)
    synapse.wait_for(lambda: synapse.users[name].locked, "the lock is told")
    server.command("user", "unlock", name)
    synapse.wait_for(lambda: not synapse.users[name].locked, "the unlocking is told")
    assert client.use() is State.SIGNED_IN
    assert device in synapse.devices(name)
    assert "delete_device" not in [
        call.route for call in synapse.calls[before:] if call.body.get("localpart") == name
    ]


def test_signing_out_and_in_again_at_once_keeps_the_new_device(behind):
    """The deletion of the device before must not arrive after the new one is live."""
    server, synapse = behind
    name, secret = new_account(server)
    for _ in range(20):
        tokens = assert_good(server.api.login(name, secret, "SAME"))
        assert "SAME" in synapse.devices(name)
        assert_good(server.api.logout(tokens["access_token"]))
    tokens = assert_good(server.api.login(name, secret, "SAME"))
    wait_until(lambda: server.engine.query("SELECT COUNT(*) FROM outbox") == "0", "all is told", 60)
    assert synapse.devices(name) == {"SAME"}
    assert_good(server.api.whoami(tokens["access_token"]))


def test_names_and_addresses_are_told(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    long_name = "Ä" * 120
    assert_good(server.api.rename_device(client.access, device, long_name))
    synapse.wait_for(
        lambda: synapse.users[name].devices[device] == "Ä" * 100, "the device's new name, cut"
    )
    server.command("user", "add-threepid", name, "email", f"{name}@example.com")
    synapse.wait_for(lambda: synapse.users[name].emails == {f"{name}@example.com"}, "the address")
    server.command("user", "remove-threepid", name, "email", f"{name}@example.com")
    synapse.wait_for(lambda: synapse.users[name].emails == set(), "no address")


def test_pages_say_what_others_see(behind):
    """Without a homeserver they promise none of it (test_account_pages.py)."""
    server, synapse = behind
    name, secret = new_account(server)
    assert_good(server.api.login(name, secret, "PHONE"))
    browser = Visitor(server.url)
    browser.open("/account/sign-in").submit(user=name, password=secret)
    profile = browser.open("/account/profile")
    assert "Name that others see" in profile.text
    assert "set in your app" not in profile.text
    profile.submit(name="Alice")
    synapse.wait_for(lambda: synapse.users[name].display_name == "Alice", "the name is told")
    assert "Others can see this name." in browser.open("/account/device", device_id="PHONE").text
    asks = browser.open("/account/deactivate")
    assert "will be hidden from people who join" in asks.text
    assert "neither hides nor deletes" not in asks.text
    asks.submit("1", confirm=f"@{name}:{SERVER_NAME}")
    synapse.wait_for(lambda: synapse.users[name].erased, "the erasure is told")


def test_a_deactivation_is_told_and_taken_back(behind):
    server, synapse = behind
    client = new_client(server.api)
    name = client.store.user
    assert_good(server.api.deactivate(client.access, name, client.store.password, erase=True))
    synapse.wait_for(lambda: synapse.users[name].erased, "the erasure")
    assert synapse.devices(name) == set()
    server.command("user", "reactivate", name)
    synapse.wait_for(lambda: not synapse.users[name].deactivated, "the reactivation")


def test_what_happens_while_it_is_away_is_told_when_it_is_back(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    is_known(synapse, name)
    synapse.stop()
    client.sign_out()
    server.command("user", "add-threepid", name, "email", f"{name}@example.com")
    synapse.start()
    synapse.wait_for(
        lambda: device not in synapse.devices(name) and synapse.users[name].emails, "both are told"
    )


def test_what_is_refused_for_ever_holds_nothing_up_and_is_shown(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    is_known(synapse, name)
    refused = server.command("outbox").get("refused", {}).get("homeserver", 0)
    synapse.refusals["provision_user"] = (400, "M_INVALID_USERNAME")
    server.command("user", "add-threepid", name, "email", f"{name}@example.com")
    client.sign_out()
    synapse.wait_for(lambda: device not in synapse.devices(name), "the device goes")
    assert server.command("outbox")["refused"] == {"homeserver": refused + 1}
    # A module's word is the last one, too; that an identity server is away is not.
    synapse.refusals["delete_user"] = (400, "M_UNKNOWN")
    before = len(synapse.calls)
    server.command("user", "deactivate", name)
    synapse.wait_for(lambda: synapse.routes(before).count("query_user") > 1, "it is tried again")
    assert server.command("outbox")["refused"] == {"homeserver": refused + 1}
    synapse.refusals["delete_user"] = (403, "M_FORBIDDEN")
    wait_until(
        lambda: server.engine.query("SELECT COUNT(*) FROM outbox") == "0", "nothing waits", 60
    )
    assert server.command("outbox")["refused"]["homeserver"] > refused + 1


def test_a_suspension_is_told_by_an_administrators_token_of_our_own(behind):
    server, synapse = behind
    synapse.latchkey = server
    client = new_client(server.api)
    name = client.store.user
    server.command("user", "suspend", name)
    synapse.wait_for(lambda: synapse.users[name].suspended, "the suspension")
    server.command("user", "unsuspend", name)
    synapse.wait_for(lambda: not synapse.users[name].suspended, "its end")
    assert_error(server.api.register("latchkey"), 400, "M_USER_IN_USE")
    assert client.store.device in synapse.devices(name)


def test_suspensions_that_cannot_be_told_hold_nothing_else_up(behind):
    server, synapse = behind
    synapse.latchkey = server
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    synapse.failing_routes.add("suspend")
    server.command("user", "suspend", name)
    client.sign_out()
    synapse.wait_for(lambda: device not in synapse.devices(name), "the device goes")
    assert not synapse.users[name].suspended
    synapse.failing_routes.clear()
    synapse.wait_for(lambda: synapse.users[name].suspended, "the suspension")


def test_a_person_lets_their_encryption_identity_be_reset(behind):
    server, synapse = behind
    metadata = assert_good(server.api.request("GET", "/.well-known/openid-configuration"))
    assert "org.matrix.cross_signing_reset" in metadata["account_management_actions_supported"]
    assert "?" not in metadata["account_management_uri"]

    person = new_person(server)
    page = person.open("/account/", action="org.matrix.cross_signing_reset")
    assert "Reset your encryption identity" in page.text
    is_known(synapse, person.name)
    assert synapse.users[person.name].resets == 0, "a link alone does nothing"
    done = page.submit(form=page.form_with("csrf"))
    assert (done.status, synapse.users[person.name].resets) == (200, 1), done.text
    assert "within ten minutes" in done.text

    synapse.failing_routes.add("allow_cross_signing_reset")
    page = person.open("/account/cross-signing-reset")
    assert page.submit(form=page.form_with("csrf")).status == 503


def test_drift_is_shown_first_and_repaired_when_told(behind):
    server, synapse = behind
    client = new_client(server.api)
    name, device = client.store.user, client.store.device
    gone = assert_good(server.api.login(name, client.store.password, "GONE"))
    assert_good(server.api.logout(gone["access_token"]))
    wait_until(lambda: server.engine.query("SELECT COUNT(*) FROM outbox") == "0", "all is told", 60)
    assert server.command("homeserver", "sync", name)["differences"] == []

    del synapse.users[name]
    seen = server.command("homeserver", "sync", f"@{name}:example.com")
    assert seen["differences"] == [{"user": name, "difference": "is not known there"}]
    assert (seen["applied"], seen["devices"], seen["deleted_devices"]) == (False, 1, 1)
    assert name not in synapse.users

    server.command("homeserver", "sync", name, "--apply")
    synapse.wait_for(lambda: synapse.devices(name) == {device}, "user and device are back")
    synapse.users[name].deactivated = True
    synapse.users[name].devices["GONE"] = None
    synapse.users[name].devices["OTHERS"] = None  # an application service's own
    assert [
        each["difference"] for each in server.command("homeserver", "sync", name)["differences"]
    ] == ["is deactivated there and not here"]
    server.command("homeserver", "sync", name, "--apply")
    synapse.wait_for(lambda: synapse.devices(name) == {device, "OTHERS"}, "GONE is gone")
    synapse.wait_for(lambda: not synapse.users[name].deactivated, "and the user active")
    with pytest.raises(CommandFailed, match="no user"):
        server.command("homeserver", "sync", "nobody")


# -- names


def test_names_that_the_homeserver_has_are_taken(behind):
    server, synapse = behind
    name = new_name()
    available = f"{PREFIX}/register/available"

    def ask(username: str):
        return server.api.request("GET", available, params={"username": username})

    assert_good(ask(name))
    synapse.users[name] = User(name)
    assert_error(ask(name), 400, "M_USER_IN_USE")
    assert_error(server.api.register(name), 400, "M_USER_IN_USE")
    assert_error(ask("123"), 400, "M_INVALID_USERNAME")
    synapse.services["another"] = "@hidden_.*"
    assert_error(ask("hidden_one"), 400, "M_EXCLUSIVE")
    synapse.failing = True
    assert_try_again(ask(new_name()))
    assert_try_again(server.api.register(new_name()))


# -- application services


def test_services_register_and_sign_in_where_synapse_lets_only_them(behind):
    server, synapse = behind
    irc = Bridge(server, "irc")
    synapse.wait_for(lambda: "irc_bot" in synapse.users, "the service's own user")
    ghost = irc.new_user()
    assert ghost in synapse.users
    tokens = assert_good(irc.login(ghost, "GHOST"))
    assert synapse.devices(ghost) == {"GHOST"}
    assert_good(server.api.whoami(tokens["access_token"]))
    # MSC4190: the service uses it at the homeserver as soon as it has the answer.
    assert irc.put_device(ghost, "MADE", "Made by the bridge").status_code == 201
    assert synapse.users[ghost].devices["MADE"] == "Made by the bridge"
    assert irc.delete_device(ghost, "MADE").status_code == 200
    synapse.wait_for(lambda: "MADE" not in synapse.devices(ghost), "the device goes")


def test_a_ghost_that_synapse_has_already_is_the_services_own(behind):
    server, synapse = behind
    irc, name = Bridge(server, "irc"), f"irc_{new_name()}"
    synapse.users[name] = User(name)
    assert_good(irc.register(name))
    assert_good(irc.login(name, "GHOST"))
    assert synapse.devices(name) == {"GHOST"}


# -- crashes


def test_nothing_is_lost_when_the_server_is_killed(make_sqlite_server):
    """kill -9 between the commit and the delivery, and between the device and its session."""
    synapse = Synapse().start()
    server = make_sqlite_server(**synapse.options())
    try:
        name, secret = new_account(server)
        for i in range(6):
            kept, gone, stray = f"KEPT{i}", f"GONE{i}", f"STRAY{i}"
            assert_good(server.api.login(name, secret, kept))
            tokens = assert_good(server.api.login(name, secret, gone))
            held = synapse.hold("delete_device")
            assert_good(server.api.logout(tokens["access_token"]))
            before = len(synapse.calls)
            if i % 2:
                synapse.held.clear()
                synapse.hold("upsert_device")
                begun = threading.Thread(target=_login_in_vain, args=(server, name, secret, stray))
                begun.start()
                synapse.wait_for(lambda: "upsert_device" in synapse.held, "it is on its way")
                server.kill()
                # It arrives all the same.
                synapse.held_routes.pop("upsert_device").set()
                begun.join()
                synapse.wait_for(lambda device=stray: device in synapse.devices(name), "it arrives")
            else:
                server.kill()
            assert "delete_device" not in synapse.routes(before)
            held.set()
            del synapse.held_routes["delete_device"]
            server.start()
            synapse.wait_for(
                lambda devices=(gone, stray): not set(devices) & synapse.devices(name),
                "what has gone here goes there",
            )
            assert kept in synapse.devices(name)
        here = {each["device_id"] for each in server.sessions(name) if each["standing"] == "active"}
        assert here == synapse.devices(name)
    finally:
        server.close()
        synapse.close()


def _login_in_vain(server, name: str, secret: str, device: str) -> None:
    api = Api(server.url)
    try:
        api.login(name, secret, device)
    except Silence:
        pass
    finally:
        api.close()


# --- capabilities


def capabilities(server, token: str) -> dict:
    answer = server.api.request("GET", f"{PREFIX}/capabilities", token=token)
    return assert_good(answer)["capabilities"]


def test_clients_are_offered_what_is_done_here_and_what_the_homeserver_can_do(behind):
    server, synapse = behind
    client = new_client(server.api)
    for _ in range(2):
        said = capabilities(server, client.access)
        assert said["m.room_versions"] == {"default": "11", "available": {"11": "stable"}}
        assert said["m.set_displayname"] == {"enabled": True}
        assert said["m.change_password"] == said["m.get_login_token"] == {"enabled": True}
        assert said["m.3pid_changes"] == {"enabled": False}
        assert "m.account_moderation" not in said
        assert said["org.example"] == f"Bearer {client.access}"
    assert (
        len(
            [
                call
                for call in synapse.calls
                if call.route == "capabilities" and call.body["token"] == f"Bearer {client.access}"
            ]
        )
        == 1
    )


def test_a_bridge_asks_for_what_its_user_can_do(behind):
    server, synapse = behind
    irc = Bridge(server, "irc")
    said = capabilities(server, irc.token)
    assert said["m.room_versions"]["default"] == "11"
    assert said["m.get_login_token"] == {"enabled": False}
    asked = [call.body for call in synapse.calls if call.route == "capabilities"][-1]
    assert asked == {"token": f"Bearer {irc.token}", "user_id": irc.sender}


def test_nobody_is_signed_out_because_the_homeserver_does_not_know_a_token_yet(behind):
    """Synapse keeps a refusal for two minutes."""
    server, synapse = behind
    capabilities(server, new_client(server.api).access)
    synapse.refusing_tokens = True
    try:
        said = capabilities(server, new_client(server.api).access)
    finally:
        synapse.refusing_tokens = False
    assert said["m.room_versions"]["default"] == "11"
    assert said["m.change_password"] == {"enabled": True}
