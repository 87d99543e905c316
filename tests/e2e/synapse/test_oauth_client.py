"""An OAuth 2.0 client through the edge, with Synapse behind: its device, its keys, and how its
session ends."""

from e2e.synapse.conftest import MAXIMUM_AGE
from support import oauth
from support.answers import assert_good, assert_hard, assert_soft
from support.oauth import OAuthClient


def signed_in(deployment) -> tuple:
    """A client, the browser, and the person, whose TABLET it is, with its keys."""
    person = deployment.person(refresh=False)
    client = OAuthClient(deployment.api)
    browser = oauth.Person(deployment.url, person.name, person.secret)
    tokens = oauth.sign_in(client, browser, "TABLETTABLET")
    person.tokens["TABLETTABLET"] = tokens["access_token"]
    person.publish_keys("TABLETTABLET")
    return client, browser, person, tokens


def test_the_session_ends_by_policy_and_its_device_stays(deployment):
    client, browser, person, tokens = signed_in(deployment)
    assert_good(deployment.ask(tokens["access_token"]))
    assert "TABLETTABLET" in person.devices_with_keys()

    deployment.clock.advance(MAXIMUM_AGE + 1)
    assert_soft(deployment.ask(tokens["access_token"]))
    assert client.refresh(tokens["refresh_token"]).status_code == 400

    again = oauth.sign_in(client, browser, "TABLETTABLET")
    assert_good(deployment.ask(again["access_token"]))
    assert "TABLETTABLET" in person.devices_with_keys()


def test_a_refreshed_token_is_good_at_once(deployment):
    client, _, _, tokens = signed_in(deployment)
    for _ in range(20):
        tokens = assert_good(client.refresh(tokens["refresh_token"]))
        assert_good(deployment.ask(tokens["access_token"]))


def test_a_revoked_session_goes_with_its_device(deployment):
    client, _, person, tokens = signed_in(deployment)
    assert_good(deployment.ask(tokens["access_token"]))
    assert_good(client.revoke(tokens["refresh_token"]))
    assert_hard(deployment.ask(tokens["access_token"]))
    deployment.wait(lambda: person.devices() == {"PHONE"}, "the deletion of the device")
