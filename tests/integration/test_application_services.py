"""Registration files of application services, at the start."""

import pytest
import yaml

from support.answers import assert_error, assert_good, assert_hard
from support.api import PREFIX
from support.secrets import password
from support.server import CommandFailed
from support.services import Bridge, registration


def test_their_users_exist_after_the_start(make_server):
    server = make_server(start=False, application_services=["irc.yaml", "mail.yaml"])
    for service in ("irc", "mail"):
        # Beside the configuration file, from where relative paths are taken.
        path = server.directory / f"{service}.yaml"
        path.write_text(yaml.safe_dump(registration(service)))
    server.command("config", "check")
    server.start()
    for service in ("irc", "mail"):
        assert server.sessions(f"{service}_bot") == []
    with pytest.raises(CommandFailed, match="no user"):
        server.sessions("other_bot")
    server.restart()
    assert server.sessions("irc_bot") == []


def test_broken_ones_are_refused_with_every_sentence(make_sqlite_server):
    server = make_sqlite_server(start=False, application_services=["irc.yaml", "none.yaml"])
    file = server.directory / "irc.yaml"
    file.write_text(yaml.safe_dump(registration("irc", id=None, as_token="two words")))
    sentences = (
        f"application_services: {file}: as_token: may have letters, digits and signs of ASCII",
        f"application_services: {file}: id: is missing",
        f"application_services: {server.directory / 'none.yaml'}: cannot be read: "
        "there is no such file",
    )
    with pytest.raises(CommandFailed) as refusal:
        server.command("config", "check")
    said = server.start_refused()
    for sentence in sentences:
        assert sentence in str(refusal.value)
        assert sentence in said
    assert not (server.directory / "latchkey.db").exists(), "before the database is opened"


def test_a_file_of_a_go_bridge_is_taken_and_its_token_works_everywhere(make_server):
    """A random sender with capitals; a token as password managers write them."""
    server = make_server(start=False, application_services=["bridge.yaml"])
    token = "!$%&*:@,;=#'()[]{}<>|^`?~" + password()
    sender = "Xq3VbT9sKf0LmZ7wPc5RyD1uHe8JgN2a"
    file = server.directory / "bridge.yaml"
    file.write_text(yaml.safe_dump(registration("bridge", sender_localpart=sender, as_token=token)))
    server.start()
    bridge = Bridge(server, "bridge")
    assert assert_good(bridge.whoami())["user_id"] == f"@{sender}:example.com"
    assert server.sessions(sender) == []
    name = bridge.new_user()
    assert assert_good(bridge.whoami(name))["user_id"] == f"@{name}:example.com"
    assert server.api.edge(token).status_code == 200
    for nearly in (token[1:], token.replace("!", "%21"), token.lower()):
        assert_hard(server.api.whoami(nearly))
    # A person's name has no capitals, and must not be taken for it either.
    for nearly in (sender, sender.lower(), f" {sender} "):
        assert_error(server.api.register(nearly), 400, "M_EXCLUSIVE")


def test_what_works_but_is_not_well_is_a_warning(make_sqlite_server):
    server = make_sqlite_server(start=False, application_services=["bot.yaml"])
    file = server.directory / "bot.yaml"
    file.write_text(
        "id: bot\nas_token: |\n  change_me\nsender_localpart: bot\nrate_limited: .inf\n"
        "namespaces: {users: [{regex: '@bot_.*', exclusive: yes}]}\n"
    )
    warned = server.command("config", "check")["warnings"]
    begins = f"application_services: {file}: "
    assert [warning.removeprefix(begins).split(": ")[0] for warning in warned] == [
        "as_token",
        "as_token",
        "hs_token",
        "url",
    ]
    assert not any("change_me" in warning for warning in warned)
    server.start()
    for warning in warned:
        assert warning in server.log()
    assert_good(server.api.whoami("change_me"))
    assert_error(server.api.register("bot_x"), 400, "M_EXCLUSIVE")


def test_a_token_is_good_from_the_addresses_of_its_file(make_server):
    server = make_server(
        start=False, application_services=["near.yaml"], http={"trusted_proxies": ["127.0.0.1"]}
    )
    fields = registration("near", ip_range_whitelist=["192.0.2.0/24", "2001:db8::/32"])
    (server.directory / "near.yaml").write_text(yaml.safe_dump(fields))
    server.start()

    def ask(method: str, path: str, address: str, body: dict | None = None):
        headers = {"X-Forwarded-For": address}
        return server.api.request(
            method, f"{PREFIX}{path}", token=fields["as_token"], json=body, headers=headers
        )

    login = {
        "type": "m.login.application_service",
        "identifier": {"type": "m.id.user", "user": "near_bot"},
    }
    for address in ("192.0.2.7", "2001:db8::7"):
        assert_good(ask("GET", "/account/whoami", address))
        assert_good(ask("POST", "/login", address, login))
    for address in ("198.51.100.7", "2001:db9::7"):
        assert_hard(ask("GET", "/account/whoami", address))
        assert_hard(ask("POST", "/login", address, login))
        assert_hard(
            ask("POST", "/register", address, {"type": login["type"], "username": "near_x"})
        )
    assert_hard(server.api.whoami(fields["as_token"]))
