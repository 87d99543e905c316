"""A plugin of pytest, for tools/mutants.py: tests that are collected once and run many times.

Collecting takes most of the time that a few tests take. So one pytest collects the tests of a file
and then runs, whenever it is told to, some of them in a process of its own: a line of JSON comes by
one pipe, the process's number goes back by another, and what came of it is in a file.
"""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from _pytest.main import pytest_runtestloop as run_them

PIPES = "LATCHKEY_FORKED_PIPES"


class FirstFailure:
    def __init__(self) -> None:
        self.test = ""

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.test:
            self.test = report.nodeid


def run_some(session: pytest.Session, asked: dict) -> None:
    """In the new process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    before = Path(os.environ["LATCHKEY_BINARY"]).absolute()
    for module in list(sys.modules.values()):
        if getattr(module, "BINARY", None) == before:
            module.BINARY = Path(asked["binary"])
    os.environ["LATCHKEY_BINARY"] = asked["binary"]
    items = {item.nodeid: item for item in session.items}
    session.items = [items[test] for test in asked["tests"]]
    first = FirstFailure()
    session.config.pluginmanager.register(first)
    ended = "well"
    try:
        run_them(session)
    except (session.Failed, session.Interrupted):
        pass
    except BaseException:
        ended = "badly"
    try:
        session._setupstate.teardown_exact(None)
    except BaseException:
        first.test = first.test or "the end"
    result = Path(asked["result"])
    written = result.with_suffix(".new")
    written.write_text(json.dumps({"failed": first.test, "ended": ended}))
    written.replace(result)


class Forked:
    def __init__(self, asked: int, begun: int):
        self._asked, self._begun = asked, begun

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # none of them is waited for
        os.write(self._begun, b"0\n")
        with os.fdopen(self._asked) as lines:
            for line in lines:
                child = os.fork()
                if child == 0:
                    try:
                        run_some(session, json.loads(line))
                    finally:
                        os._exit(0)
                os.write(self._begun, f"{child}\n".encode())
        return True


def pytest_configure(config):
    if pipes := os.environ.get(PIPES):
        config.pluginmanager.register(Forked(*map(int, pipes.split(","))))
