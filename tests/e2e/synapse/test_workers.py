"""A Synapse of several processes, and nginx leading each request to another one: the edge is right
whichever answers. Each keeps its own answers about tokens, and hears of users and devices late."""

import itertools
from collections.abc import Iterator

import pytest

from e2e.synapse.conftest import SYNC, Deployment, deploy
from edge.proxies import Nginx
from support.answers import assert_good, assert_hard, assert_locked, assert_soft
from support.synapse_workers import SynapseWithWorkers
from support.thorough import THOROUGH

pytestmark = pytest.mark.skipif(not THOROUGH, reason="needs redis: ./dev test thorough has it")
TIMES = 9  # each of three, several times


@pytest.fixture(scope="module")
def several(binary, tmp_path_factory) -> Iterator[Deployment]:
    yield from deploy(tmp_path_factory.mktemp("workers"), Nginx, synapse_kind=SynapseWithWorkers)


@pytest.fixture
def deployment(several) -> Iterator[Deployment]:
    yield several
    assert several.synapse.all_running, several.synapse.log()[-4000:]
    several.latchkey.check_log()


def everywhere(deployment, token: str, assert_it=assert_good) -> None:
    """nginx takes them in turn."""
    for _ in range(TIMES):
        assert_it(deployment.ask(token))


def by_themselves(deployment, token: str) -> list[int]:
    synapse = deployment.synapse
    return [synapse.ask("GET", SYNC, token, port=port)[0] for port in synapse.ports]


@pytest.fixture
def known(deployment):
    """A token that each process has in its cache."""
    person = deployment.person(refresh=False)
    token = person.tokens["PHONE"]
    person.publish_keys("PHONE")
    everywhere(deployment, token)
    assert by_themselves(deployment, token) == [200] * 3
    return person, token


def test_it_is_led_to_all_of_them(deployment, known):
    person, _ = known
    lines = [line for line in deployment.synapse.log().splitlines() if person.user_id in line]
    for port in deployment.synapse.ports:
        # Once of by_themselves().
        assert sum(f"access.http.{port}" in line for line in lines) > 1


def test_ended_softly_and_signed_in_again(deployment, known):
    person, token = known
    deployment.latchkey.command("user", "soft-logout", person.name)
    everywhere(deployment, token, assert_soft)
    assert by_themselves(deployment, token) == [200] * 3
    everywhere(deployment, person.sign_in("PHONE"))
    everywhere(deployment, token, assert_soft)
    assert person.devices_with_keys() == {"PHONE"}


def test_locked_and_unlocked(deployment, known):
    person, token = known
    deployment.latchkey.command("user", "lock", person.name)
    everywhere(deployment, token, assert_locked)
    deployment.latchkey.command("user", "unlock", person.name)
    everywhere(deployment, token)


def test_signed_out_and_signed_in_to_the_same_device(deployment, known):
    person, token = known
    assert_good(deployment.api.logout(token))
    everywhere(deployment, token, assert_hard)
    deployment.wait(lambda: not person.devices(), "the deletion of the device")
    everywhere(deployment, person.sign_in("PHONE"))
    everywhere(deployment, token, assert_hard)


def test_a_token_is_good_at_each_in_the_moment_it_is_had(deployment):
    """A new user, a new device and one that is made again, whoever is next."""
    for number in range(40):
        person = deployment.person(refresh=False)
        assert_good(deployment.ask(person.tokens["PHONE"]))
        for device in (f"D{number}", "PHONE"):
            assert_good(deployment.ask(person.sign_in(device)))


def test_whom_one_process_has_not_found(deployment):
    """It keeps that there was no such device, and has to hear of the new one in time."""
    person = deployment.person(refresh=False)
    ports = itertools.cycle(deployment.synapse.ports)
    for _ in range(TIMES):
        token = person.sign_in("TV")
        assert_good(deployment.ask(token))
        assert_good(deployment.api.logout(token))
        deployment.wait(lambda: "TV" not in person.devices(), "the deletion of the device")
        # Past the edge, as one whose request was under way.
        assert deployment.synapse.ask("GET", SYNC, token, port=next(ports))[0] == 401
        new = person.sign_in("TV")
        for _ in range(3):
            assert_good(deployment.ask(new))
