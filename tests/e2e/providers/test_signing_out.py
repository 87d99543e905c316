"""Who signs out here is signed out at the provider too, if they say so (OpenID Connect RP-Initiated
Logout 1.0)."""

import re
from html import unescape
from urllib.parse import urljoin

from support.server import SERVER_NAME


def sign_out_there(employee, url: str) -> str:
    """Follows the person's browser at the provider to where it is sent in the end."""
    for _ in range(10):
        if url.startswith(employee.server.url):
            return url
        answer = employee.away.get(url, follow_redirects=False)
        if answer.status_code == 200:
            # A form that a script would send.
            action = unescape(re.search(r'action="([^"]*)"', answer.text)[1])
            hidden = re.findall(r'name="([^"]*)" value="([^"]*)"', answer.text)
            form = dict(hidden) | {"logout": "yes"}
            answer = employee.away.post(urljoin(url, action), data=form, follow_redirects=False)
        assert answer.status_code in (302, 303), (url, answer.status_code, answer.text)
        url = urljoin(url, answer.headers["Location"])
    raise AssertionError(f"the provider does not come to an end: {url}")


def test_it_is_offered_and_done(employee):
    employee.sign_up()
    page = employee.browser.open("/account/")
    page = page.submit(form=next(form for form in page.forms if "sign-out" in form.action))
    assert "At Corp you are signed in still" in page.text
    away = page.submit().away
    assert away.startswith(employee.provider.issuer)
    assert "id_token_hint=" in away
    back = sign_out_there(employee, away)
    page = employee.browser.open(back)
    assert "signed out here and at Corp" in page.text
    # There nobody knows them any more: they are asked who they are.
    answer = employee.away.get(employee.leave(), follow_redirects=True)
    assert answer.status_code == 200
    assert not str(answer.url).startswith(employee.server.url)
    employee.away.cookies.clear()
    assert f"@{employee.login}:{SERVER_NAME}" in employee.sign_in().text
