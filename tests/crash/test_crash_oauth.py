"""kill -9 at random moments, while people sign in through the browser and use the OAuth 2.0 API.

The same promises as in test_crash.py. What else was answered holds as well: a client that was
registered is known, a browser that was signed out stays out, a code that was approved is good.
"""

import json
import random

import pytest

from crash.at_work import SESSIONS, check_facts, check_for_good, crash_of, people_at_work, total
from crash.oauth_person import OAuthPerson
from support.answers import assert_good, assert_hard
from support.api import Api, Silence, new_name
from support.lossy_proxy import Fate, LossyProxy
from support.oauth import DeviceClient, Person, new_device, sign_in
from support.secrets import password
from support.thorough import THOROUGH

PEOPLE = 10
CRASHES = 60 if THOROUGH else 30


def ten_people(url: str, seed: str) -> list[OAuthPerson]:
    return [OAuthPerson(url, f"{seed}-{i}") for i in range(PEOPLE)]


def test_crashes_of_the_server(make_sqlite_server, seed):
    server = make_sqlite_server(sessions=SESSIONS)
    people = ten_people(server.url, seed)
    chance = random.Random(seed)
    with people_at_work(people, chance, CRASHES, crash_of([server] * CRASHES, chance), longest=0.8):
        enough = {"refreshed": 50, "refreshed_again": 5, "by_code": 10, "by_device": 10}
        enough |= {"ended": 10, "browsers_out": 5, "old_passwords": 2, "registered": 10}
        for fact, least in enough.items():
            assert total(people, fact) >= least, f"the clients hardly worked: {fact}"
        check_for_good(server, people)


def test_crashes_on_postgresql(make_fragile_server, own_postgres, seed):
    """The server six times, PostgreSQL itself three times."""
    server = make_fragile_server(sessions=SESSIONS)
    people = ten_people(server.url, seed)
    chance = random.Random(seed)
    victims = [server] * 6 + [own_postgres] * 3
    with people_at_work(people, chance, len(victims), crash_of(victims, chance)):
        assert total(people, "refreshed") > 10
        check_facts(server, people)


@pytest.fixture(params=["code", "device"])
def signed_in(make_server, request):
    """(server, proxy, client, tokens): a session of either grant, and a network that loses."""
    server = make_server()
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    person = Person(server.url, name, secret)
    with LossyProxy(server.port) as proxy:
        api = Api(proxy.url, keep_alive=False)
        client = DeviceClient(api)
        if request.param == "code":
            tokens = sign_in(client, person)
        else:
            begun = assert_good(client.begin(new_device()))
            assert person.decide(begun, "allow").status == 200
            tokens = taken_by_the_kill(server, proxy, lambda: client.poll(begun))
            assert pair(assert_good(client.poll(begun))) == pair(tokens)
        yield server, proxy, client, tokens
        api.close()


def pair(tokens: dict) -> tuple[str, str]:
    return tokens["access_token"], tokens["refresh_token"]


def taken_by_the_kill(server, proxy, ask) -> dict:
    """The server has answered 200, and is killed before anybody hears of it; its answer."""
    proxy.lose(Fate.LOSE_REPLY, "")
    with pytest.raises(Silence):
        ask()
    server.kill()
    server.start()
    status, body = proxy.lost_answers.pop()
    assert status == 200, body
    return json.loads(body or "{}")


def test_the_kill_takes_the_reply_to_a_refresh(signed_in):
    server, proxy, client, tokens = signed_in
    for _ in range(3):
        shown = tokens["refresh_token"]
        lost = taken_by_the_kill(server, proxy, lambda old=shown: client.refresh(old))
        tokens = assert_good(client.refresh(shown))
        assert pair(tokens) == pair(lost)
        assert_good(client.api.whoami(tokens["access_token"]))
    assert_good(client.refresh(tokens["refresh_token"]))


def test_the_kill_takes_the_reply_to_a_revocation(signed_in):
    server, proxy, client, tokens = signed_in
    taken_by_the_kill(server, proxy, lambda: client.revoke(tokens["refresh_token"]))
    assert_hard(client.api.whoami(tokens["access_token"]))
    refused = client.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
