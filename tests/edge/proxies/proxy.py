"""What all proxies have in common: they run with the example that Latchkey ships, on ports of the
test's own."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port

CONFIG = Path(__file__).resolve().parents[3] / "config"
PAGE = CONFIG.parent / "docs/connecting/proxy.md"


def blocks(language: str, page: Path = PAGE) -> list[str]:
    """What the documentation has in this language."""
    return re.findall(rf"(?m)^ *```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL)


def changed(text: str, changes: dict[str, str]) -> str:
    """`text` with the places that an operator changes changed. Each must be there."""
    for old, new in changes.items():
        assert old in text, f"the example no longer has: {old}"
        text = text.replace(old, new)
    return text


class Proxy:
    """A running proxy. `url` is what the tests ask, for it needs no TLS; `tls_port` and
    `federation_port` stand for 443 and 8448, the former also on ::1 where `has_ipv6()`."""

    name: str
    # What the example can do, where proxies differ.
    says_json = True  # its own answers are Matrix errors, and name no internals
    serves_files = True  # the two files of the name in people's Matrix IDs
    answers_preflights = False  # itself, and the homeserver hears of none
    resolves_dots = False  # in paths, and sends on what it made of them
    refuses_upgrades = False  # instead of leaving unknown ones out
    limits_bodies = True  # before it has asked anybody
    reloads = True  # its configuration, without its starter's help
    check_can_be_impatient = True
    tells_check_everything = False  # of the headers, except the cookies
    takes_more_than_latchkey = True  # of a request's line and headers
    explains_what_it_cannot_read = False  # as its configuration says
    refuses_two_authorizations = False  # before it has asked
    # Its patience with the homeserver, Latchkey and the check, shortened.
    impatience: dict[str, str] = {"180s": "2s", "60s": "2s", "10s": "2s"}
    # What makes it open while Latchkey cannot be asked; none: it cannot be.
    opening: dict[str, str] = {}
    # What has the check at Latchkey's Unix socket; none: it cannot be there.
    over_socket: dict[str, str] = {}
    # The lines of the example that ask, as a regular expression.
    check_lines: str | None = None

    def __init__(
        self,
        directory: Path,
        latchkey_port: int,
        homeserver_port: int,
        changes: dict[str, str] | None = None,
        port: int | None = None,
        *,
        check_at: Path | None = None,
        checks: bool = True,
    ):
        """`changes` are those to the example, `check_at` is Latchkey's Unix socket."""
        self.port = port or free_port()
        self.tls_port, self.federation_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._ports = latchkey_port, homeserver_port
        self._changes = changes or {}
        self._check_at, self._checks = check_at, checks
        _make_certificate(directory)
        self.log_file = directory / "proxy.log"
        command = self._prepare(*self._ports)
        environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            wait_until(self._accepts, f"{self.name} to accept connections")
        except BaseException:
            self.close()
            raise

    def _adapted(self, example: str, changes: dict[str, str]) -> str:
        """The example with these changes and those that were asked for."""
        if self._check_at:
            assert self.over_socket, f"{self.name} cannot ask at a Unix socket"
            found = {
                old: new.format(socket=self._check_at) for old, new in self.over_socket.items()
            }
            example = changed(example, found)
        if not self._checks:
            assert self.check_lines, f"{self.name} is not run without the check"
            example, count = re.subn(self.check_lines, "", example, flags=re.MULTILINE | re.DOTALL)
            assert count, f"the example no longer asks as {self.check_lines} says"
        return changed(example, changes | self._changes)

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        raise NotImplementedError

    def _accepts(self) -> bool:
        assert self.running, self.log_file.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def pids(self) -> list[int]:
        """Its own, and those of its workers."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        children = [(task / "children").read_text().split() for task in tasks]
        return [self._process.pid, *(int(child) for of in children for child in of)]

    def reload(self, changes: dict[str, str]) -> None:
        """Changes its configuration further and has it read that, as an operator would. Old
        processes may answer for a while."""
        assert self.reloads, f"{self.name} has no reload"
        self._changes = self._changes | changes
        self._prepare(*self._ports)
        self._read_again()

    def _read_again(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def _make_certificate(directory: Path) -> None:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            directory / "key.pem",
            "-out",
            directory / "certificate.pem",
            "-subj",
            "/CN=matrix.example.com",
            "-addext",
            "subjectAltName=DNS:matrix.example.com,DNS:example.com",
        ],
        check=True,
        capture_output=True,
    )


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is missing: apt install {'nginx-light' if name == 'nginx' else name}"
    return found
