"""A real Synapse behind a Latchkey: the pinned one of .cache/synapse, on 127.0.0.1, with SQLite.

`./dev run --with-synapse` starts its Synapse with this, too.
"""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from support.polling import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".cache/synapse/bin/python"

# No limit of Synapse's is what is tested here.
_MANY = {"per_second": 10_000, "burst_count": 10_000}


def configuration(
    directory: Path, server_name: str, port: int, latchkey_url: str, secret: str, public_url: str
) -> dict:
    """homeserver.yaml, as JSON is YAML. Operators add `matrix_authentication_service` to theirs."""
    return {
        "server_name": server_name,
        "public_baseurl": public_url,
        "pid_file": str(directory / "synapse.pid"),
        "listeners": [
            {
                "port": port,
                "bind_addresses": ["127.0.0.1"],
                "type": "http",
                "tls": False,
                "x_forwarded": True,
                "resources": [{"names": ["client", "federation"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "synapse.db")}},
        "media_store_path": str(directory / "media"),
        "signing_key_path": str(directory / "signing.key"),
        "macaroon_secret_key": secret,
        "form_secret": secret,
        "report_stats": False,
        # It stays on this machine.
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "presence": {"enabled": False},
        "rc_message": _MANY,
        "rc_joins": {"local": _MANY, "remote": _MANY},
        "rc_invites": {"per_room": _MANY, "per_user": _MANY, "per_issuer": _MANY},
        "rc_room_creation": _MANY,
        "matrix_authentication_service": {
            "enabled": True,
            "endpoint": latchkey_url,
            "secret": secret,
        },
    }


class SynapseError(Exception):
    """It did not start; the message ends with what it logged."""


class Synapse:
    """One Synapse. `changes` are laid over the groups of its configuration."""

    def __init__(
        self,
        directory: Path,
        port: int,
        latchkey_url: str,
        secret: str,
        *,
        server_name: str = "example.com",
        public_url: str | None = None,
        changes: dict | None = None,
    ):
        self.directory = directory
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.secret = secret
        self.log_file = directory / "synapse.log"
        self.database = directory / "synapse.db"
        directory.mkdir(parents=True, exist_ok=True)
        self.options = configuration(
            directory, server_name, port, latchkey_url, secret, public_url or self.url
        ) | (changes or {})
        key = directory / "signing.key"
        if not key.exists():
            seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
            key.write_text(f"ed25519 a_latchkey {seed}\n")
        self._process: subprocess.Popen | None = None

    # -- life

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ports(self) -> list[int]:
        """Of all that answer clients."""
        return [self.port]

    def spawn(self) -> None:
        if not PYTHON.exists():
            raise SynapseError(f"{PYTHON} is not there: ./dev test synapse installs it")
        config = self.directory / "homeserver.yaml"
        config.write_text(json.dumps(self.options, indent=2))
        command = [str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(config)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.directory,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is its starter's
            )

    def start(self) -> "Synapse":
        self.spawn()
        return self.wait()

    def wait(self, seconds: float = 120) -> "Synapse":
        """Until it answers: imports and the tables of a new database take some seconds."""
        try:
            wait_until(
                lambda: not self.running or self.healthy(), "its answer", seconds, pause=0.05
            )
        except AssertionError as fault:
            raise SynapseError(f"Synapse does not answer:\n{self.log()[-4000:]}") from fault
        if not self.running:
            raise SynapseError(f"Synapse has ended:\n{self.log()[-4000:]}")
        return self

    def healthy(self, port: int | None = None) -> bool:
        url = f"http://127.0.0.1:{port or self.port}/health"
        try:
            with _open(urllib.request.Request(url), 5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to one that does not hear it."""
        if not self.running:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> "Synapse":
        self.stop()
        return self.start()

    def pause(self) -> None:
        """It takes connections, for the kernel does, and answers nothing until `resume`."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    # -- what it knows, asked behind Latchkey's back

    def ask(
        self,
        method: str,
        path: str,
        token: str,
        body: dict | None = None,
        *,
        port: int | None = None,
    ) -> tuple[int, dict]:
        """A request to Synapse itself, past the edge."""
        url = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with _open(request, 60) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or b"{}")

    def query_user(self, localpart: str) -> dict | None:
        """As the provisioning API has it; None: it knows none of that name."""
        query = urlencode({"localpart": localpart})
        status, said = self.ask("GET", f"/_synapse/mas/query_user?{query}", self.secret)
        if status == 404:
            return None
        assert status == 200, f"{status} {said}"
        return said

    def rows(self, statement: str, *values) -> list[tuple]:
        """What its database has, read beside it."""
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()

    def devices(self, user_id: str) -> dict[str, str | None]:
        """The names of a user's devices, by ID. Cross-signing keys are kept as hidden devices."""
        statement = "SELECT device_id, display_name FROM devices WHERE user_id = ? AND NOT hidden"
        return dict(self.rows(statement, user_id))

    def devices_with_keys(self, user_id: str) -> set[str]:
        """Those that have published end-to-end keys."""
        statement = "SELECT device_id FROM e2e_device_keys_json WHERE user_id = ?"
        return {device for (device,) in self.rows(statement, user_id)}


def _open(request: urllib.request.Request, seconds: float):
    """Whatever proxy the environment names is not for this machine."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        request, timeout=seconds
    )
