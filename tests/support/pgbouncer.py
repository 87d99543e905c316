"""pgBouncer in front of a private PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port
from support.postgres import Postgres


class PgBouncer:
    """Gives each transaction, or each session, to one of few connections to the server."""

    def __init__(self, directory: Path, server: Postgres, mode: str = "transaction"):
        self._home = directory / "pgbouncer"
        self._home.mkdir()
        self._mode = mode
        self.port = free_port()
        (self._home / "users.txt").write_text('"latchkey" ""\n')
        self._write(server)
        # It refuses to run as root; then it runs as PostgreSQL does.
        other_user: dict = {}
        if os.geteuid() == 0:
            other_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            for path in (self._home, *self._home.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "pgbouncer is missing: apt install pgbouncer"
        self._log = (self._home / "log").open("wb")
        # By names in its folder, for the folders above are this user's alone.
        self._process = subprocess.Popen(
            [program, "pgbouncer.ini"],
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            **other_user,
        )
        wait_until(self._accepts, "pgBouncer to accept connections")

    def _write(self, server: Postgres) -> None:
        (self._home / "pgbouncer.ini").write_text(
            "[databases]\n"
            f"* = host=127.0.0.1 port={server.port}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            "auth_type = trust\nauth_file = users.txt\n"
            f"pool_mode = {self._mode}\ndefault_pool_size = 4\nmax_client_conn = 200\n"
            "server_login_retry = 1\nserver_connect_timeout = 2\nquery_wait_timeout = 10\n"
        )

    def _accepts(self) -> bool:
        assert self._process.poll() is None, (self._home / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def lead_to(self, server: Postgres) -> None:
        """From now on to another server; its clients stay connected."""
        self._write(server)
        self._process.send_signal(signal.SIGHUP)

    def url(self, database: str) -> str:
        return f"postgresql://latchkey@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
