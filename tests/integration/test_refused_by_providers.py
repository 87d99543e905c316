"""Who does not get on with an identity provider reads a sentence and a number; by the number the
operator finds the reason in the log."""

import json
import re

import pytest

from support.browser import Browser, Page
from support.cas_server import CasServer
from support.polling import wait_until
from support.server import Server

CALLBACK = "/account/providers/cas/callback"


@pytest.fixture(scope="module")
def cas_server(make_lasting_server, cas) -> Server:
    """Of which nobody may be new, but whoever an operator has linked."""
    server = make_lasting_server(
        sign_in=cas.configured(registration=False), log={"level": "info", "format": "json"}
    )
    for name in ("ida", "lou", "del"):
        server.command("user", "create", name)
        server.command("user", "link", name, "cas", name)
    server.command("user", "lock", "lou")
    server.command("user", "deactivate", "del")
    return server


@pytest.fixture
def browser(cas_server) -> Browser:
    return Browser(cas_server.url)


def leave(browser: Browser, cas: CasServer, user: str = "ida") -> dict[str, str]:
    return cas.sign_in(browser.open("/account/providers/cas").away, user)


def refusal(server: Server, page: Page, begin: int) -> dict:
    """What the log says of the request whose number the page shows."""
    number = page.headers["X-Request-Id"]
    assert re.search(rf"\b{number}\b", page.text), page.text

    def lines() -> list[dict]:
        found = (json.loads(line) for line in server.log(begin).splitlines())
        return [line for line in found if line.get("request") == number]

    wait_until(lines, "the line of the request")
    [line] = lines()
    assert line["msg"] == "nobody was signed in by an identity provider"
    assert line["address"] == "127.0.0.1"
    return line


# What happens, the answer, the reason in the log.
CASES = {
    "begun elsewhere": (400, "other_browser"),
    "never begun": (400, "unknown_way"),
    "no state": (400, "no_state"),
    "used before": (400, "used_way"),
    "nobody's ticket": (400, "invalid_ticket"),
    "not a ticket": (403, "no_ticket"),
    "a stranger": (403, "no_account"),
    "locked": (403, "locked"),
    "deactivated": (403, "deactivated"),
    "unknown provider": (404, "unknown_provider"),
}


@pytest.mark.parametrize("what", CASES)
def test_the_page_has_a_number_and_the_log_the_reason(cas_server, cas, browser, what):
    path, begin = CALLBACK, cas_server.log_size
    told: dict[str, str] = {}
    if what == "unknown provider":
        path = "/account/providers/nobody"
    elif what == "never begun":
        told = {"state": "x" * 43, "ticket": "ST-1"}
    elif what == "no state":
        told = {"ticket": "ST-1"}
    else:
        user = {"a stranger": "ned", "locked": "lou", "deactivated": "del"}.get(what, "ida")
        told = leave(browser, cas, user)
    if what == "begun elsewhere":
        browser = Browser(cas_server.url)
    elif what == "used before":
        assert browser.open(CALLBACK, **(told | {"ticket": "ST-nobody"})).status == 400
    elif what == "nobody's ticket":
        told["ticket"] = "ST-nobody"
    elif what == "not a ticket":
        del told["ticket"]
    page = browser.open(path, **told)
    status, reason = CASES[what]
    assert page.status == status
    line = refusal(cas_server, page, begin)
    assert line["reason"] == reason
    assert line["provider"] == {"unknown provider": "nobody", "never begun": ""}.get(what, "cas")
    # Neither the state nor the ticket, with which somebody could come in.
    assert not any(told.get(name, "-none-") in json.dumps(line) for name in ("state", "ticket"))


def test_what_is_the_providers_part_is_a_warning(cas_server, cas, browser):
    for lies, status, reason in ((False, 503, "no_answer"), (True, 400, "not_cas")):
        told, begin = leave(browser, cas), cas_server.log_size
        cas.lies = lies
        if not lies:
            cas.stop()
        try:
            page = browser.open(CALLBACK, **told)
        finally:
            cas.lies = False
            if not lies:
                cas.start()
        assert page.status == status
        assert ("Retry-After" in page.headers) == (status == 503)
        line = refusal(cas_server, page, begin)
        assert (line["level"], line["reason"]) == ("warning", reason)
        assert "CAS server" in line["detail"]
