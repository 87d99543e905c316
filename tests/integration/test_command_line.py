"""The command line, on a running server (through its socket) and on a stopped one."""

import re
import stat
import subprocess

import pytest

from support.answers import (
    assert_error,
    assert_good,
    assert_hard,
    assert_locked,
    assert_soft,
)
from support.api import new_name
from support.matrix_client import new_client
from support.polling import wait_until
from support.secrets import password
from support.server import BINARY, REPOSITORY, CommandFailed


def test_user_create(either):
    server, do = either
    name, secret = new_name(), password()
    do(lambda: server.command("user", "create", name, "--password-stdin", stdin=secret + "\n"))
    assert_good(server.api.login(name, secret))
    with pytest.raises(CommandFailed, match=name):
        do(lambda: server.command("user", "create", name, "--password-stdin", stdin=secret + "\n"))


@pytest.mark.parametrize("name", ["", "a b", "UPPER CASE", "@x:example.com:1", "ü"])
def test_user_create_refuses_bad_names(make_sqlite_server, name):
    server = make_sqlite_server()
    with pytest.raises(CommandFailed):
        server.command("user", "create", name, "--password-stdin", stdin=password())


def test_lock_and_unlock(either):
    server, do = either
    client = new_client(server.api)
    assert_good(server.api.whoami(client.access))
    do(lambda: server.command("user", "lock", client.store.user))
    assert_locked(server.api.whoami(client.access))
    do(lambda: server.command("user", "unlock", client.store.user))
    assert_good(server.api.whoami(client.access))


def test_suspend_and_unsuspend(either):
    server, do = either
    client = new_client(server.api)
    do(lambda: server.command("user", "suspend", client.store.user))
    assert_good(server.api.whoami(client.access))
    [session] = server.sessions(client.store.user)
    assert session["standing"] in ("active", "suspended")
    do(lambda: server.command("user", "unsuspend", client.store.user))
    assert_good(server.api.whoami(client.access))


def test_user_sessions(either):
    server, do = either
    client = new_client(server.api)
    phone = assert_good(server.api.login(client.store.user, client.store.password, "PHONE"))
    desk = assert_good(server.api.login(client.store.user, client.store.password, "DESK"))
    assert_good(server.api.logout(phone["access_token"]))
    server.command("user", "sessions", client.store.user)
    sessions = do(lambda: server.sessions(client.store.user))
    standing = {session["device_id"]: session["standing"] for session in sessions}
    assert standing[client.store.device] == "active"
    assert standing["DESK"] == "active"
    assert standing.get("PHONE", "ended") == "ended"
    for session in sessions:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{13}", session["id"]), session["id"]
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", session["created_at"])
    assert_good(server.api.whoami(desk["access_token"]))


def test_session_end(either):
    server, do = either
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    do(lambda: server.command("session", "end", session["id"]))
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


def test_session_soft_logout(either):
    server, do = either
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    do(lambda: server.command("session", "soft-logout", session["id"]))
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.refresh(client.refresh_token))
    device = client.store.device
    client.sign_in()
    assert client.store.device == device
    assert_good(server.api.whoami(client.access))


def test_a_soft_logout_does_not_soften_an_end(either):
    """Nothing overwrites a deliberate end."""
    server, do = either
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    server.command("session", "end", session["id"])

    def soften():
        try:
            server.command("session", "soft-logout", session["id"])
        except CommandFailed:
            pass  # saying that it has ended already is as good

    do(soften)
    do(lambda: server.command("user", "soft-logout", client.store.user))
    assert_hard(server.api.whoami(client.access))


def test_an_end_hardens_a_soft_logout(either):
    server, do = either
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    server.command("session", "soft-logout", session["id"])
    do(lambda: server.command("session", "end", session["id"]))
    assert_hard(server.api.whoami(client.access))


def test_user_soft_logout(either):
    server, do = either
    client, stranger = new_client(server.api), new_client(server.api)
    other = assert_good(server.api.login(client.store.user, client.store.password))
    do(lambda: server.command("user", "soft-logout", client.store.user))
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.whoami(other["access_token"]))
    assert_good(server.api.whoami(stranger.access))


def test_set_password(either):
    server, do = either
    client = new_client(server.api)
    new = password()
    do(
        lambda: server.command(
            "user", "set-password", client.store.user, "--password-stdin", stdin=new + "\n"
        )
    )
    assert_error(server.api.login(client.store.user, client.store.password), 403, "M_FORBIDDEN")
    assert_good(server.api.login(client.store.user, new))


