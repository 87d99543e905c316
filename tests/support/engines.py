"""Where a server under test keeps its data: an SQLite file, or a database of a PostgreSQL."""

import itertools
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from support.postgres import Postgres

_number = itertools.count()


class Engine(Protocol):
    """One database. `save` and `restore` need a stopped server."""

    name: str
    url: str

    def save(self) -> "Copy": ...

    def restore(self, copy: "Copy") -> None: ...

    def query(self, statement: str) -> str: ...

    def change(self, statement: str) -> None: ...

    def drop(self) -> None: ...


Copy = Path | str


class Sqlite:
    name = "sqlite"

    def __init__(self, directory: Path):
        self.file = directory / "latchkey.db"
        self.url = f"sqlite://{self.file}"

    def _files(self) -> list[Path]:
        # The -shm file is an index of the -wal and is made anew.
        return [self.file, self.file.with_name(self.file.name + "-wal")]

    def save(self) -> Copy:
        copy = self.file.parent / f"copy-{next(_number)}"
        copy.mkdir()
        for file in self._files():
            if file.exists():
                shutil.copy2(file, copy / file.name)
        return copy

    def restore(self, copy: Copy) -> None:
        self.file.with_name(self.file.name + "-shm").unlink(missing_ok=True)
        for file in self._files():
            file.unlink(missing_ok=True)
            if (copy / file.name).exists():
                shutil.copy2(copy / file.name, file)

    def query(self, statement: str) -> str:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            rows = connection.execute(statement).fetchall()
        return "\n".join("|".join(map(str, row)) for row in rows)

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(statement)

    def drop(self) -> None:
        pass  # goes with its folder


class PostgresDatabase:
    name = "postgresql"

    def __init__(self, server: Postgres):
        self.server = server
        self._database = f"latchkey_{os.getpid()}_{next(_number)}"
        self._copies: list[str] = []
        server.sql("postgres", f"CREATE DATABASE {self._database}")
        self.url = server.url(self._database)

    @property
    def database(self) -> str:
        return self._database

    def save(self) -> Copy:
        copy = f"{self._database}_copy_{next(_number)}"
        self.server.sql("postgres", f"CREATE DATABASE {copy} TEMPLATE {self._database}")
        self._copies.append(copy)
        return copy

    def restore(self, copy: Copy) -> None:
        self.server.sql("postgres", f"DROP DATABASE {self._database} WITH (FORCE)")
        self.server.sql("postgres", f"CREATE DATABASE {self._database} TEMPLATE {copy}")

    def query(self, statement: str) -> str:
        return self.server.sql(self._database, statement).strip()

    def change(self, statement: str) -> None:
        self.query(statement)

    def drop(self) -> None:
        for database in [self._database, *self._copies]:
            self.server.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
