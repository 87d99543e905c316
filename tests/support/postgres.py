"""A private PostgreSQL for the tests: never one that runs on the machine already."""

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port

_USER = "latchkey"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
    # A killed process loses nothing that the kernel holds; only a power cut would.
    "fsync": "off",
    "wal_level": "replica",
    "log_min_messages": "fatal",
}


def _binaries() -> Path:
    """The newest that Debian has installed, unless LATCHKEY_POSTGRES names a folder of programs."""
    if other := os.environ.get("LATCHKEY_POSTGRES"):
        return Path(other)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if not on_path:
        raise RuntimeError("PostgreSQL is missing: apt install postgresql-15")
    return Path(on_path).parent


def _unprivileged() -> dict:
    """initdb and postgres refuse to run as root; then they run as the packaged user."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _run(home: Path, program: str, *arguments: object) -> str:
    done = subprocess.run(
        [str(_binaries() / program), *map(str, arguments)],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **_unprivileged(),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr}")
    return done.stdout


def _new_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="latchkey-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
    return home


@functools.cache
def _template() -> Path:
    """The files of a new server, made once: copying them is much quicker than initdb."""
    home = _new_home()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    options = ("-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C")
    _run(home, "initdb", "-D", home / "data", *options)
    return home / "data"


class Postgres:
    """One running server in a temporary folder."""

    def __init__(self, data: Path | None = None, settings: dict[str, str] | None = None):
        self._home = _new_home()
        self._settings = _SETTINGS | (settings or {})
        self.port = free_port()
        self._process: subprocess.Popen | None = None
        # With owners and modes, which PostgreSQL is particular about.
        subprocess.run(["cp", "-a", data or _template(), self._data], check=True)
        self.start()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the postmaster, whose children are the other processes."""
        return self._process.pid

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def start(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(_binaries() / "postgres"),
                    "-D",
                    str(self._data),
                    "-p",
                    str(self.port),
                    *settings,
                ],
                cwd=self._home,
                stdout=log,
                stderr=log,
                **_unprivileged(),
            )
        wait_until(self._answers, "PostgreSQL to answer", 120)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError("PostgreSQL ended: " + (self._home / "log").read_text()[-2000:])
        try:
            self.sql("postgres", "SELECT 1")
            return True
        except RuntimeError:
            return False

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and end too."""
        self._process.kill()
        self._process.wait()
        # The next postmaster refuses to start while a child still holds the shared memory.
        wait_until(self._no_child_left, "the children of a killed PostgreSQL to end", 20)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _no_child_left(self) -> bool:
        for cwd in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if cwd.readlink() == self._data:
                    return False
            except OSError:  # it has ended, or is not ours
                continue
        return True

    def stop(self) -> None:
        """Ends it at once, in order ("fast shutdown")."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=120)

    # -- replication

    def new_standby(self, name: str = "standby") -> "Postgres":
        """A running standby of this server, made and fed by streaming replication."""
        home = _new_home()
        try:
            conninfo = f"host=127.0.0.1 port={self.port} user={_USER} application_name={name}"
            options = ("-R", "-X", "stream", "-c", "fast", "--no-sync")
            _run(home, "pg_basebackup", "-d", conninfo, "-D", home / "data", *options)
            standby = Postgres(home / "data")
        finally:
            shutil.rmtree(home, ignore_errors=True)
        replicas = f"SELECT 1 FROM pg_stat_replication WHERE application_name = '{name}'"
        wait_until(lambda: self.sql("postgres", replicas).strip(), "the standby to follow", 60)
        return standby

    def wait_for_standbys(self, names: str) -> None:
        """From now on a commit is acknowledged when these standbys have it too; '': at once."""
        self.sql("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.sql("postgres", "SELECT pg_reload_conf()")
        shown = "SHOW synchronous_standby_names"
        wait_until(lambda: self.sql("postgres", shown).strip() == names, "the setting", 20)
        if names:
            state = "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
            wait_until(lambda: self.sql("postgres", state).strip(), "a synchronous standby", 60)

    def promote(self) -> None:
        """A standby becomes the primary, and takes writes when this returns."""
        assert self.sql("postgres", "SELECT pg_promote(true, 60)").strip() == "t"

    def freeze(self) -> None:
        """Every process stops where it is: connections stay open and nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in [parent, *map(int, children)]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def destroy(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def copy_as_new(self) -> "Postgres":
        """Another server from a copy of this one's files; this one is restarted for it."""
        self.stop()
        other = Postgres(self._data)
        self.start()
        return other

    def sql(self, database: str, statement: str) -> str:
        """Runs one statement with psql; returns its rows, columns separated by '|'."""
        return self.sql_at(self.port, database, statement)

    def sql_at(self, port: int, database: str, statement: str) -> str:
        """The same where somebody else stands in between."""
        return _run(
            self._home,
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            port,
            "-U",
            _USER,
            "-d",
            database,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
        )

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
