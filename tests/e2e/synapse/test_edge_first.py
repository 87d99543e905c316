"""Through the edge a token is worth what Latchkey says at that moment, while Synapse by itself goes
on with the answer that it keeps for two minutes."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from e2e.synapse.conftest import MAXIMUM_AGE, SYNC, V3
from support.answers import assert_good, assert_hard, assert_locked, assert_soft
from support.secrets import password
from support.thorough import THOROUGH

TOKENS = 500 if THOROUGH else 100


def known(deployment, person) -> str:
    """A token that Synapse has in its cache: it has been used there."""
    token = person.tokens["PHONE"]
    assert_good(deployment.ask(token))
    return token


def passes_by_itself(deployment, token: str) -> None:
    assert deployment.at_synapse(token) == 200


def test_locked(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    deployment.latchkey.command("user", "lock", person.name)
    assert_locked(deployment.ask(token))
    passes_by_itself(deployment, token)
    deployment.latchkey.command("user", "unlock", person.name)
    assert_good(deployment.ask(token))


def test_ended_softly(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    deployment.latchkey.command("user", "soft-logout", person.name)
    assert_soft(deployment.ask(token))
    passes_by_itself(deployment, token)


def test_too_old(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    deployment.clock.advance(MAXIMUM_AGE + 1)
    assert_soft(deployment.ask(token))
    passes_by_itself(deployment, token)


def test_replaced_by_another_sign_in(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    new = person.sign_in("PHONE")
    assert_good(deployment.ask(new))
    assert_soft(deployment.ask(token))
    passes_by_itself(deployment, token)


def test_logged_out_while_synapse_has_not_heard_of_it(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    deployment.synapse.pause()
    try:
        assert_good(deployment.api.logout(token))
        assert_hard(deployment.ask(token))
    finally:
        deployment.synapse.resume()
    deployment.wait(lambda: not person.devices(), "the deletion of the device")
    assert_hard(deployment.ask(token))


def test_a_revoked_token_in_the_query(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    path = f"{SYNC}&access_token={token}"
    assert_good(deployment.http.get(path))
    deployment.latchkey.command("user", "soft-logout", person.name)
    assert_soft(deployment.http.get(path))


def test_a_token_is_good_in_the_moment_it_is_had(deployment):
    """No sign-in is answered before Synapse knows the device. Five people at once."""
    people = [deployment.person(refresh=False) for _ in range(5)]

    def sign_in_and_use(number: int) -> list[str]:
        wrong = []
        person = people[number % len(people)]
        with httpx.Client(base_url=deployment.url, trust_env=False, timeout=60) as http:
            body = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": person.name},
                "password": person.secret,
                "device_id": f"D{number}",
            }
            signed_in = http.post(f"{V3}/login", json=body)
            if signed_in.status_code != 200:
                return [f"login: {signed_in.status_code} {signed_in.text}"]
            token = signed_in.json()["access_token"]
            used = http.get(SYNC, headers={"Authorization": f"Bearer {token}"})
            if used.status_code != 200:
                wrong.append(f"sync: {used.status_code} {used.text}")
        return wrong

    with ThreadPoolExecutor(5) as pool:
        wrong = [w for found in pool.map(sign_in_and_use, range(TOKENS)) for w in found]
    assert wrong == []


def test_what_has_no_token_passes(deployment):
    assert deployment.http.get("/_matrix/client/versions").status_code == 200
    wrong = deployment.http.get(SYNC)
    assert (wrong.status_code, wrong.json()["errcode"]) == (401, "M_MISSING_TOKEN")


def test_synapse_serves_our_metadata(deployment):
    """Clients that ask Synapse itself find Latchkey."""
    ours = deployment.http.get("/.well-known/openid-configuration").json()
    path = "/_matrix/client/v1/auth_metadata"
    through_the_edge = deployment.http.get(path).json()
    status, by_itself = deployment.synapse.ask("GET", path, "")
    assert status == 200
    for theirs in (through_the_edge, by_itself):
        assert theirs["issuer"] == ours["issuer"] == f"{deployment.url}/"
        assert "?" not in theirs["account_management_uri"]


def test_a_user_of_both_is_told_the_same_by_whoami(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    here = assert_good(deployment.ask(token, f"{V3}/account/whoami"))
    status, there = deployment.synapse.ask("GET", f"{V3}/account/whoami", token)
    assert status == 200
    assert (here["user_id"], here["device_id"]) == (there["user_id"], there["device_id"])


def test_a_password_changed_elsewhere_ends_the_session_at_once(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    laptop = person.sign_in("LAPTOP")
    answer = deployment.api.change_password(laptop, person.name, person.secret, password())
    assert_good(answer)
    assert_hard(deployment.ask(token))


def test_signed_out_everywhere_from_another_device(deployment):
    person = deployment.person(refresh=False)
    token = known(deployment, person)
    assert_good(deployment.api.logout_all(person.sign_in("LAPTOP")))
    assert_hard(deployment.ask(token))
