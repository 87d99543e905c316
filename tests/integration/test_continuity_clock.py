"""Nobody is wiped whom no person signed out: clocks that jump."""

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.clock import DAY, HOUR
from support.matrix_client import assert_kept, new_client


@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_a_day_ahead_and_back(make_server, clock, restart):
    server = make_server(clock)
    from_before = new_client(server.api)
    without = new_client(server.api, refreshes=False)
    out = new_client(server.api)
    out_tokens = out.access, out.refresh_token
    out.sign_out()

    def step(offset):
        clock.move_to(offset)
        if restart:
            server.restart()

    step(DAY)
    from_ahead = new_client(server.api)
    assert_kept(from_before, without, from_ahead)
    assert from_before.softs == without.softs == 0
    step(0)
    for _ in range(2):
        assert_kept(from_before, without, from_ahead)
        assert [c.softs for c in (from_before, without, from_ahead)] == [0, 0, 0]
        from_after = new_client(server.api)
        assert_kept(from_after)
        assert from_after.softs == 0
        clock.advance(HOUR)
    assert_hard(server.api.whoami(out_tokens[0]))
    assert_hard(server.api.refresh(out_tokens[1]))


def test_a_clock_set_back_prolongs_nothing(make_server, clock):
    """An access token issued at a time that is ahead of now counts as expired."""
    server = make_server(clock)
    clock.move_to(DAY)
    client = new_client(server.api)
    assert_good(server.api.whoami(client.access))
    clock.move_to(0)
    assert_soft(server.api.whoami(client.access))
    assert_kept(client)
    assert client.softs == 0


def test_small_corrections_of_the_clock_are_not_noticed(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    for offset in (-3, 4, -5, 0):
        clock.move_to(offset)
        assert_good(server.api.whoami(client.access))
        assert_good(server.api.whoami(client.access))
        assert_kept(client)
    assert client.softs == 0


def test_a_clock_set_back_and_a_crash(make_server, clock):
    """Sessions made while the clock was ahead are not taken for purged ones."""
    server = make_server(clock)
    clock.move_to(DAY)
    client = new_client(server.api)
    clock.move_to(0)
    later = new_client(server.api)
    server.kill()
    server.start()
    assert_kept(client, later)


def test_limits_of_age_under_a_jump(make_server, clock):
    server = make_server(
        clock,
        sessions={"maximum_age": "30d", "maximum_idle": "10d", "refresh_token_lifetime": "20d"},
    )
    client = new_client(server.api)
    for offset in (400 * DAY, 0, -400 * DAY, 0):
        clock.move_to(offset)
        assert_kept(client)
