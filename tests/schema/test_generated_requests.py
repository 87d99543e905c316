"""Whatever is sent to an operation of the OpenAPI files, the answer is one that they document.

Each answer is held against the files by support/contract.py: no 500, the described body for a
status that is described, and a Matrix error with a documented code for any other.
"""

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from schema.drafts import Draft, Operation, operations
from schema.population import Population
from support.api import Api

# The same requests in each run, as far as the server has no part in them. A failing one is not made
# smaller: the server is no longer what it was.
repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

CASES = [
    pytest.param(operation, caller, id=f"{operation.label} by {caller}")
    for operation in operations()
    for caller in ("nobody", "service", "person", "administrator")
    if caller != "administrator" or operation.for_administrators
]


def examples(operation: Operation, caller: str) -> int:
    """Most for those who get furthest."""
    if operation.takes_token:
        return {"nobody": 10, "service": 15}.get(caller, 30)
    return 30 if caller == "nobody" else 10


class Sender:
    """Sends drafts as the caller, and answers the challenges they meet."""

    def __init__(self, api: Api, population: Population):
        self.api = api
        self.population = population

    def send(self, draft: Draft) -> None:
        url = draft.url(self.population.value_of, self.population.query)
        body = draft.content(self.population.value_of)
        note(f"{draft.method} {url} {draft.headers} {body!r} {draft.auth}")
        if draft.auth == "made up":
            answer = self._request(draft, url, body)
        else:
            answer = self._confirmed(draft, url, body)
        self.population.settle(draft, answer)

    def _request(self, draft: Draft, url: str, body: dict | bytes | None) -> httpx.Response:
        token = self.population.token
        headers = draft.headers
        if token is not None:
            headers = {name: headers[name] for name in headers if name.lower() != "authorization"}
        how = {"json": body} if isinstance(body, dict) else {"content": body}
        return self.api.request(draft.method, url, token=token, headers=headers, **how)

    def _confirmed(self, draft: Draft, url: str, body: dict) -> httpx.Response:
        """Through every stage, if the draft wants them passed; or else up to the first."""
        body.pop("auth", None)
        answer = self._request(draft, url, body)
        while answer.status_code == 401 and "flows" in answer.json():
            if draft.auth == "stolen":
                body = body | {"something": "else"}
            auth = self._auth(draft.auth, answer.json())
            answer = self._request(draft, url, body | {"auth": auth})
            if draft.auth != "complete":
                break
        return answer

    def _auth(self, how: str, challenge: dict) -> dict:
        done = challenge["completed"]
        stage = next(one for one in challenge["flows"][0]["stages"] if one not in done)
        auth = self.population.pass_stage(stage) | {"session": challenge["session"]}
        if how == "sessionless":
            del auth["session"]
        elif how == "unfinished":
            auth = {"session": auth["session"]}
        elif how == "wrong":
            auth |= {"password": "wrong", "token": "wrong"}
        return auth


@pytest.fixture
def sender(populated):
    server, population = populated
    begin = server.log_size
    yield Sender(server.api, population)
    assert server.running, f"the server ended:\n{server.log()[-4000:]}"
    server.check_log()
    log = server.log(begin)
    assert not any(f'"level":"{level}"' in log for level in ("warning", "error")), log[-4000:]


@pytest.mark.parametrize(("operation", "caller"), CASES)
def test_every_answer_is_documented(operation, caller, sender):
    @settings(repeatable, max_examples=examples(operation, caller))
    @given(draft=operation.drafts())
    def send(draft):
        sender.population.ask_as(caller)
        sender.send(draft)

    send()
