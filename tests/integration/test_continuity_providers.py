"""Nobody is wiped whom no person signed out: who signs in with an identity provider.

It may be down, slow or lie, have other keys than before or be taken out of the configuration; what
goes between it and us may be lost or come twice. None of that ends a session, and from a soft
logout the one way that leads back to the device is the one that is shown.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.browser import Browser
from support.matrix_client import (
    MatrixClient,
    State,
    Store,
    assert_kept,
    assert_never_noticed,
)
from support.polling import patiently
from support.threads import together
from support.upstreams import UPSTREAMS, BrowserUpstream, Upstream

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module", params=UPSTREAMS)
def upstream(request, make_lasting_server, tmp_path_factory) -> Iterator[Upstream]:
    server = make_lasting_server(start=False)
    folder = tmp_path_factory.mktemp(request.param)
    with closing(UPSTREAMS[request.param](server, folder)) as upstream:
        # Without passwords here: what they have is the provider's.
        server.options["sign_in"] = {"passwords": False, "providers": [upstream.configured()]}
        server.start()
        yield upstream


class ProviderClient(MatrixClient):
    """One whose person signs in with the provider."""

    def __init__(self, upstream: Upstream, store: Store, **how):
        super().__init__(upstream.server.api, store, **how)
        self.upstream = upstream

    def sign_in(self) -> None:
        if self.store.access is not None:
            self.assert_shown_the_way_back()
        answer = self._persist(
            lambda: self.upstream.login(self.store.user, self.store.device, self.refreshes)
        )
        assert answer.status_code == 200, f"sign-in refused: {answer.status_code} {answer.text}"
        self._arrive(answer.json()["device_id"], answer.json())

    def assert_shown_the_way_back(self) -> None:
        flows = assert_good(self.api.login_flows(self.store.access))["flows"]
        shown = {flow["type"]: flow.get("identity_providers") for flow in flows}
        assert shown == self.upstream.way_back


def new_client(upstream: Upstream, **how) -> ProviderClient:
    client = ProviderClient(upstream, Store(upstream.new_person(), "none"), **how)
    client.sign_in()
    return client


def new_tab(client: ProviderClient) -> ProviderClient:
    return ProviderClient(client.upstream, client.store)


def soft_logout(client: ProviderClient) -> None:
    client.upstream.server.command("user", "soft-logout", client.store.user)
    assert client.use() is State.SOFT


def assert_finds_back(client: ProviderClient) -> None:
    """From a soft logout, to the device with its keys."""
    device, keys = client.store.device, client.store.keys
    soft_logout(client)
    assert_kept(client)
    assert (client.store.device, client.store.keys) == (device, keys)


@pytest.mark.parametrize("refreshes", [True, False])
def test_after_a_soft_logout_the_way_back_is_shown(upstream, refreshes):
    assert_finds_back(new_client(upstream, refreshes=refreshes))


def test_two_tabs_find_back_at_once(upstream):
    client = new_client(upstream)
    upstream.server.command("user", "soft-logout", client.store.user)
    second = new_tab(client)
    for _ in range(2):
        together(client.sign_in, second.sign_in)
        live = [
            session
            for session in upstream.server.sessions(client.store.user)
            if session["standing"] == "active"
        ]
        assert len(live) == 1
    client.reload()
    second.reload()
    assert_kept(client)


def test_a_provider_that_is_down(upstream):
    """Also just when somebody is on their way back from it."""
    client = new_client(upstream)
    get_there = upstream.set_out(client.store.user)
    upstream.stop()
    try:
        assert_never_noticed(client)
        expected = {upstream.while_down}
        if upstream.server.troubled:
            expected.add(503)  # of a node that was started since, and has never heard of it
        assert get_there() in expected
        client.refresh()
        assert_never_noticed(client)
        soft_logout(client)
        client.assert_shown_the_way_back()
    finally:
        upstream.start()
    assert_kept(client)


def test_a_provider_that_does_not_answer(upstream):
    """Several who wait for it at once keep nobody else waiting."""
    client = new_client(upstream)
    waiting = [upstream.set_out(client.store.user) for _ in range(3)]
    upstream.freeze()
    with ThreadPoolExecutor(3) as pool:
        try:
            answers = [pool.submit(get_there) for get_there in waiting]
            for _ in range(3):
                client.refresh()
                assert_never_noticed(client)
        finally:
            upstream.thaw()
        # In time, or too late for the patience of this server.
        assert {answer.result() for answer in answers} <= {200, 503}
    assert_never_noticed(client)
    assert_finds_back(client)


def test_a_provider_that_lies(upstream):
    client = new_client(upstream)
    upstream.lie(True)
    try:
        assert upstream.set_out(client.store.user)() == upstream.while_lying
        assert_never_noticed(client)
    finally:
        upstream.lie(False)
    assert_finds_back(client)


def test_a_provider_with_other_keys_than_before(upstream):
    client = new_client(upstream)
    upstream.renew()
    assert_never_noticed(client)
    assert_finds_back(client)


def test_a_provider_that_is_taken_out_of_the_configuration(upstream):
    """By mistake, or for an hour. Nothing leads back meanwhile, and it is said so softly."""
    client, other = new_client(upstream), new_client(upstream)
    server = upstream.server
    server.restart({"sign_in": {"passwords": True, "providers": []}})
    assert_never_noticed(client)
    soft_logout(other)
    server.restart({"sign_in": {"passwords": False, "providers": [upstream.configured()]}})
    assert_never_noticed(client)
    assert_kept(other)


# -- what is said of sign-outs


def assert_tells(upstream: Upstream) -> None:
    if upstream.logout_path is None:
        pytest.skip("it tells nobody of sign-outs")


def hear(upstream: Upstream, notice: dict[str, str]) -> int:
    answer = patiently(
        lambda: upstream.server.api.request(
            "POST", upstream.logout_path, content=urlencode(notice), headers=FORM
        )
    )
    return answer.status_code


def test_a_notice_that_is_lost(upstream):
    assert_tells(upstream)
    client = new_client(upstream)
    upstream.notice(client.store.user)
    assert_never_noticed(client)
    assert_finds_back(client)


def test_a_notice_that_comes_twice(upstream):
    """The second time when the person has come back already."""
    assert_tells(upstream)
    client = new_client(upstream)
    notice = upstream.notice(client.store.user)
    assert hear(upstream, notice) == 200
    assert client.use() is State.SOFT
    assert_kept(client)
    for _ in range(2):
        assert hear(upstream, notice) in (200, 400)
        assert client.use() is State.SIGNED_IN
    assert client.softs == 1


def test_a_notice_of_somebody_else(upstream):
    assert_tells(upstream)
    client, other = new_client(upstream), new_client(upstream)
    assert hear(upstream, upstream.notice(other.store.user)) == 200
    assert other.use() is State.SOFT
    assert_never_noticed(client)
    assert_kept(other)


# -- what the browser brings back


def assert_browser(upstream: Upstream) -> None:
    if not isinstance(upstream, BrowserUpstream):
        pytest.skip("no browser is sent there")


def test_an_answer_that_never_comes_back(upstream):
    assert_browser(upstream)
    client = new_client(upstream)
    soft_logout(client)
    upstream.there(upstream.leave(Browser(upstream.server.url)), client.store.user)
    assert_kept(client)


def test_an_answer_that_comes_back_twice(upstream):
    """At once, as of a window that is loaded twice, and later, as of one that is loaded again."""
    assert_browser(upstream)
    client = new_client(upstream)
    browser = Browser(upstream.server.url)
    told = upstream.there(upstream.leave(browser), client.store.user)
    again = Browser(upstream.server.url)
    again.cookies = type(browser.cookies)(browser.cookies)
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda one: upstream.come_back(one, told), (browser, again)))
    assert sorted(page.status for page in pages) == [200, 400]
    assert upstream.come_back(browser, told).status == 400
    assert_never_noticed(client)
    # Whoever has arrived is signed in, and lets the app in.
    [page] = [page for page in pages if page.status == 200]
    token = upstream.let_in(client.store.user, page)
    assert_good(upstream.redeem(token, "OTHER", True))
    assert_never_noticed(client)
