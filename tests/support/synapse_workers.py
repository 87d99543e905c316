"""A Synapse of several processes: main, two generic workers, PostgreSQL, and redis between them."""

import json
import os
import signal
import subprocess
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port
from support.postgres import Postgres
from support.synapse_server import PYTHON, Synapse, SynapseError

WORKERS = 2


class SynapseWithWorkers(Synapse):
    """`port` and what else it has in common with one process are main's."""

    def __init__(self, directory: Path, port: int, *given, **named):
        super().__init__(directory, port, *given, **named)
        self.worker_ports = [free_port() for _ in range(WORKERS)]
        self._workers: list[subprocess.Popen] = []
        self._redis_port, replication = free_port(), free_port()
        self._postgres = Postgres()
        self._postgres.sql("postgres", "CREATE DATABASE synapse")
        self.options["database"] = {
            "name": "psycopg2",
            "args": {
                "host": "127.0.0.1",
                "port": self._postgres.port,
                "user": "latchkey",
                "dbname": "synapse",
                "cp_min": 1,
                "cp_max": 5,
            },
        }
        self.options["listeners"].append(
            {
                "port": replication,
                "bind_addresses": ["127.0.0.1"],
                "type": "http",
                "resources": [{"names": ["replication"]}],
            }
        )
        self.options["instance_map"] = {"main": {"host": "127.0.0.1", "port": replication}}
        self.options["worker_replication_secret"] = self.secret
        self.options["redis"] = {"enabled": True, "host": "127.0.0.1", "port": self._redis_port}

    @property
    def ports(self) -> list[int]:
        return [self.port, *self.worker_ports]

    @property
    def all_running(self) -> bool:
        return self.running and all(one.poll() is None for one in self._workers)

    def spawn(self) -> None:
        self._start(
            ["redis-server", "--port", str(self._redis_port), "--bind", "127.0.0.1", "--save", ""]
        )
        super().spawn()

    def wait(self, seconds: float = 120) -> "SynapseWithWorkers":
        """Until all of them answer. Main makes the tables first."""
        super().wait(seconds)
        for number, port in enumerate(self.worker_ports):
            file = self.directory / f"worker{number}.yaml"
            worker = {
                "worker_app": "synapse.app.generic_worker",
                "worker_name": f"worker{number}",
                "worker_listeners": [self.options["listeners"][0] | {"port": port}],
            }
            file.write_text(json.dumps(worker))
            both = ["--config-path", str(self.directory / "homeserver.yaml")]
            both += ["--config-path", str(file)]
            self._start([str(PYTHON), "-m", "synapse.app.generic_worker", *both])
        for port in self.worker_ports:
            wait_until(
                lambda at=port: not self.all_running or self.healthy(at),
                "a worker",
                seconds,
                pause=0.05,
            )
        if not self.all_running:
            raise SynapseError(f"A worker has ended:\n{self.log()[-4000:]}")
        return self

    def _start(self, command: list[str]) -> None:
        with self.log_file.open("ab") as log:
            self._workers.append(
                subprocess.Popen(
                    command,
                    cwd=self.directory,
                    env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def stop(self) -> None:
        for one in reversed(self._workers):
            one.send_signal(signal.SIGTERM)
        super().stop()
        for one in self._workers:
            try:
                one.wait(timeout=20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
        self._workers.clear()
        self._postgres.destroy()

    def rows(self, statement: str, *values) -> list[tuple]:
        for value in values:
            statement = statement.replace("?", f"'{value}'", 1)
        return [
            tuple(row.split("|")) for row in self._postgres.sql("synapse", statement).splitlines()
        ]
