"""Applications that are told when a session is over (OpenID Connect Back-Channel Logout 1.0)."""

import time

import pytest
import yaml

from support.answers import assert_good
from support.jose import verified
from support.logout_receiver import LogoutReceiver
from support.oauth import (
    ConfiguredClient,
    basic,
    device_scope,
    metadata,
    new_person,
    sign_in,
)
from support.polling import wait_until
from support.secrets import password
from support.server import Server

SECRET = "a-secret-of-the-operator"
CALLBACK = "https://wiki.example.com/callback"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Application(ConfiguredClient):
    """Proves itself by its secret in the header."""

    def __init__(self, server: Server, client_id: str):
        super().__init__(server.api, client_id, CALLBACK)

    def token(self, **form):
        header = basic(self.id, SECRET)
        return self.api.request("POST", "/oauth2/token", data=form, headers=header)


@pytest.fixture
def receiver():
    receiver = LogoutReceiver().start()
    yield receiver
    receiver.close()


@pytest.fixture
def told(make_server, tmp_path, receiver):
    """A server with two applications, which share a receiver."""
    common = {
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": SECRET,
        "redirect_uris": [CALLBACK],
        "backchannel_logout_uri": receiver.url,
        "backchannel_logout_session_required": True,
    }
    clients = [
        common | {"client_id": "wiki"},
        common | {"client_id": "forum", "id_token_signed_response_alg": "ES256"},
    ]
    file = tmp_path / "clients.yaml"
    file.write_text(yaml.safe_dump({"clients": clients}))
    return make_server(oauth={"clients_file": str(file)})


def keys_of(server) -> list[dict]:
    return assert_good(server.api.request("GET", "/oauth2/keys.json"))["keys"]


class SignedIn:
    """Somebody whom an application has let in, who can be signed out in any way."""

    def __init__(self, server, client_id: str = "wiki", scope: str = "openid"):
        self.server = server
        self.application = Application(server, client_id)
        self.person = new_person(server)
        self.tokens = sign_in(self.application, self.person, scope=scope)
        self.head, self.claims = verified(self.tokens["id_token"], keys_of(server))

    def revoke(self) -> None:
        assert_good(self.application.revoke(self.tokens["refresh_token"]))

    def check(self, token: str) -> dict:
        """What section 2.6 has the application check; the claims."""
        head, claims = verified(token, keys_of(self.server))
        assert (head["typ"], head["alg"]) == ("logout+jwt", self.head["alg"])
        for same in ("iss", "sub", "aud", "sid"):
            assert claims[same] == self.claims[same], same
        assert claims["events"] == {EVENT: {}}
        assert claims["jti"]
        assert "nonce" not in claims
        assert claims["iat"] - 60 <= time.time() <= claims["exp"] + 60
        assert 0 < claims["exp"] - claims["iat"] <= 120
        return claims


def test_the_metadata_say_so(server):
    metadata = server.api.request("GET", "/.well-known/openid-configuration").json()
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("client_id", ["wiki", "forum"])
def test_an_application_learns_that_its_session_was_revoked(told, receiver, client_id):
    alice, bob = SignedIn(told, client_id), SignedIn(told, client_id)
    alice.revoke()
    [token] = receiver.wait_for(1)
    alice.check(token)
    bob.revoke()
    bob.check(receiver.wait_for(2)[1])


def a_new_password(server, who):
    name, secret = who.person.name, who.person.secret
    token = assert_good(server.api.login(name, secret))["access_token"]
    assert_good(server.api.change_password(token, name, secret, password()))


def sign_out_everywhere(server, who):
    token = assert_good(server.api.login(who.person.name, who.person.secret))["access_token"]
    assert_good(server.api.logout_all(token))


def the_account_pages(server, who):
    page = who.person.open("/account/devices")
    page = page.submit(form=page.form_with("app"))
    assert "Other apps" not in page.text


def an_old_refresh_token(server, who):
    """Two parties hold the session."""
    tokens = who.tokens
    for _ in range(3):
        tokens = assert_good(who.application.refresh(tokens["refresh_token"]))
    assert who.application.refresh(who.tokens["refresh_token"]).status_code == 400


