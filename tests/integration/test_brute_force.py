"""Guessing passwords, from one address and from many; and that it locks no owner out."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX, new_name
from support.secrets import password

# Small numbers of their own, so that a test does not have to fill the defaults. Intervals so long
# that nothing comes back while it runs.
LIMITS = {
    "enabled": True,
    "failures": 12,
    "failure_interval": "1h",
    "account_failures": 8,
    "account_failure_interval": "1h",
    "repeated_failures": 5,
    "repeated_failure_interval": "1h",
    "newcomer_failures": 2,
    "newcomer_failure_interval": "1h",
    "registrations": 1000,
}


class Person:
    """Somebody at an address, behind the reverse proxy that the server trusts."""

    def __init__(self, server, address: str):
        self.server = server
        self.address = address

    def login(self, name: str, secret: str, device: str | None = None) -> httpx.Response:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": secret,
        }
        if device is not None:
            body["device_id"] = device
        headers = {"X-Forwarded-For": self.address}
        return self.server.api.request("POST", f"{PREFIX}/login", json=body, headers=headers)

    def guess(self, name: str, tries: int) -> int:
        """How many of so many wrong passwords were looked at before the first that was not."""
        for done in range(tries):
            answer = self.login(name, password())
            if answer.status_code == 429:
                assert_error(answer, 429, "M_LIMIT_EXCEEDED")
                assert answer.json()["retry_after_ms"] > 0
                assert int(answer.headers["Retry-After"]) > 0
                return done
            assert_error(answer, 403, "M_FORBIDDEN")
        return tries


@pytest.fixture
def guarded(make_server):
    return make_server(rate_limits=LIMITS, http={"trusted_proxies": ["127.0.0.1"]})


def new_account(server) -> tuple[str, str]:
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    return name, secret


def test_brute_force(guarded):
    name, secret = new_account(guarded)
    first = Person(guarded, "192.0.2.1")
    assert first.guess(name, 50) == LIMITS["repeated_failures"]
    # The right one is not looked at either, or the limit would be none.
    assert first.login(name, secret).status_code == 429

    # From many addresses: what is left of the account's, and the first two of each new one.
    botnet = [Person(guarded, f"198.51.{host}.7") for host in range(1, 31)]
    looked_at = sum(bot.guess(name, 10) for bot in botnet)
    assert looked_at <= LIMITS["account_failures"] - LIMITS["repeated_failures"] + 2 * len(botnet)
    assert sum(bot.guess(name, 10) for bot in botnet) == 0
    assert all(bot.login(name, secret).status_code == 429 for bot in botnet[:5])

    # An IPv6 network of a site is not worth 65536 addresses.
    looked_at = sum(Person(guarded, f"2001:db8:7:{i:x}::1").guess(name, 10) for i in range(1, 60))
    assert looked_at <= 4 * LIMITS["newcomer_failures"]
    # No account is locked: who signs in to another is served.
    other, other_secret = new_account(guarded)
    assert_good(botnet[0].login(other, other_secret))


def test_brute_force_on_a_name_that_nobody_has_looks_the_same(guarded):
    name, _ = new_account(guarded)

    def answers(of: str, net: str) -> list[int]:
        people = [Person(guarded, f"{net}.{host}") for host in range(1, 9)]
        return [person.login(of, password()).status_code for person in people for _ in range(4)]

    assert answers(name, "198.51.100") == answers("nobody-at-all", "203.0.113")


def test_a_network_counts_beside_its_addresses(guarded):
    """One password for each of many accounts, each time from another address of a /24."""
    accounts = [new_account(guarded) for _ in range(3)]
    name, secret = accounts[0]
    neighbour = Person(guarded, "198.51.100.250")
    assert_good(neighbour.login(name, secret, "PHONE"))
    looked_at = 0
    for i in range(100):
        looked_at += Person(guarded, f"198.51.100.{i}").guess(f"nobody-{i}", 1)
    assert looked_at == 4 * LIMITS["failures"]
    # Somebody who has always been there is let in; so is everybody elsewhere.
    assert_good(neighbour.login(name, secret, "PHONE"))
    other, other_secret = accounts[1]
    assert neighbour.login(other, other_secret).status_code == 429
    assert_good(Person(guarded, "198.51.101.1").login(other, other_secret))


def test_strangers_who_guess_all_at_once_close_the_door_to_nobody(make_server):
    """Each from a network of its own, more at once than the queue of the hashes holds."""
    server = make_server(
        rate_limits=LIMITS | {"failures": 1000, "repeated_failures": 1000},
        http={"trusted_proxies": ["127.0.0.1"]},
        passwords={"hash_memory": "8MiB", "hash_passes": 3, "hash_threads": 1, "hash_queue": 4},
    )
    name, secret = new_account(server)
    home = Person(server, "203.0.113.7")
    assert_good(home.login(name, secret, "PHONE"))
    refused, stop = threading.Event(), threading.Event()

    def guess(stranger: Person) -> None:
        while not stop.wait(0.01):
            if stranger.login(new_name(), password()).status_code == 429:
                refused.set()

    strangers = [Person(server, f"2001:db8:{i:x}::1") for i in range(1, 17)]
    with ThreadPoolExecutor(len(strangers)) as pool:
        for stranger in strangers:
            pool.submit(guess, stranger)
        try:
            assert refused.wait(60), "the queue is full"
            for _ in range(5):
                assert_good(home.login(name, secret, "PHONE"))
        finally:
            stop.set()


def test_credential_stuffing(guarded):
    """One password for each of many accounts, from one address: a /64 of IPv6 is one."""
    accounts = [new_account(guarded) for _ in range(4)]
    names = [name for name, _ in accounts] + [f"nobody-{i}" for i in range(40)]
    for address, another in (("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::ffff:2")):
        thief = Person(guarded, address)
        looked_at = 0
        for name in names:
            looked_at += thief.guess(name, 1)
        assert looked_at == LIMITS["failures"]
        name, secret = accounts[0]
        assert Person(guarded, another).login(name, secret).status_code == 429
    # The owners notice nothing.
    for name, secret in accounts:
        assert_good(Person(guarded, "203.0.113.7").login(name, secret))


def test_an_own_account_does_not_clear_an_address(guarded):
    own, own_secret = new_account(guarded)
    thief = Person(guarded, "192.0.2.1")
    guesses = 0
    for i in range(LIMITS["failures"] - 1):
        guesses += thief.guess(f"nobody-{i}", 1)
        assert_good(thief.login(own, own_secret, "PHONE"))
    assert guesses == LIMITS["failures"] - 1
    assert sum(thief.guess(f"more-{i}", 1) for i in range(20)) == 1


@pytest.mark.parametrize("home", ["203.0.113.7", "2001:db8:99:1::7"])
def test_honest_owner_is_not_locked_out(guarded, home):
    name, secret = new_account(guarded)
    assert_good(Person(guarded, home).login(name, secret, "PHONE"))
    botnet = [Person(guarded, f"198.51.{host}.7") for host in range(1, 31)]

    def attack() -> None:
        for bot in botnet:
            bot.guess(name, 10)
        assert botnet[0].login(name, secret).status_code == 429

    attack()
    # At home, mistyping now and then; in IPv6 with another address of the same network.
    owner = Person(guarded, home.replace("::7", "::abcd"))
    for _ in range(4):
        assert owner.guess(name, 2) == 2
        assert_good(owner.login(name, secret, "PHONE"))
    # In a new network: at once, and after mistyping once.
    assert_good(Person(guarded, "203.0.113.50").login(name, secret, "LAPTOP"))
    hotel = Person(guarded, "2001:db8:77::1")
    assert hotel.guess(name, 1) == 1
    assert_good(hotel.login(name, secret, "TABLET"))
    attack()
    # From now on the hotel is familiar too: a session is used from there.
    for _ in range(4):
        assert hotel.guess(name, 2) == 2
        assert_good(hotel.login(name, secret, "TABLET"))