def test_deactivate_and_reactivate(either):
    server, do = either
    client = new_client(server.api)
    do(lambda: server.command("user", "deactivate", client.store.user))
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))
    do(lambda: server.command("user", "reactivate", client.store.user))
    # The person comes back; what was ended by the deactivation does not.
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


@pytest.mark.parametrize(
    "command",
    [
        ("user", "lock", "nobody"),
        ("user", "unlock", "nobody"),
        ("user", "suspend", "nobody"),
        ("user", "sessions", "nobody"),
        ("user", "soft-logout", "nobody"),
        ("user", "deactivate", "nobody"),
        ("session", "end", "nonsense"),
        ("session", "end", "01ARZ3NDEKTSV"),
        ("session", "soft-logout", "nonsense"),
        ("session", "mark-gap", "--from", "yesterday"),
    ],
)
def test_what_does_not_exist_is_said(either, command):
    server, do = either
    with pytest.raises(CommandFailed):
        do(lambda: server.command(*command))


def test_the_version():
    done = subprocess.run(
        [str(BINARY), "--version"], capture_output=True, text=True, timeout=20, check=True
    )
    project = (REPOSITORY / "CMakeLists.txt").read_text()
    version = re.search(r"project\(latchkey VERSION (\S+)", project)[1]
    assert done.stdout == f"latchkey {version}\n"


