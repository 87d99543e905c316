"""A database that is full, read-only, damaged, of somebody else, or lets nobody in any more.

Whatever it is: a sentence at the start, 503 later, nobody signed out, and it goes on afterwards.
"""

import resource
import sqlite3
import subprocess
from contextlib import closing

import pytest

from support.answers import assert_good, assert_hard
from support.engines import PostgresDatabase
from support.matrix_client import assert_kept, new_client
from support.polling import wait_until


def healthy(server) -> bool:
    return server.api.request("GET", "/health").status_code == 200


def assert_serves_what_it_remembers(server, client) -> None:
    assert server.api.whoami(client.access).status_code in (200, 503)


def test_a_full_disk(make_sqlite_server):
    """By the largest size of a file that the process may write, which needs no disk of its own."""
    server = make_sqlite_server()
    client, out = new_client(server.api), new_client(server.api)
    files = server.directory.glob("latchkey.db*")
    largest = max(file.stat().st_size for file in files if not file.is_socket())
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest + 64 * 1024, before[1]))
    name, secret = client.store.user, client.store.password

    def refused() -> bool:
        answer = server.api.login(name, secret)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 503

    wait_until(refused, "the file to be as large as it may be", 60)
    assert server.api.login(name, secret).headers["retry-after"]
    # What is shorter than a sign-in may still fit.
    refreshed = server.api.refresh(client.refresh_token)
    ended = server.api.logout(out.access)
    assert {refreshed.status_code, ended.status_code} <= {200, 503}
    assert_good(server.api.whoami(client.access))
    assert server.running
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
    wait_until(lambda: server.api.login(name, secret).status_code == 200, "room again", 20)
    # What was acknowledged lasts, and nothing else has happened.
    server.kill()
    server.start()
    if ended.status_code == 200:
        assert_hard(server.api.whoami(out.access))
    else:
        assert_kept(out)
    if refreshed.status_code == 200:
        assert_good(server.api.whoami(refreshed.json()["access_token"]))
    assert_kept(client)
    assert client.softs == out.softs == 0


