"""A plugin of pytest, for tools/mutants.py: which mistaken places each test comes by.

The programs write them into a file that they share (mistake.h). What happens while a fixture of
several tests is made counts for all tests that follow. A test that fails is left out.
"""

import json
import mmap
import os
from pathlib import Path

import pytest


class Reached:
    def __init__(self, file: Path):
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), 0)
        self._lasting: set[int] = set()
        self._of_test: set[int] = set()
        self._failed: set[str] = set()
        self.tests: dict[str, list[int]] = {}

    def _take(self) -> set[int]:
        """Those since the last call."""
        taken = set()
        at = self._bytes.find(b"\1")
        while at >= 0:
            taken.add(at)
            self._bytes[at] = 0
            at = self._bytes.find(b"\1", at + 1)
        return taken

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        if fixturedef.scope == "function":
            return (yield)
        self._of_test |= self._take()
        try:
            return (yield)
        finally:
            self._lasting |= self._take()

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid):
        places = self._take() | self._of_test | self._lasting
        if nodeid not in self._failed:
            self.tests[nodeid] = sorted(places)
        self._of_test = set()

    def pytest_sessionfinish(self):
        Path(os.environ["LATCHKEY_MISTAKES_BY_TEST"]).write_text(json.dumps(self.tests))


def pytest_configure(config):
    if file := os.environ.get("LATCHKEY_MISTAKES_REACHED"):
        config.pluginmanager.register(Reached(Path(file)))
