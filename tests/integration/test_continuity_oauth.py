"""The continuity rules in the OAuth 2.0 API: nobody is wiped whom no person signed out.

The client reads a refusal as matrix-rust-sdk does: `invalid_grant` is the end of the tokens, and
with `soft_logout: true` beside it a new sign-in with the same keys; 5xx and silence are tried
again.
"""

import pytest
import yaml

from support.answers import assert_good, assert_soft
from support.api import Silence, new_name
from support.clock import DAY, Clock
from support.lossy_proxy import Fate
from support.oauth import CALLBACK, ConfiguredClient, OAuthClient, Person, new_person, sign_in
from support.polling import patiently
from support.secrets import password
from support.threads import together


def signed_in(api, url: str) -> tuple[OAuthClient, Person, dict]:
    name, secret = new_name(), password()
    assert_good(api.register(name, secret, inhibit_login=True))
    client, person = OAuthClient(api), Person(url, name, secret)
    tokens = sign_in(client, person, "AAABBBCCC")
    api.publish_keys(name, "AAABBBCCC", tokens["access_token"])
    return client, person, tokens


def assert_sign_in_again(answer, errcode: str = "M_UNKNOWN_TOKEN") -> None:
    body = answer.json()
    assert answer.status_code == 400, body
    told = (body["error"], body["errcode"], body["soft_logout"])
    # Only a locked account's token will be good again.
    error = "login_required" if errcode == "M_USER_LOCKED" else "invalid_grant"
    assert told == (error, errcode, True)


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_reply_to_a_refresh(network, times):
    proxy, api = network
    client, _, tokens = signed_in(api, proxy.url)
    proxy.lose(Fate.LOSE_REPLY, "/oauth2/token", times)
    for _ in range(times):
        with pytest.raises(Silence):
            client.refresh(tokens["refresh_token"])
    again = assert_good(client.refresh(tokens["refresh_token"]))
    assert_good(api.whoami(again["access_token"]))
    assert_good(client.refresh(again["refresh_token"]))


def test_two_tabs_at_once(server):
    client, _, tokens = signed_in(server.api, server.url)
    answers = []
    together(*[lambda: answers.append(client.refresh(tokens["refresh_token"]))] * 2)
    first, second = [assert_good(answer)["access_token"] for answer in answers]
    assert first == second
    assert_good(server.api.whoami(first))


def test_a_backup_from_before_the_client_was_registered(make_server):
    """Its session and its registration are lost, which is no fault of the person's."""
    server = make_server()
    person = new_person(server)
    copy = server.save()
    client = OAuthClient(server.api)
    tokens = sign_in(client, person, "AAABBBCCC")
    server.put_back(copy)
    assert_sign_in_again(client.refresh(tokens["refresh_token"]))
    assert_soft(server.api.whoami(tokens["access_token"]))
    guess = client.token(
        grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_secret="guess"
    )
    assert (guess.status_code, guess.json()["error"]) == (401, "invalid_client"), "it had none"
    stranger = client.refresh("lkr_" + "A" * 43)
    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client")
    again = sign_in(OAuthClient(server.api), person, "AAABBBCCC")
    assert_good(server.api.whoami(again["access_token"]))


def test_a_client_with_a_secret_that_was_taken_from_the_file(make_server, tmp_path):
    """Nobody can prove to be it any more, and a token alone is not enough for what had a secret."""
    secret = password()
    wiki = {
        "client_id": "wiki",
        "token_endpoint_auth_method": "client_secret_post",
        "client_secret": secret,
        "redirect_uris": [CALLBACK],
    }
    file = tmp_path / "clients.yaml"
    file.write_text(yaml.safe_dump({"clients": [wiki]}))
    server = make_server(oauth={"clients_file": str(file)})
    client = ConfiguredClient(server.api, "wiki", CALLBACK)
    asked = client.ask()
    code = new_person(server).allow(asked)["code"]
    tokens = assert_good(client.exchange(asked, code, client_secret=secret))
    file.write_text(yaml.safe_dump({"clients": []}))
    server.restart()
    show = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for shown in (secret, "guessed-" + secret):
        refused = client.token(**show, client_secret=shown)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert_good(server.api.whoami(tokens["access_token"]))
    file.write_text(yaml.safe_dump({"clients": [wiki]}))
    server.restart()
    assert_good(client.token(**show, client_secret=secret))


def test_killed_after_a_reply(make_server):
    server = make_server()
    client, _, tokens = signed_in(server.api, server.url)
    again = assert_good(client.refresh(tokens["refresh_token"]))
    server.kill()
    server.start()
    assert_good(server.api.whoami(again["access_token"]))
    assert_good(client.refresh(again["refresh_token"]))


def test_locked_and_unlocked(server):
    client, person, tokens = signed_in(server.api, server.url)
    server.command("user", "lock", person.name)
    assert_sign_in_again(client.refresh(tokens["refresh_token"]), "M_USER_LOCKED")
    server.command("user", "unlock", person.name)
    assert_good(server.api.whoami(tokens["access_token"]))
    assert_good(client.refresh(tokens["refresh_token"]))


def test_softly_ended_by_an_administrator(server):
    client, person, tokens = signed_in(server.api, server.url)
    server.command("user", "soft-logout", person.name)
    assert_soft(server.api.whoami(tokens["access_token"]))
    assert_sign_in_again(client.refresh(tokens["refresh_token"]))
    again = sign_in(client, person, "AAABBBCCC")
    devices = assert_good(server.api.devices(again["access_token"]))["devices"]
    assert [device["device_id"] for device in devices] == ["AAABBBCCC"]


def test_an_expired_refresh_token(make_server, clock: Clock):
    server = make_server(clock=clock, sessions={"refresh_token_lifetime": "1d"})
    client, _, tokens = signed_in(server.api, server.url)
    clock.advance(2 * DAY)
    assert_sign_in_again(client.refresh(tokens["refresh_token"]))


def test_signed_out_by_the_person_is_the_end(server):
    client, person, tokens = signed_in(server.api, server.url)
    legacy = assert_good(server.api.login(person.name, person.secret))
    assert_good(server.api.logout_all(legacy["access_token"]))
    refused = client.refresh(tokens["refresh_token"])
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    assert "soft_logout" not in refused.json()


def test_a_database_that_is_away_ends_nothing(make_fragile_server, own_postgres):
    """503 without an `errcode` or an `error`: some clients take those for the end."""
    patience = {"connect_timeout": "1s", "statement_timeout": "2s"}
    server = make_fragile_server(database_pool=patience)
    client, person, tokens = signed_in(server.api, server.url)
    own_postgres.kill()
    away = client.refresh(tokens["refresh_token"])
    assert away.status_code == 503
    assert away.json().keys() == {"error_description"}
    page = person.browser.open("/account/")
    assert (page.status, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "try again" in page.text
    own_postgres.start()
    again = assert_good(patiently(lambda: client.refresh(tokens["refresh_token"])))
    assert_good(patiently(lambda: server.api.whoami(again["access_token"])))