ENDS = {
    "a new password": a_new_password,
    "signing out everywhere": sign_out_everywhere,
    "the account pages": the_account_pages,
    "deactivation": lambda server, who: server.command("user", "deactivate", who.person.name),
    "the operator": lambda server, who: server.command("session", "end", who.claims["sid"]),
    "the operator, softly": lambda server, who: server.command(
        "session", "soft-logout", who.claims["sid"]
    ),
    "the operator, for all of a user": lambda server, who: server.command(
        "user", "soft-logout", who.person.name
    ),
    "the operator, for everybody": lambda server, who: server.command("session", "soft-logout-all"),
    "a lock": lambda server, who: server.command("user", "lock", who.person.name),
    "an old refresh token": an_old_refresh_token,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_an_application_learns_of_every_end(told, receiver, end):
    who = SignedIn(told, scope="openid profile")
    end(told, who)
    [token] = receiver.wait_for(1)
    who.check(token)


def test_a_client_with_a_device_learns_that_it_was_deleted(told, receiver):
    who = SignedIn(told, scope=f"openid {device_scope('AAABBBCCC')}")
    told.command("user", "lock", who.person.name)
    told.command("user", "unlock", who.person.name)
    told.command("user", "soft-logout", who.person.name)
    told.command("session", "end", who.claims["sid"])
    [token] = receiver.wait_for(1)
    who.check(token)


def test_a_command_without_a_server_is_told_at_the_next_start(told, receiver):
    who = SignedIn(told)
    told.stop()
    told.command("session", "end", who.claims["sid"])
    assert receiver.attempts == 0
    told.start()
    [token] = receiver.wait_for(1)
    who.check(token)


def test_an_application_that_was_away_learns_it_later(told, receiver):
    """Whatever dies in between; and in order."""
    first, second = SignedIn(told), SignedIn(told, "forum")
    receiver.stop()
    first.revoke()
    second.revoke()
    wait_until(lambda: "a delivery failed and will be tried again" in told.log(), "an attempt", 60)
    told.kill()
    told.start()
    receiver.status = 503
    receiver.headers = {"Retry-After": "1"}
    receiver.start()
    receiver.wait_for_attempts(2)
    assert receiver.tokens == []
    told.kill()
    receiver.status = 200
    receiver.headers = {}
    told.start()
    tokens = receiver.wait_for(2)
    said = [verified(token, keys_of(told))[1]["aud"] for token in tokens]
    assert set(said) == {"wiki", "forum"}
    first.check(tokens[said.index("wiki")])
    second.check(tokens[said.index("forum")])


def test_a_refusal_is_final_and_a_redirect_leads_nowhere(told, receiver):
    who = SignedIn(told)
    receiver.status = 307
    receiver.headers = {"Location": receiver.url}
    who.revoke()
    receiver.wait_for_attempts(2)  # it is tried again, where it was
    assert receiver.tokens == []
    receiver.status = 400
    receiver.headers = {}
    wait_until(
        lambda: "a delivery was refused for ever and is dropped" in told.log(), "the refusal", 60
    )
    receiver.status = 200
    SignedIn(told, "forum").revoke()
    assert verified(receiver.wait_for(1)[0], keys_of(told))[1]["aud"] == "forum"


def test_a_client_that_is_no_longer_in_the_file_is_told_nothing(told, receiver, tmp_path):
    who = SignedIn(told)
    receiver.stop()
    who.revoke()
    told.stop()
    told.options["oauth"] = {}
    told.start()
    receiver.start()
    wait_until(lambda: "no longer configured to be told" in told.log(), "the refusal", 60)
    assert receiver.attempts == 0


def test_nobody_registers_an_address_to_be_told_at(server, receiver):
    """A stranger's address might be inside this network."""
    asked = metadata(backchannel_logout_uri=receiver.url, backchannel_logout_session_required=True)
    answer = server.api.request("POST", "/oauth2/registration", json=asked)
    assert answer.status_code == 201
    assert not [name for name in answer.json() if name.startswith("backchannel")]


def test_a_logout_token_is_no_id_token(told, receiver):
    """Section 2.4: typ tells them apart, so that neither passes for the other."""
    who = SignedIn(told)
    who.revoke()
    [token] = receiver.wait_for(1)
    asked = who.application.ask(scope="openid", prompt="none", id_token_hint=token)
    page = who.person.browser.open(asked.url)
    assert "error=login_required" in page.away
