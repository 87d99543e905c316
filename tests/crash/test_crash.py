"""kill -9 at random moments, while twenty clients sign in, refresh, sign out and change things.

Every acknowledged change holds, every ended session stays ended, and no client loses its keys but
by its own person's wish. Random, but from a seed that is printed: LATCHKEY_CRASH_SEED repeats a
run's choices (the moments themselves are the machine's).
"""

import random
import time

from crash.at_work import SESSIONS, check_facts, check_for_good, crash_of, people_at_work, total
from crash.legacy_person import LegacyPerson
from support.answers import assert_hard
from support.matrix_client import State, new_client
from support.thorough import THOROUGH

CLIENTS = 20
CRASHES = 110 if THOROUGH else 40


def twenty_people(url: str, seed: str) -> list[LegacyPerson]:
    return [LegacyPerson(url, f"{seed}-{i}") for i in range(CLIENTS)]


def test_crashes_of_the_server(make_sqlite_server, seed):
    server = make_sqlite_server(sessions=SESSIONS)
    people = twenty_people(server.url, seed)
    chance = random.Random(seed)
    with people_at_work(people, chance, CRASHES, crash_of([server] * CRASHES, chance)):
        assert total(people, "refreshed") > 2 * CRASHES, "the clients hardly worked"
        assert total(people, "ended") > CRASHES // 5
        assert total(people, "old_passwords") > CRASHES // 11
        check_for_good(server, people)


def test_crashes_in_the_middle_of_a_start(make_sqlite_server, seed):
    """Migrations, the key file and the gap are written then."""
    chance = random.Random(seed)
    server = make_sqlite_server(start=False)
    for _ in range(15):
        server.spawn()
        time.sleep(chance.uniform(0, 0.15))  # the random moment
        server.kill()
    server.start()
    client, out = new_client(server.api), new_client(server.api)
    ended = out.access
    out.sign_out()
    for _ in range(15):
        server.kill()
        server.spawn()
        time.sleep(chance.uniform(0, 0.15))
    server.kill()
    server.start()
    assert client.use() is State.SIGNED_IN
    assert_hard(server.api.whoami(ended))


def test_crashes_on_postgresql(make_fragile_server, own_postgres, seed):
    """The server ten times, PostgreSQL itself five times."""
    server = make_fragile_server(sessions=SESSIONS)
    people = twenty_people(server.url, seed)
    chance = random.Random(seed)
    victims = [server] * 10 + [own_postgres] * 5
    with people_at_work(people, chance, len(victims), crash_of(victims, chance)):
        assert total(people, "refreshed") > 20
        check_facts(server, people)
