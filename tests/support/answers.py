"""The refusals of the token table, as assertions. docs/formats/sessions.md has the table."""

import httpx


def _is(answer: httpx.Response, status: int, errcode: str, soft_logout: bool) -> None:
    body = answer.json()
    got = (answer.status_code, body.get("errcode"), body.get("soft_logout"))
    assert got == (status, errcode, soft_logout), f"{answer.request.url.path}: {got} {body}"


def assert_missing(answer: httpx.Response) -> None:
    _is(answer, 401, "M_MISSING_TOKEN", False)


def assert_hard(answer: httpx.Response) -> None:
    """A person ended it, or it is no token at all: the client wipes its keys."""
    _is(answer, 401, "M_UNKNOWN_TOKEN", False)


def assert_soft(answer: httpx.Response) -> None:
    """Refresh or sign in again as the same device, with the same keys."""
    _is(answer, 401, "M_UNKNOWN_TOKEN", True)


def assert_locked(answer: httpx.Response) -> None:
    _is(answer, 401, "M_USER_LOCKED", True)


def assert_error(answer: httpx.Response, status: int, errcode: str) -> None:
    body = answer.json()
    got = (answer.status_code, body.get("errcode"))
    assert got == (status, errcode), f"{answer.request.url.path}: {got} {body}"


def assert_good(answer: httpx.Response) -> dict:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()
