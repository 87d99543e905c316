"""A provider that runs as a process of its own: what the next ones stand on."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

import httpx

from support.polling import wait_until
from support.ports import ReservedPort


class ProviderProcess:
    """Listens on one port of 127.0.0.1, goes away and comes back.

    Who inherits says how it is begun, in `command` and `options`, and where it answers once it is
    there, in `sign_of_life`.
    """

    command: list[str]
    options: dict  # of subprocess.Popen
    sign_of_life: str  # a URL that is answered with 200
    patience = 60.0  # seconds for its start

    def __init__(self, log: Path):
        self.port = ReservedPort()
        self.origin = f"http://127.0.0.1:{self.port.number}"
        self.options = {}
        self._log = log
        self._process: subprocess.Popen | None = None

    def start(self) -> Self:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a shell, it may be, and the provider beneath it
                **self.options,
            )
        wait_until(self._answers, f"{self.command[0]} to answer", self.patience, pause=0.05)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            return httpx.get(self.sign_of_life, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def log(self) -> str:
        """The end of what it has printed."""
        return self._log.read_text()[-4000:]

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def stop(self) -> None:
        if self._process is None:
            return
        self._send(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._send(signal.SIGKILL)
            self._process.wait()
        self._process = None

    def close(self) -> None:
        self.stop()
        self.port.release()

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)
