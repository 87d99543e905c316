"""Registration files of application services, at the start."""

import pytest
import yaml

from support.server import CommandFailed
from support.services import registration


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
    file.write_text(yaml.safe_dump(registration("irc", hs_token=None, as_token="short")))
    sentences = (
        f"application_services: {file}: as_token: is shorter than 16 characters",
        f"application_services: {file}: hs_token: is missing",
        f"application_services: {server.directory / 'none.yaml'}: cannot be read",
    )
    with pytest.raises(CommandFailed) as refusal:
        server.command("config", "check")
    said = server.start_refused()
    for sentence in sentences:
        assert sentence in str(refusal.value)
        assert sentence in said
    assert not (server.directory / "latchkey.db").exists(), "before the database is opened"
