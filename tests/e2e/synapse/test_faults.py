"""Synapse away, slow, with another secret or restarted, and Latchkey killed: what was asked for
still happens there, and nothing is half made."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from e2e.synapse.conftest import SYNC
from support.answers import assert_good, assert_hard
from support.polling import patiently
from support.server import Server
from support.thorough import THOROUGH

KILLS = 25 if THOROUGH else 3


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def alice(deployment):
    person = deployment.person("PHONE", refresh=False)
    for device in ("LAPTOP", "TABLET"):
        person.sign_in(device)
    for device in ("PHONE", "LAPTOP", "TABLET"):
        person.publish_keys(device)
    return person


def assert_to_be_tried_again(answer) -> None:
    assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json().get("soft_logout") is None


def test_synapse_is_stopped_and_comes_back(deployment, alice):
    deployment.synapse.stop()
    # The session ends all the same, and a sign-in has to wait.
    assert_good(deployment.api.logout(alice.tokens["LAPTOP"]))
    assert_to_be_tried_again(deployment.api.login(alice.name, alice.secret, "NEW"))
    assert_to_be_tried_again(deployment.ask(alice.tokens["PHONE"]))
    assert alice.devices() == {"PHONE", "LAPTOP", "TABLET"}
    deployment.synapse.start()
    assert_good(patiently(lambda: deployment.api.login(alice.name, alice.secret, "NEW"), 60))
    deployment.wait(lambda: alice.devices() == {"PHONE", "TABLET", "NEW"}, "the deletion")
    assert_good(deployment.ask(alice.tokens["PHONE"]))


def test_synapse_is_restarted_in_the_middle_of_many_changes(deployment, alice):
    for number in range(10):
        alice.sign_in(f"D{number}")
        if number == 4:
            deployment.synapse.stop()
            deployment.synapse.spawn()
            deployment.synapse.wait()
    deployment.synapse.stop()
    for number in range(0, 10, 2):
        assert_good(deployment.api.logout(alice.tokens[f"D{number}"]))
    deployment.synapse.start()
    kept = {"PHONE", "LAPTOP", "TABLET"} | {f"D{number}" for number in range(1, 10, 2)}
    deployment.wait(lambda: alice.devices() == kept, "every deletion")


def test_synapse_is_slow(deployment, alice, pool):
    """It takes connections and says nothing. A sign-in is not answered before it has."""
    deployment.synapse.pause()
    try:
        assert_good(deployment.api.logout(alice.tokens["TABLET"]))
        signing_in = pool.submit(deployment.api.login, alice.name, alice.secret, "NEW")
        assert_hard(deployment.ask(alice.tokens["TABLET"]))
    finally:
        deployment.synapse.resume()
    answer = signing_in.result()
    if answer.status_code == 503:
        assert_to_be_tried_again(answer)
        answer = patiently(lambda: deployment.api.login(alice.name, alice.secret, "NEW"), 60)
    token = assert_good(answer)["access_token"]
    assert_good(deployment.ask(token))
    deployment.wait(lambda: alice.devices() == {"PHONE", "LAPTOP", "NEW"}, "the deletion")


def test_synapse_has_another_secret(deployment, alice):
    options = deployment.synapse.options["matrix_authentication_service"]
    options["secret"] += "x"
    deployment.synapse.restart()
    try:
        assert_to_be_tried_again(deployment.api.login(alice.name, alice.secret, "NEW"))
        assert_good(deployment.api.logout(alice.tokens["LAPTOP"]))
        assert_hard(deployment.ask(alice.tokens["LAPTOP"]))
        # Of the good token: a transient error, nobody is signed out.
        assert deployment.ask(alice.tokens["PHONE"], SYNC).status_code == 503
    finally:
        options["secret"] = deployment.synapse.secret
        deployment.synapse.restart()
    deployment.wait(lambda: alice.devices() == {"PHONE", "TABLET"}, "the deletion")
    assert_good(patiently(lambda: deployment.api.login(alice.name, alice.secret, "NEW"), 60))


def test_latchkey_is_killed_between_a_commit_and_what_follows_from_it(deployment, alice):
    latchkey: Server = deployment.latchkey
    for number in range(KILLS):
        device = f"K{number}"
        alice.sign_in(device)
        deployment.synapse.pause()  # nothing is delivered
        try:
            assert_good(deployment.api.logout(alice.tokens[device]))
            latchkey.kill()
        finally:
            deployment.synapse.resume()
        latchkey.start()
        kept = {"PHONE", "LAPTOP", "TABLET"}
        deployment.wait(lambda: alice.devices() == kept, "the deletion after the kill")


def test_latchkey_is_killed_while_it_makes_a_device(deployment, alice, pool):
    latchkey: Server = deployment.latchkey
    for number in range(KILLS):
        device = f"H{number}"
        deployment.synapse.pause()
        try:
            signing_in = pool.submit(deployment.api.login, alice.name, alice.secret, device)
            begun = "SELECT count(*) FROM homeserver_devices"
            deployment.wait(lambda: latchkey.engine.query(begun) != "0", "the sign-in to wait")
            latchkey.kill()
        finally:
            deployment.synapse.resume()
        assert_nobody_is_in(signing_in)
        latchkey.start()
        assert_good(patiently(lambda: deployment.api.login(alice.name, alice.secret, device), 60))
        assert device in alice.devices()
        begun_still = "SELECT count(*) FROM homeserver_devices"
        deployment.wait(lambda: latchkey.engine.query(begun_still) == "0", "what was left over")


def assert_nobody_is_in(signing_in: Future[httpx.Response]) -> None:
    fault = signing_in.exception(timeout=60)
    if fault is None:
        assert_to_be_tried_again(signing_in.result())
