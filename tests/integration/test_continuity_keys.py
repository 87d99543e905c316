"""Nobody is wiped whom no person signed out: server keys lost, replaced and rotated."""

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.clock import MINUTE
from support.matrix_client import assert_kept, new_client
from support.server import CommandFailed
from support.token_format import token_bytes, with_key, with_session


def test_a_lost_key_file(make_server):
    server = make_server()
    client, without = new_client(server.api), new_client(server.api, refreshes=False)
    out = new_client(server.api)
    out_tokens = out.access, out.refresh_token
    out.sign_out()
    server.stop()
    server.keys_file.unlink()
    said = server.start_refused()
    assert server.keys_file.name in said
    assert "keys replace" in said  # the way out is named
    assert not server.keys_file.exists()  # no new one was made in silence
    server.command("keys", "replace")
    server.start()
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.refresh(client.refresh_token))
    assert_soft(server.api.whoami(without.access))
    assert_hard(server.api.whoami(out_tokens[0]))
    assert_hard(server.api.refresh(out_tokens[1]))
    assert_kept(client, without)
    newcomer = new_client(server.api)
    server.restart()
    assert_kept(client, without, newcomer)
    assert newcomer.softs == 0


def test_tokens_of_a_lost_key_change_nothing(make_server):
    """They can no longer be checked, so anybody could make them: nothing is written for them."""
    server = make_server()
    client = new_client(server.api)
    old_access, old_refresh = client.access, client.refresh_token
    server.stop()
    server.keys_file.unlink()
    server.command("keys", "replace")
    server.start()
    client.sign_in()
    for _ in range(3):
        assert_soft(server.api.refresh(old_refresh))
        assert server.api.logout(old_access).status_code == 401
    assert_good(server.api.whoami(client.access))
    assert_kept(client)


def test_forged_tokens_of_a_lost_key_write_nothing(make_server):
    """A stranger who knows its id can make any number of them: they must not fill the database."""
    server = make_server()
    client = new_client(server.api)
    forged = [with_session(client.access, (1 << 62) + (n << 30)) for n in range(20)]
    server.stop()
    server.keys_file.unlink()
    server.command("keys", "replace")
    server.start()
    before = server.engine.query("SELECT COUNT(*) FROM gaps")
    for token in forged:
        assert server.api.whoami(token).status_code == 401
        assert server.api.refresh("lkr_" + token[4:]).status_code == 401
    assert server.engine.query("SELECT COUNT(*) FROM gaps") == before
    assert server.engine.query("SELECT COUNT(*) FROM sessions") == "1"


def test_key_ids_that_never_were_are_forged(make_server):
    """Design: an id that the database does not list is forged; it never waits for news of it."""
    server = make_server()
    if server.troubled:
        pytest.skip("each start of a node is a gap: a key with a later id may have got lost in it")
    client = new_client(server.api)
    own = token_bytes(client.access)[0]
    for key in range(256):
        if key != own:
            assert_hard(server.api.whoami(with_key(client.access, key)))
            assert_hard(server.api.refresh(with_key(client.refresh_token, key)))
    assert_kept(client)
    assert client.softs == 0


def test_another_key_file(make_server):
    """That of another server: refused as well."""
    server, other = make_server(), make_server()
    client = new_client(server.api)
    server.stop()
    own = server.keys_file.read_bytes()
    server.keys_file.write_bytes(other.keys_file.read_bytes())
    assert server.keys_file.name in server.start_refused()
    server.keys_file.write_bytes(own)
    server.start()
    assert_kept(client)
    assert client.softs == 0


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\x00" * 100])
def test_a_damaged_key_file(make_sqlite_server, content):
    server = make_sqlite_server()
    client = new_client(server.api)
    server.stop()
    own = server.keys_file.read_bytes()
    server.keys_file.write_bytes(content)
    assert server.keys_file.name in server.start_refused()
    assert server.keys_file.read_bytes() == content
    server.keys_file.write_bytes(own)
    server.start()
    assert_kept(client)


def test_replace_is_refused_where_nothing_is_lost(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    server.stop()
    try:
        server.command("keys", "replace")
    except CommandFailed:
        pass  # or it does it: then everybody is softly out
    server.start()
    assert_kept(client)


def test_key_rotation(make_server, clock):
    server = make_server(clock)
    client, out = new_client(server.api), new_client(server.api)
    without = new_client(server.api, refreshes=False)
    out_access = out.access
    out.sign_out()
    for _ in range(3):
        server.command("keys", "rotate")
        assert_good(server.api.whoami(client.access))
        assert_good(server.api.whoami(without.access))
        assert_hard(server.api.whoami(out_access))
        clock.advance(6 * MINUTE)
        client.use()
        server.restart()
    assert_kept(client, without)
    assert client.softs == without.softs == 0


def test_key_rotation_while_a_reply_is_lost(make_server):
    """The pair that is handed out again is the same one, although the key is another by now."""
    server = make_server()
    client = new_client(server.api)
    assert_good(server.api.refresh(client.refresh_token))
    server.command("keys", "rotate")
    client.refresh()
    assert_kept(client)
    assert client.softs == 0


def test_a_restore_from_before_a_rotation(make_server):
    """The key file knows more keys than the database lists: their tokens are authentic news."""
    server = make_server()
    client = new_client(server.api)
    copy = server.save()
    server.command("keys", "rotate")
    client.refresh()
    client.use()
    server.put_back(copy)
    assert_kept(client)