def test_a_wrong_command_line_is_explained():
    for arguments in ([], ["nonsense"], ["user"], ["user", "lock"], ["serve", "--nonsense"]):
        done = subprocess.run(
            [str(BINARY), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode != 0
        assert done.stderr.strip() or done.stdout.strip()


def test_for_people(make_sqlite_server):
    """Without --json: sentences, and errors on stderr."""
    server = make_sqlite_server()
    client = new_client(server.api)
    config = str(server.write_config())
    done = subprocess.run(
        [str(BINARY), "user", "sessions", client.store.user, "--config", config],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert client.store.device in done.stdout
    done = subprocess.run(
        [str(BINARY), "user", "lock", "nobody", "--config", config],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert "nobody" in done.stderr
    assert not done.stdout.strip()


def test_the_socket_and_the_keys_are_private(make_sqlite_server):
    server = make_sqlite_server()
    for file in (server.keys_file, server.directory / "latchkey.sock"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_beside_the_database_by_default(make_sqlite_server):
    server = make_sqlite_server(start=False)
    del server.options["keys_file"], server.options["command_socket"]
    server.start()
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    assert_locked(server.api.whoami(client.access))
    database = server.engine.file
    assert database.with_name(database.name + ".keys").exists()
    assert database.with_name(database.name + ".sock").exists()


def test_a_socket_left_by_a_killed_server(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    server.kill()
    server.command("user", "lock", client.store.user)  # nobody listens: it acts itself
    server.start()
    assert_locked(server.api.whoami(client.access))
    server.command("user", "unlock", client.store.user)
    assert_good(server.api.whoami(client.access))


def test_keys_rotate_signing(either):
    """New keys for ID tokens, while the old ones are still published."""
    server, do = either
    published = lambda: {  # noqa: E731
        key["kid"] for key in server.api.request("GET", "/oauth2/keys.json").json()["keys"]
    }
    before = published()
    keys = do(lambda: server.command("keys", "rotate-signing"))["keys"]
    assert {key["algorithm"] for key in keys if "retired_at" not in key} == {"RS256", "ES256"}
    wait_until(lambda: published() == {key["id"] for key in keys}, "the new keys")
    assert before < published()


def test_keys_list_and_rotate(either):
    server, do = either
    client = new_client(server.api)
    before = do(lambda: server.command("keys", "list"))["keys"]
    do(lambda: server.command("keys", "rotate"))
    after = server.command("keys", "list")["keys"]
    assert len(after) == len(before) + 1
    assert_good(server.api.whoami(client.access))
    newer = new_client(server.api)
    assert_good(server.api.whoami(newer.access))
    client.refresh()
    assert_good(server.api.whoami(client.access))


def test_config_check(make_sqlite_server):
    server = make_sqlite_server(start=False)
    server.command("config", "check")
    for group, option, value in (
        ("sessions", "access_token_lifetime", "5 parsecs"),
        ("sessions", "acess_token_lifetime", "5m"),
        ("sessions", "refresh_grace", "10m"),
    ):
        keep = server.options.get(group, {})
        server.options[group] = {**keep, option: value}
        with pytest.raises(CommandFailed, match=option):
            server.command("config", "check")
        said = server.start_refused()
        assert option in said
        server.options[group] = keep


def test_secrets_of_the_environment(make_sqlite_server):
    """The server's own: a shell that has not all of it gives commands all the same."""
    server = make_sqlite_server(start=False)
    corp = {"id": "corp", "kind": "oidc", "name": "Corp", "issuer": "http://127.0.0.1:9/"}
    corp |= {"client_id": "latchkey", "client_secret_env": "CORP_SECRET"}
    server.options["sign_in"] = {"providers": [corp]}
    for missing in ({}, {"CORP_SECRET": ""}):
        with pytest.raises(CommandFailed, match="client_secret_env: .*'CORP_SECRET' is "):
            server.command("config", "check", **missing)
    assert server.command("config", "check", CORP_SECRET="hunter2 of Corp")["ok"]
    # As when none runs.
    with pytest.raises(CommandFailed, match="'CORP_SECRET' is not set"):
        server.command("provider", "list")
    assert server.command("provider", "list", CORP_SECRET="x")["providers"]
    server.environment = {"CORP_SECRET": "hunter2 of Corp"}
    server.start()
    server.environment = {}
    assert [one["id"] for one in server.command("provider", "list")["providers"]] == ["corp"]
    assert "hunter2" not in server.log()


def test_config_check_reads_the_files_that_are_named(make_sqlite_server, tmp_path):
    clients = tmp_path / "clients.yaml"
    clients.write_text("clients:\n- redirect_uris: [https://app.example.com/]\n")
    server = make_sqlite_server(start=False, oauth={"clients_file": str(clients)})
    with pytest.raises(CommandFailed, match="oauth.clients_file: .*client_id"):
        server.command("config", "check")
    clients.write_text("clients:\n- client_id: app\n  redirect_uris: [https://app.example.com/]\n")
    server.command("config", "check")


def test_config_check_warns_of_secrets_that_applications_send_as_they_are(
    make_sqlite_server, tmp_path
):
    secret = "a+secret%of-the-operator"
    clients = tmp_path / "clients.yaml"
    clients.write_text(
        "clients:\n- client_id: app\n  redirect_uris: [https://app.example.com/]\n"
        f"  token_endpoint_auth_method: client_secret_basic\n  client_secret: {secret}\n"
    )
    server = make_sqlite_server(start=False, oauth={"clients_file": str(clients)})
    said = server.command("config", "check")
    assert "oauth.clients_file: client 'app': client_secret has one of + %" in str(said)
    assert secret not in str(said)
    server.start()


def test_backup_holds_no_key(make_sqlite_server):
    """Neither the database nor its backup can make a token."""
    server = make_sqlite_server()
    new_client(server.api)
    copy = server.directory / "backup.db"
    server.command("backup", str(copy))
    secret_lines = [line for line in server.keys_file.read_text().splitlines() if len(line) >= 40]
    words = {
        word for line in secret_lines for word in re.split(r"[\s:=]+", line) if len(word) >= 40
    }
    assert words, "the key file's form has changed: teach this test"
    content = copy.read_bytes()
    assert not [word for word in words if word.encode() in content]


def test_mark_gap(make_server):
    """By hand, after a restore that the heartbeat cannot tell: lost sessions of then are soft."""
    server = make_server()
    client = new_client(server.api)
    server.stop()
    server.start()
    server.command(
        "session", "mark-gap", "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z"
    )
    server.command("session", "mark-gap", "--from", "2026-01-01T00:00:00Z")
    assert_good(server.api.whoami(client.access))


@pytest.mark.parametrize("target", ["a folder that is not there/backup.db", "latchkey.db"])
def test_backup_to_nowhere_or_over_something(make_sqlite_server, target):
    """A file that exists is not written over: it may be the last good backup, or the database."""
    server = make_sqlite_server()
    client = new_client(server.api)
    with pytest.raises(CommandFailed):
        server.command("backup", str(server.directory / target))
    assert_good(server.api.whoami(client.access))
    server.restart()
    assert_good(server.api.whoami(client.access))


def test_what_is_shown_of_a_session(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    name = "Märta's phone 📱"
    answer = server.api.login(
        client.store.user, client.store.password, "PHONE", initial_device_display_name=name
    )
    assert_good(answer)
    [phone] = [s for s in server.sessions(client.store.user) if s["device_id"] == "PHONE"]
    assert phone["display_name"] == name
    assert phone["address"] == "127.0.0.1"
    assert phone["user_agent"].startswith("python-httpx/")
    assert phone["last_active_at"] >= phone["created_at"]
