"""The command line as a person types it, and the signals that an operator sends."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from support.answers import assert_error, assert_good
from support.api import new_name
from support.polling import wait_until
from support.secrets import password
from support.server import BINARY, CommandFailed


def run(*arguments, **environment):
    return subprocess.run(
        [str(BINARY), *arguments],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["usr", "list"], "there is no command 'usr', did you mean 'user'?"),
        (["user", "lok", "alice"], "there is no command 'user lok', did you mean 'user lock'?"),
        (["lock", "user"], "there is no command 'lock', did you mean 'user lock'?"),
        (["user", "create", "a", "--admn"], "has no option '--admn', did you mean '--admin'?"),
        (["user"], "'user' needs one more word: "),
    ],
)
def test_a_mistyped_word_is_named_with_the_nearest_right_one(line, sentence):
    done = run(*line)
    assert done.returncode == 2
    assert sentence in done.stderr
    as_json = run(*line, "--json")
    assert sentence in json.loads(as_json.stdout)["error"]


def test_options_stand_anywhere(make_sqlite_server):
    server = make_sqlite_server()
    config, name = str(server.write_config()), new_name()
    server.command("user", "create", name)
    for line in (
        ["--config", config, "user", "sessions", name, "--json"],
        ["--json", "--config", config, "user", "sessions", name],
        ["user", "--config", config, "--json", "sessions", name],
        ["user", "sessions", "--json", name, f"--config={config}"],
    ):
        done = run(*line)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {"sessions": []}


def test_the_configuration_of_the_environment(make_sqlite_server):
    server = make_sqlite_server()
    config = str(server.write_config())
    assert run("config", "check", LATCHKEY_CONFIG=config).stdout == f"{config} is fine.\n"
    # What the line says counts more.
    done = run("config", "check", "--config", config, LATCHKEY_CONFIG="/no/such/file")
    assert done.returncode == 0
    done = run("config", "check", LATCHKEY_CONFIG="/no/such/file")
    assert done.returncode == 1
    assert done.stderr == "latchkey: /no/such/file: cannot be read: there is no such file\n"


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"listen": ["127.0.0.1"]}, "listen"),
        ({"listen": ["unix:/no/such/folder/http.sock"]}, "listen"),
        ({"http": {"trusted_proxies": ["10.0.0.0/33"]}}, "http.trusted_proxies"),
        ({"database": "sqlite:///no/such/folder/latchkey.db"}, "database"),
        ({"database": "/path/x.db"}, "database"),
        ({"keys_file": "/no/such/folder/keys"}, "keys_file"),
        ({"command_socket": "/no/such/folder/socket"}, "command_socket"),
        ({"metrics": {"listen": ["9008"]}}, "metrics.listen"),
        ({"registration": {"terms_file": "none.yaml"}}, "registration.terms_file"),
        ({"oauth": {"clients_file": "none.yaml"}}, "oauth.clients_file"),
        ({"application_services": ["none.yaml"]}, "application_services"),
    ],
)
def test_config_check_says_what_serve_would_refuse(make_sqlite_server, changes, option):
    server = make_sqlite_server(start=False, **changes)
    with pytest.raises(CommandFailed) as refused:
        server.command("config", "check")
    said = server.start_refused().removeprefix("latchkey: ").strip()
    assert str(refused.value) == said
    [error] = said.splitlines()
    assert f": line {_line_of(server, option)}: {option}: " in error


def _line_of(server, option):
    lines = server.write_config().read_text().splitlines()
    name = option.split(".")[-1]
    [number] = [n for n, line in enumerate(lines, 1) if line.strip().startswith(name + ":")][-1:]
    return number


def test_a_password_from_a_file_of_another_system(make_sqlite_server):
    """Whose lines end with CRLF."""
    server = make_sqlite_server()
    name, secret = new_name(), password()
    server.command("user", "create", name, "--password-stdin", stdin=secret + "\r\n")
    assert_good(server.api.login(name, secret))
    other = password()
    server.command("user", "set-password", name, "--password-stdin", stdin=other + "\r\n")
    assert_good(server.api.login(name, other))
    with pytest.raises(CommandFailed, match="no password"):
        server.command("user", "set-password", name, "--password-stdin", stdin="\r\n")


def _at_a_terminal(server, *arguments, types):
    """Runs a command at a terminal of its own, typing each line at its prompt; the exit code and
    everything that the terminal showed."""
    config = str(server.write_config())
    child, terminal = pty.fork()
    if child == 0:
        # As a shell starts it, even where these tests run in the background.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.execve(
            str(BINARY),
            [str(BINARY), *arguments, "--config", config],
            {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )
    shown = b""
    left = list(types)
    prompts = 0
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
        if left and shown.count(b": ") > prompts and shown.endswith(b": "):
            prompts = shown.count(b": ")
            os.write(terminal, left.pop(0))
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return status, shown.decode()


def test_user_create_asks_for_the_password_at_a_terminal(make_sqlite_server):
    server = make_sqlite_server()
    name, secret = new_name(), password()
    line = secret.encode() + b"\n"
    status, shown = _at_a_terminal(server, "user", "create", name, types=[line, line])
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert secret not in shown
    assert_good(server.api.login(name, secret))
    # Set-password is asked in the same way.
    other = password()
    line = other.encode() + b"\n"
    status, shown = _at_a_terminal(server, "user", "set-password", name, types=[line, line])
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert_good(server.api.login(name, other))


def test_two_passwords_at_a_terminal_must_be_the_same(make_sqlite_server):
    server = make_sqlite_server()
    name = new_name()
    status, shown = _at_a_terminal(
        server, "user", "create", name, types=[b"correct horse\n", b"correct house\n"]
    )
    assert os.waitstatus_to_exitcode(status) == 1
    assert "not the same" in shown
    server.command("user", "create", name)  # it was not created


def test_a_person_who_types_no_password_creates_an_account_without_one(make_sqlite_server):
    server = make_sqlite_server()
    name = new_name()
    status, shown = _at_a_terminal(server, "user", "create", name, types=[b"\n"])
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert_error(server.api.login(name, "anything at all"), 403, "M_FORBIDDEN")


def test_ctrl_c_at_the_password_does_nothing(make_sqlite_server):
    server = make_sqlite_server()
    name = new_name()
    status, _ = _at_a_terminal(server, "user", "create", name, types=[b"corr\x03"])
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGINT
    server.command("user", "create", name)


def test_a_command_that_was_stopped_at_the_password_asks_again(make_sqlite_server):
    """By Ctrl-Z, with half a password typed."""
    server = make_sqlite_server()
    name, secret = new_name(), password()
    line = secret.encode() + b"\n"
    types = [b"corr\x1a", line, line]
    status, shown = _at_a_terminal(server, "user", "create", name, types=types)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert_good(server.api.login(name, secret))


def test_doctor_asks_for_the_password_at_a_terminal(make_sqlite_server):
    server = make_sqlite_server(server_name="localhost")
    name, secret = new_name(), password()
    server.command("user", "create", name, "--password-stdin", stdin=secret)
    types = [secret.encode() + b"\n"]
    status, shown = _at_a_terminal(server, "doctor", "--user", name, types=types)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert f"Password of {name}: " in shown
    assert secret not in shown
    assert f"{name} signs in" in shown


def test_doctor_tells_a_certificate_that_is_not_good_from_an_address_that_is_not_there(
    make_sqlite_server, tmp_path
):
    server = make_sqlite_server(server_name="localhost")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made = ["-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"]
    subprocess.run([*request, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def found_at(port: int) -> list[dict]:
        file = server.directory / "doctor.yaml"
        options = server.options | {"public_url": f"https://localhost:{port}/"}
        file.write_text(json.dumps(options))
        done = run("doctor", "--json", "--config", str(file))
        assert done.returncode == 1, done.stdout + done.stderr
        return [of for of in json.loads(done.stdout)["findings"] if of["result"] == "wrong"]

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def shake_hands() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:  # the test is over
                    return
                with connection, contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        found = found_at(port)
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert [of["subject"] for of in found if "cannot be used" in of["sentence"]] == ["TLS"]
    gone = found_at(port)
    said = [of["subject"] for of in gone if "cannot be used" in of["sentence"]]
    assert said == ["the public address"]


def test_a_command_during_a_start_waits_for_it(make_sqlite_server):
    """The database is taken and the socket not yet open, as while a server starts or stops."""
    server = make_sqlite_server()
    name = new_name()
    server.stop()
    lock = server.engine.file.with_name(server.engine.file.name + ".lock")
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        command = subprocess.Popen(
            [str(BINARY), "user", "create", name, "--config", str(server.write_config())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # It does not end by itself: a moment is enough for one that refuses at once.
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(timeout=1)
    out, err = command.communicate(timeout=120)
    assert command.returncode == 0, err
    assert name in out


def test_sighup_takes_over_the_log_level(make_sqlite_server):
    server = make_sqlite_server(log={"level": "info"})
    begin = server.log_size
    assert_error(server.api.whoami("nonsense"), 401, "M_UNKNOWN_TOKEN")
    server.options["log"]["level"] = "debug"
    server.options["http"] = {"threads": 3}
    server.write_config()
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: "read the configuration again" in server.log(begin), "the log line")
    wait_until(lambda: "take a restart" in server.log(begin), "what needs a restart")
    assert '"options":"http.threads"' in server.log(begin)
    assert '"level":"debug"' not in server.log(begin)
    assert_error(server.api.whoami("nonsense"), 401, "M_UNKNOWN_TOKEN")
    wait_until(lambda: '"level":"debug"' in server.log(begin), "a line of the new level")


def test_sighup_with_a_broken_configuration_changes_nothing(make_sqlite_server):
    server = make_sqlite_server()
    begin = server.log_size
    config = server.write_config()
    good = config.read_text()
    config.write_text(good + "\nlisten: [1]\nnonsense: true\n")
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: "was not taken over" in server.log(begin), "the error")
    assert "nonsense" in server.log(begin)
    assert server.running
    assert_error(server.api.whoami("nonsense"), 401, "M_UNKNOWN_TOKEN")
    config.write_text(good)
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: "read the configuration again" in server.log(begin), "the log line")
