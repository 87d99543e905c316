"""A Synapse that asks nobody about tokens: nginx shows it the token of an application service, in
the name of the user and the device, as docs/operating/other-homeservers.md has it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
import yaml

from e2e.synapse.conftest import SYNC, V3, Person
from edge.proxies.nginx import TranslatingNginx
from edge.proxies.proxy import PAGE, blocks
from support.answers import assert_error, assert_good, assert_hard, assert_soft
from support.api import Api, new_name
from support.engines import Sqlite
from support.ports import free_port
from support.secrets import password
from support.server import SERVER_NAME, Server
from support.synapse_server import Synapse

DOCS = PAGE.parents[1] / "operating/other-homeservers.md"


@dataclass
class Translated:
    """What `Person` needs of a deployment. Synapse is not told of anybody: the operator does it."""

    latchkey: Server
    synapse: Synapse
    api: Api
    http: httpx.Client

    def ask(self, token: str, path: str = SYNC, method: str = "GET", **how) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, path, headers=headers, **how)

    def person(self, device: str = "PHONE") -> Person:
        person = Person(self, new_name(), password())
        person.took(assert_good(self.api.register(person.name, person.secret, device_id=device)))
        made = {
            "type": "m.login.application_service",
            "username": person.name,
            "inhibit_login": True,
        }
        status, said = self.synapse.ask("POST", f"{V3}/register", "AS_TOKEN", made)
        assert status == 200, said
        self.make_device(person, device)
        return person

    def make_device(self, person: Person, device: str) -> None:
        path = f"{V3}/devices/{device}?user_id={quote(person.user_id)}"
        status, said = self.synapse.ask("PUT", path, "AS_TOKEN", {"display_name": device})
        assert status in (200, 201), said


@pytest.fixture(scope="module")
def translated(binary, tmp_path_factory) -> Iterator[Translated]:
    directory = tmp_path_factory.mktemp("translated")
    with ExitStack() as stack:
        latchkey = Server(
            directory,
            Sqlite(directory),
            {
                "http": {"trusted_proxies": ["127.0.0.1"]},
                "edge": {"translate": "application_service"},
            },
        )
        stack.callback(latchkey.close)
        synapse = Synapse(directory / "synapse", free_port(), "", "a secret of its own")
        del synapse.options["matrix_authentication_service"]
        (registration,) = blocks("yaml", DOCS)
        (directory / "service.yaml").write_text(registration)
        assert yaml.safe_load(registration)["as_token"] == "AS_TOKEN"
        synapse.options["app_service_config_files"] = [str(directory / "service.yaml")]
        stack.callback(synapse.stop)
        synapse.spawn()
        proxy = stack.enter_context(
            closing(TranslatingNginx(directory, latchkey.port, synapse.port))
        )
        latchkey.options["public_url"] = proxy.url + "/"
        latchkey.start()
        synapse.wait()
        api = stack.enter_context(closing(Api(proxy.url, timeout=60)))
        http = stack.enter_context(httpx.Client(base_url=proxy.url, trust_env=False, timeout=60))
        yield Translated(latchkey, synapse, api, http)


@pytest.fixture
def people(translated) -> tuple[Person, Person]:
    return translated.person(), translated.person()


def test_people_talk_with_encryption_as_themselves(translated, people):
    """Rooms, keys and messages to devices: all that names the user and the device."""
    alice, bob = people
    for person in people:
        person.publish_keys("PHONE")
        assert person.devices_with_keys() == {"PHONE"}
    made = {"invite": [bob.user_id], "preset": "private_chat"}
    room = assert_good(
        translated.ask(alice.tokens["PHONE"], f"{V3}/createRoom", "POST", json=made)
    )["room_id"]
    path = f"{V3}/rooms/{quote(room)}"
    assert_good(translated.ask(bob.tokens["PHONE"], f"{path}/join", "POST", json={}))
    sent = translated.ask(
        bob.tokens["PHONE"], f"{path}/send/m.room.message/1", "PUT",
        json={"msgtype": "m.text", "body": "Hello"},
    )  # fmt: skip
    assert_good(sent)
    keys = translated.ask(
        alice.tokens["PHONE"], f"{V3}/keys/query", "POST", json={"device_keys": {bob.user_id: []}}
    )
    assert set(assert_good(keys)["device_keys"][bob.user_id]) == {"PHONE"}
    to_device = {"messages": {bob.user_id: {"PHONE": {"secret": "for one device"}}}}
    assert_good(
        translated.ask(alice.tokens["PHONE"], f"{V3}/sendToDevice/m.x/1", "PUT", json=to_device)
    )
    heard = assert_good(translated.ask(bob.tokens["PHONE"]))
    (event,) = heard["to_device"]["events"]
    assert event["sender"] == alice.user_id
    assert json.dumps(heard).count('"body": "Hello"') == 1
    timeline = assert_good(translated.ask(alice.tokens["PHONE"]))["rooms"]["join"][room]["timeline"]
    assert [e["sender"] for e in timeline["events"] if e["type"] == "m.room.message"] == [
        bob.user_id
    ]


def test_a_session_that_ended_softly_keeps_device_and_keys(translated, people):
    alice, _ = people
    alice.publish_keys("PHONE")
    token = alice.tokens["PHONE"]
    translated.latchkey.command("user", "soft-logout", alice.name)
    assert_soft(translated.ask(token))
    assert alice.devices_with_keys() == {"PHONE"}
    assert_good(translated.ask(alice.sign_in("PHONE")))
    assert_good(translated.api.logout(alice.tokens["PHONE"]))
    assert_hard(translated.ask(alice.tokens["PHONE"]))


def test_nobody_is_somebody_else(translated, people):
    alice, bob = people
    for query in (f"?user_id={quote(bob.user_id)}", f"?user%5Fid={bob.user_id}&device_id=TV"):
        answer = translated.ask(alice.tokens["PHONE"], f"{V3}/joined_rooms{query}")
        assert_good(answer)
    path = f"{V3}/profile/{quote(bob.user_id)}/displayname?user_id={quote(bob.user_id)}"
    changed = translated.ask(alice.tokens["PHONE"], path, "PUT", json={"displayname": "Mine"})
    assert_error(changed, 400, "M_FORBIDDEN")


def test_a_device_that_synapse_does_not_know_is_no_end(translated, people):
    """What such a homeserver cannot do: it is told of no device, and the operator has to."""
    alice, _ = people
    token = alice.sign_in("LAPTOP")
    assert_error(translated.ask(token), 400, "M_UNKNOWN_DEVICE")
    translated.make_device(alice, "LAPTOP")
    assert_good(translated.ask(token))


def test_a_token_of_the_services_own_is_nobodys(translated):
    """Whoever guesses the name of the header gets nothing by it."""
    headers = {"X-Matrix-Target": f"{SYNC}&user_id=@a:{SERVER_NAME}"}
    answer = translated.http.get(SYNC, headers=headers)
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_MISSING_TOKEN")
