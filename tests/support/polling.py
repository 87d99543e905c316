"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T], what: str, seconds: float = 10.0, *, pause: float = 0.005
) -> T:
    """Returns the first true value of `condition`; fails the test when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(pause)


def patiently(ask: Callable[[], httpx.Response], seconds: float = 10.0) -> httpx.Response:
    """Asks again while the answer is 503, as every client does; the first other answer."""
    return wait_until(lambda: _unless_busy(ask()), "an answer other than 503", seconds)


def _unless_busy(answer: httpx.Response) -> httpx.Response | None:
    return None if answer.status_code == 503 else answer