def test_a_full_disk_of_postgresql(make_fragile_server, own_postgres, small_disk):
    server = make_fragile_server(start=False)
    database = server.engine.database
    own_postgres.sql("postgres", f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    own_postgres.sql("postgres", f"ALTER DATABASE {database} SET TABLESPACE small")
    server.start()
    client, out = new_client(server.api), new_client(server.api)
    own_postgres.sql(database, "CREATE TABLE ballast (text TEXT)")
    # Else it would be compressed to nearly nothing.
    own_postgres.sql(database, "ALTER TABLE ballast ALTER text SET STORAGE EXTERNAL")
    with pytest.raises(RuntimeError, match="No space left"):
        own_postgres.sql(
            database,
            "INSERT INTO ballast SELECT repeat(md5(n::text), 200) FROM generate_series(1, 9999) n",
        )
    small_disk.joinpath("rest").write_bytes(b"")
    with pytest.raises(OSError), small_disk.joinpath("rest").open("wb", buffering=0) as rest:
        while True:
            rest.write(bytes(4096))
    name, secret = client.store.user, client.store.password

    def refused() -> bool:
        answer = server.api.login(name, secret)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 503

    wait_until(refused, "the disk to be full", 60)
    assert server.api.whoami(client.access).status_code in (200, 503)
    small_disk.joinpath("rest").unlink()
    own_postgres.sql(database, "DROP TABLE ballast")
    wait_until(lambda: server.api.login(name, secret).status_code == 200, "room again", 30)
    assert_kept(client, out)
    assert client.softs == out.softs == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MiB that PostgreSQL may write to."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,uid=postgres,mode=700", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no disk of its own can be made here: {made.stderr.strip()}")
    for above in folder.parents:
        if above == above.parent or above.stat().st_mode & 0o001:
            continue
        above.chmod(above.stat().st_mode | 0o001)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_damaged_file_is_said_at_the_start(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    backup = server.directory / "backup.db"
    server.command("backup", str(backup))
    server.stop()
    whole = server.engine.file.read_bytes()
    server.engine.file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert "damaged" in server.start_refused()
    server.engine.file.write_bytes(b"this is something else " * 1000)
    assert "not an SQLite database" in server.start_refused()
    server.command("restore", str(backup))
    server.start()
    assert_kept(client)


def test_a_file_that_is_damaged_while_it_is_in_use(make_sqlite_server):
    """503 and a sentence in the log; it neither ends nor tells anybody that a session is over."""
    server = make_sqlite_server()
    clients = [new_client(server.api) for _ in range(5)]
    server.restart()  # nothing is remembered, and the log is in the file
    size = server.engine.file.stat().st_size
    with server.engine.file.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    begin = server.log_size
    for client in clients:
        for answer in (
            server.api.whoami(client.access),
            server.api.refresh(client.refresh_token),
            server.api.login(client.store.user, client.store.password),
        ):
            assert answer.status_code in (200, 503), answer.text
    assert server.api.login(clients[0].store.user, "x").status_code in (403, 503)
    assert server.running
    assert "damaged" in server.log(begin)


def test_a_schema_that_is_not_ours(make_server):
    server = make_server()
    client = new_client(server.api)
    server.stop()
    query = server.engine.change
    query("UPDATE schema_migrations SET checksum = 'x' || checksum WHERE version = 1")
    assert "made by another Latchkey" in server.start_refused()
    query("UPDATE schema_migrations SET checksum = substr(checksum, 2) WHERE version = 1")
    query(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at)"
        " VALUES (9999, 'next', 'x', 0)"
    )
    assert "newer than this program" in server.start_refused()
    query("DELETE FROM schema_migrations WHERE version = 9999")
    server.start()
    assert_kept(client)


def test_a_database_of_another_program(make_server):
    server = make_server(start=False)
    if server.engine.name == "sqlite":
        with closing(sqlite3.connect(server.engine.file)) as other:
            other.execute("CREATE TABLE users (name TEXT)")
            other.commit()
    else:
        server.engine.change("CREATE TABLE users (name TEXT)")
    assert "users" in server.start_refused()
    # Nothing of ours was left in it.
    tables = (
        "SELECT count(*) FROM sqlite_schema WHERE name = 'sessions'"
        if server.engine.name == "sqlite"
        else "SELECT count(*) FROM pg_tables WHERE tablename = 'sessions'"
    )
    assert server.engine.query(tables) == "0"


def test_a_postgresql_that_becomes_read_only(make_fragile_server, own_postgres):
    """As when a primary is demoted where it stands, or a guard of the disk steps in: it answers,
    and takes nothing."""
    server = make_fragile_server(database_pool={"connect_timeout": "1s", "statement_timeout": "2s"})
    client, out = new_client(server.api, patience=60), new_client(server.api, patience=60)
    name, secret = client.store.user, client.store.password

    def read_only(switch: str) -> None:
        own_postgres.sql("postgres", f"ALTER SYSTEM SET default_transaction_read_only = {switch}")
        own_postgres.sql("postgres", "SELECT pg_reload_conf()")

    def refused() -> bool:
        answer = server.api.login(name, secret)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 503

    read_only("on")
    try:
        wait_until(refused, "it to notice", 20)
        for _ in range(3):
            answer = server.api.refresh(client.refresh_token)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            # Nobody is told that it is over, for it is not.
            assert server.api.logout(out.access).status_code == 503
            assert_serves_what_it_remembers(server, client)
        assert not healthy(server)
    finally:
        # A transaction of its own may write all the same.
        read_only("off")
    wait_until(lambda: healthy(server), "it to go on", 30)
    assert_kept(client, out)
    assert client.softs == out.softs == 0


def test_a_folder_that_takes_no_files(make_sqlite_server, read_only):
    server = make_sqlite_server(start=False)
    server.write_config()
    folder = server.directory / "data"
    folder.mkdir()
    server.options["database"] = f"sqlite://{folder}/latchkey.db"
    with read_only(folder):
        assert str(folder) in server.start_refused()
    server.start()


def test_a_file_that_becomes_read_only(make_sqlite_server, read_only):
    """As when the kernel has remounted a disk with errors."""
    server = make_sqlite_server(start=False)
    folder = server.directory / "data"
    folder.mkdir()
    server.options["database"] = f"sqlite://{folder}/latchkey.db"
    server.start()
    client = new_client(server.api)
    server.stop()
    with read_only(folder):
        assert "read" in server.start_refused().lower()
    server.start()
    assert_kept(client)


@pytest.fixture
def read_only():
    """A folder that is mounted read-only, which holds for root too."""

    class Mounted:
        def __init__(self, folder):
            self.folder = str(folder)

        def __enter__(self):
            subprocess.run(["mount", "--bind", self.folder, self.folder], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", self.folder], check=True)

        def __exit__(self, *_):
            subprocess.run(["umount", "-l", self.folder], check=True)

    return Mounted


@pytest.fixture
def limited(own_postgres, make_fragile_server):
    """A server whose role has a limit of connections, and what sets that."""
    own_postgres.sql("postgres", "CREATE ROLE limited LOGIN CREATEDB")
    server = make_fragile_server(
        start=False, database_pool={"connect_timeout": "1s", "statement_timeout": "2s"}
    )
    database: PostgresDatabase = server.engine
    own_postgres.sql("postgres", f"ALTER DATABASE {database.database} OWNER TO limited")
    own_postgres.sql(database.database, "ALTER SCHEMA public OWNER TO limited")
    server.options["database"] = database.url.replace("latchkey@", "limited@")

    def limit(connections: int) -> None:
        own_postgres.sql("postgres", f"ALTER ROLE limited CONNECTION LIMIT {connections}")

    def cut() -> None:
        own_postgres.sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'",
        )

    return server, limit, cut


def test_a_start_without_a_connection_left(limited):
    server, limit, _ = limited
    limit(0)
    assert "too many connections" in server.start_refused()
    limit(-1)
    server.start()
    assert_kept(new_client(server.api))


def test_connections_that_run_out_later(limited):
    """It goes on with those it gets, with none it is 503; and settles when there are enough."""
    server, limit, cut = limited
    server.start()
    clients = [new_client(server.api, patience=60) for _ in range(5)]
    limit(0)
    cut()
    wait_until(lambda: not healthy(server), "it to notice", 20)
    for client in clients:
        assert server.api.refresh(client.refresh_token).status_code == 503
        assert_serves_what_it_remembers(server, client)
    limit(3)  # fewer than the pool and the listener want
    wait_until(lambda: server.api.refresh(clients[0].refresh_token).status_code == 200, "a few", 30)
    limit(-1)
    wait_until(lambda: healthy(server), "all", 30)
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0
