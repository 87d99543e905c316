"""What Synapse has of people, devices, keys and pushers after each thing that they or an operator
do at Latchkey."""

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_soft
from support.browser import Visitor
from support.secrets import password

DEVICES = ("PHONE", "LAPTOP", "TABLET")
ALL = set(DEVICES)


@pytest.fixture
def alice(deployment):
    """With three devices, each with keys and a pusher."""
    person = deployment.person("PHONE", refresh=False)
    for device in DEVICES:
        if device != "PHONE":
            person.sign_in(device)
        person.publish_keys(device)
        person.set_pusher(device)
    person.settled(ALL)
    return person


def test_a_new_device_has_its_name_there(deployment, alice):
    answer = deployment.api.login(
        alice.name, alice.secret, "TV", initial_device_display_name="Living room"
    )
    assert_good(answer)
    assert deployment.synapse.devices(alice.user_id)["TV"] == "Living room"
    assert_good(deployment.api.rename_device(alice.tokens["PHONE"], "TV", "Bedroom"))
    deployment.wait(
        lambda: deployment.synapse.devices(alice.user_id)["TV"] == "Bedroom", "the new name"
    )


def test_logout(deployment, alice):
    assert_good(deployment.api.logout(alice.tokens["PHONE"]))
    assert_hard(deployment.ask(alice.tokens["PHONE"]))
    alice.settled(ALL - {"PHONE"})
    assert_good(deployment.ask(alice.tokens["LAPTOP"]))


def test_logout_of_every_device(deployment, alice):
    assert_good(deployment.api.logout_all(alice.tokens["PHONE"]))
    alice.settled(set())


def test_another_device_is_deleted(deployment, alice):
    assert_good(
        deployment.api.delete_device(alice.tokens["PHONE"], "TABLET", alice.name, alice.secret)
    )
    assert_hard(deployment.ask(alice.tokens["TABLET"]))
    alice.settled(ALL - {"TABLET"})


def test_another_device_is_deleted_on_the_account_page(deployment, alice):
    browser = Visitor(deployment.url)
    browser.open("/account/sign-in").submit(user=alice.name, password=alice.secret)
    page = browser.open("/account/device/delete", device_id="TABLET")
    assert "signed out and deleted" in page.submit().text
    assert_hard(deployment.ask(alice.tokens["TABLET"]))
    alice.settled(ALL - {"TABLET"})


@pytest.mark.parametrize(("logout_devices", "left"), [(True, {"PHONE"}), (False, ALL)])
def test_a_new_password(deployment, alice, logout_devices, left):
    new = password()
    answer = deployment.api.change_password(
        alice.tokens["PHONE"], alice.name, alice.secret, new, logout_devices=logout_devices
    )
    assert_good(answer)
    for device, token in alice.tokens.items():
        if device in left:
            assert_good(deployment.ask(token))
        else:
            assert_hard(deployment.ask(token))
    alice.settled(left)


def test_deactivation_with_erasure(deployment, alice):
    token = alice.tokens["PHONE"]
    assert_good(deployment.api.deactivate(token, alice.name, alice.secret, erase=True))
    assert_hard(deployment.ask(token))
    deployment.wait(
        lambda: deployment.synapse.query_user(alice.name)["is_deactivated"], "the deactivation"
    )
    alice.settled(set())
    erased = "SELECT 1 FROM erased_users WHERE user_id = ?"
    deployment.wait(lambda: deployment.synapse.rows(erased, alice.user_id), "the erasure")


def test_reactivation(deployment, alice):
    deployment.latchkey.command("user", "deactivate", alice.name)
    deployment.wait(
        lambda: deployment.synapse.query_user(alice.name)["is_deactivated"], "the deactivation"
    )
    deployment.latchkey.command("user", "reactivate", alice.name)
    alice.secret = password()
    deployment.latchkey.command(
        "user", "set-password", alice.name, "--password-stdin", stdin=alice.secret + "\n"
    )
    deployment.wait(
        lambda: not deployment.synapse.query_user(alice.name)["is_deactivated"], "the reactivation"
    )
    assert_good(deployment.ask(alice.sign_in("PHONE")))


def test_lock_and_unlock_keep_every_device(deployment, alice):
    deployment.latchkey.command("user", "lock", alice.name)
    for token in alice.tokens.values():
        assert_locked(deployment.ask(token))
    locked = "SELECT locked FROM users WHERE name = ?"
    deployment.wait(lambda: deployment.synapse.rows(locked, alice.user_id)[0][0], "the lock")
    alice.settled(ALL)
    deployment.latchkey.command("user", "unlock", alice.name)
    deployment.wait(lambda: not deployment.synapse.rows(locked, alice.user_id)[0][0], "the unlock")
    alice.settled(ALL)
    # Synapse may have kept the bad answer for one of them, had it been asked: it was not.
    for token in alice.tokens.values():
        assert_good(deployment.ask(token))


def test_a_soft_logout_and_a_new_login_keep_every_device(deployment, alice):
    deployment.latchkey.command("user", "soft-logout", alice.name)
    for token in alice.tokens.values():
        assert_soft(deployment.ask(token))
    alice.settled(ALL)
    for device in DEVICES:
        assert_good(deployment.ask(alice.sign_in(device)))
    alice.settled(ALL)


def test_suspension(deployment, alice):
    token = alice.tokens["PHONE"]
    made = deployment.ask(token, "/_matrix/client/v3/createRoom", "POST", json={})
    room = f"/_matrix/client/v3/rooms/{assert_good(made)['room_id']}"

    def send():
        message = {"msgtype": "m.text", "body": "Hello"}
        return deployment.ask(token, f"{room}/send/m.room.message/one", "PUT", json=message)

    deployment.latchkey.command("user", "suspend", alice.name)
    deployment.wait(
        lambda: deployment.synapse.query_user(alice.name)["is_suspended"], "the suspension"
    )
    assert_good(deployment.ask(token))
    assert_error(send(), 403, "M_USER_SUSPENDED")
    deployment.latchkey.command("user", "unsuspend", alice.name)
    deployment.wait(
        lambda: not deployment.synapse.query_user(alice.name)["is_suspended"], "the end of it"
    )
    assert_good(send())
    alice.settled(ALL)


def test_a_name_that_synapse_has_cannot_be_registered(deployment):
    """Made behind Latchkey's back."""
    taken = "somebody.elses"
    said = deployment.synapse.ask(
        "POST", "/_synapse/mas/provision_user", deployment.synapse.secret, {"localpart": taken}
    )
    assert said[0] == 201, said
    answer = deployment.api.register(taken, password())
    assert answer.status_code == 400, answer.text
    assert answer.json()["errcode"] == "M_USER_IN_USE"
