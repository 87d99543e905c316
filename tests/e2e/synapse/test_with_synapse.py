"""./dev run --with-synapse as a newcomer uses it: start it, do what it says, press Ctrl-C."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from support.polling import wait_until
from support.server import BINARY, REPOSITORY


def test_what_it_says_can_be_done(binary, tmp_path):
    said = tmp_path / "said"
    command = [sys.executable, str(REPOSITORY / "tools/with_synapse.py")]
    command += ["--directory", str(tmp_path / "data"), "--port", "0"]
    environment = {"PATH": os.environ["PATH"], "LATCHKEY_BINARY": str(BINARY)}
    with said.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        wait_until(
            lambda: process.poll() is not None or "serving on" in said.read_text(), "the start", 120
        )
        assert process.poll() is None, said.read_text()
        [walk] = re.findall(r"In a second terminal: (\S+)", said.read_text())
        walked = subprocess.run(
            [walk], capture_output=True, text=True, check=False, timeout=120, cwd=REPOSITORY
        )
        assert walked.returncode == 0, walked.stdout + walked.stderr
        assert '"soft_logout":true' in walked.stdout
        assert "Softly ended 1 session" in walked.stdout
        [doctor] = re.findall(r"Is all of it right\? (.+)", said.read_text())
        examined = subprocess.run(
            doctor.split(), capture_output=True, text=True, check=False, timeout=120, cwd=REPOSITORY
        )
        assert examined.returncode == 0, examined.stdout
        assert "Nothing is wrong." in examined.stdout
        [url] = re.findall(r"serving on (\S+)", said.read_text())
        with urllib.request.urlopen(f"{url}account/sign-in", timeout=30) as page:
            assert b"<form" in page.read()
    finally:
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, said.read_text()
    assert len(children) == 3
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)


def tool():
    """tools/with_synapse.py as a module."""
    found = importlib.util.spec_from_file_location(
        "with_synapse", REPOSITORY / "tools/with_synapse.py"
    )
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Stand:
    """In the place of each of the three, and of its class; the stops are noted, and not all of
    them work."""

    running = False
    url, config, log_file = "http://127.0.0.1:1", "latchkey.yaml", "log"
    stops: list[str] = []

    def __init__(self, what: str, stops: bool):
        self.name, self._stops = what, stops

    def __call__(self, *_, **__) -> "Stand":
        return self

    def start(self) -> None:
        pass

    spawn = wait = start

    def command(self, *_, **__) -> None:
        pass

    def stop(self) -> None:
        Stand.stops.append(self.name)
        if not self._stops:
            raise subprocess.TimeoutExpired(self.name, 20)

    close = stop


@pytest.fixture
def signals():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("stuck", [["Nginx"], ["Latchkey", "Nginx"], ["Synapse"], []])
def test_each_is_stopped_whatever_becomes_of_the_others(
    stuck, signals, tmp_path, monkeypatch, capsys
):
    module = tool()
    Stand.stops.clear()
    for what in ("Latchkey", "Synapse", "Nginx"):
        monkeypatch.setattr(module, what, Stand(what, what not in stuck))
    monkeypatch.setattr(
        sys, "argv", ["with_synapse.py", "--directory", str(tmp_path), "--port", "1"]
    )
    assert module.main() == 1
    assert sorted(Stand.stops) == ["Latchkey", "Nginx", "Synapse"]
    assert ("timed out" if stuck else "has ended") in capsys.readouterr().err
