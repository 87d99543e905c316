"""One latchkey under test: the real binary with its own folder, database and configuration."""

import json
import os
import signal
import subprocess
from pathlib import Path

import yaml

from support.api import Api
from support.clock import Clock
from support.engines import Copy, Engine
from support.polling import wait_until
from support.ports import ReservedPort
from support.secrets import INTROSPECTION_SECRET, leaks

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LATCHKEY_BINARY", REPOSITORY / "build/release/latchkey")).absolute()
SERVER_NAME = "example.com"

# What a sanitizer writes before it ends the process, or goes on (UBSan).
_SANITIZER_REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


class CommandFailed(Exception):
    """A command of the command line that said no; the message is its sentence."""


def merge(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it, group by group."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        both_groups = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = merge(old, value) if both_groups else value
    return merged


class Server:
    """Starts, stops, kills and asks one latchkey. Stopping checks the exit code and the log."""

    # Whether parts of it are restarted while a test goes on.
    troubled = False

    def __init__(
        self,
        directory: Path,
        engine: Engine,
        options: dict | None = None,
        clock: Clock | None = None,
    ):
        self.directory = directory
        self.engine = engine
        self.clock = clock
        self._port = ReservedPort()
        self.port = self._port.number
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = self.api_at(self.url)
        self._config_file = directory / "latchkey.yaml"
        self._log_file = directory / "stderr.log"
        self._log_file.touch()
        self._checked_to = 0
        self._process: subprocess.Popen | None = None
        self.options = merge(self._defaults(), options or {})
        self.environment: dict[str, str] = {}  # of the server and of commands

    def _defaults(self) -> dict:
        return {
            "server_name": SERVER_NAME,
            "public_url": self.url + "/",
            "listen": [f"127.0.0.1:{self.port}"],
            "database": self.engine.url,
            # Beside the SQLite file by default; PostgreSQL has no such place.
            "keys_file": str(self.keys_file),
            "command_socket": str(self.directory / "latchkey.sock"),
            "registration": {"open": True},
            "rate_limits": {"enabled": False},
            "passwords": {"hash_memory": "1MiB", "hash_passes": 1},
            "introspection": {"secret": INTROSPECTION_SECRET},
            # The most talkative: check_log() looks for secrets in it.
            "log": {"level": "debug"},
            "cluster": {
                # No balancer has to see first that a node goes.
                "hand_over": "0s",
                # PostgreSQL's clock does not move along with a test's.
                **({"clock_skew_refused": "never"} if self.clock else {}),
            },
        }

    def api_at(self, url: str, **how) -> Api:
        """For a client that reaches this server there."""
        return Api(url, **how)

    @property
    def node_urls(self) -> list[str]:
        """Where each part of it is reached by itself."""
        return [self.url]

    @property
    def keys_file(self) -> Path:
        return self.directory / "latchkey.keys"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    # -- life

    def write_config(self) -> Path:
        self._config_file.write_text(yaml.safe_dump(self.options, sort_keys=False))
        return self._config_file

    def spawn(self) -> subprocess.Popen:
        """Starts the process without waiting for anything."""
        self.write_config()
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [str(BINARY), "serve", "--config", str(self._config_file)],
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self._process

    def start(self) -> "Server":
        """Starts it and waits for the line that says that it accepts connections."""
        begin = self._log_file.stat().st_size
        self.spawn()

        def accepts() -> bool:
            log = self.log(begin)
            if not self.running and "listening on" not in log:
                raise AssertionError(f"the server ended at its start:\n{log}")
            return "listening on" in log

        wait_until(accepts, "the line that says 'listening on'", 120)
        return self

    def start_refused(self) -> str:
        """A start that must fail: returns what the server said about it."""
        begin = self._log_file.stat().st_size
        code = self.spawn().wait(timeout=120)
        said = self.log(begin)
        assert code == 1, f"exit code {code}:\n{said}"
        assert "listening on" not in said
        return said

    def stop(self) -> None:
        """SIGTERM: it must drain and end with 0, and have written no secret to its log."""
        self.terminate()
        self.ended()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> None:
        """Waits for the end of a server that was told to stop."""
        code = self._process.wait(timeout=120)
        assert code == 0, f"exit code {code} after SIGTERM:\n{self.log()[-4000:]}"
        self.check_log()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def restart(self, changes: dict | None = None) -> "Server":
        """Stops it (when it runs) and starts it with `changes` laid over its configuration."""
        if self.running:
            self.stop()
        self.options = merge(self.options, changes or {})
        return self.start()

    def _environment(self) -> dict[str, str]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment |= self.environment
        return environment | (self.clock.environment() if self.clock else {})

    def settle(self) -> None:
        """Returns when every part of it knows what one was told: at once, where there is one."""

    def close(self) -> None:
        """At the end of a test: whatever state it is in, nothing of it stays."""
        try:
            if self.running:
                self.stop()
            else:
                self.check_log()
        finally:
            if self.running:
                self.kill()
            self.api.close()
            self._port.release()

    def test_is_over(self) -> None:
        """What else has to be true after a test of a server that goes on."""

    # -- backups

    def save(self) -> Copy:
        """A copy of the database, taken while the server is stopped for it."""
        self.stop()
        copy = self.engine.save()
        self.start()
        return copy

    def put_back(self, copy: Copy) -> None:
        if self.running:
            self.stop()
        self.engine.restore(copy)
        self.start()

    # -- the log

    def log(self, begin: int = 0) -> str:
        with self._log_file.open("rb") as file:
            file.seek(begin)
            return file.read().decode("utf-8", "replace")

    @property
    def log_size(self) -> int:
        return self._log_file.stat().st_size

    def check_log(self) -> None:
        """What was written since the last check holds no secret and no sanitizer's report."""
        new = self.log(self._checked_to)
        self._checked_to += len(new.encode("utf-8", "replace"))
        assert not leaks(new), f"the log shows a secret: {leaks(new)}"
        for report in _SANITIZER_REPORTS:
            assert report not in new, new[-8000:]

    # -- the command line

    def command(self, *arguments: str, stdin: str | None = None, **environment: str) -> dict:
        """One command with --json: its answer, or CommandFailed with its sentence."""
        self.write_config()
        done = subprocess.run(
            [str(BINARY), *arguments, "--config", str(self._config_file), "--json"],
            cwd=self.directory,
            env=self._environment() | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not leaks(done.stderr), done.stderr
        if done.returncode == 0:
            return json.loads(done.stdout or "{}")
        assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
        sentence = json.loads(done.stdout)["error"]
        assert sentence.strip(), "an error without a sentence"
        raise CommandFailed(sentence)

    def sessions(self, name: str) -> list[dict]:
        return self.command("user", "sessions", name)["sessions"]
