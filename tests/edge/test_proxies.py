"""How the proxies of these tests start and end."""

import pytest

from edge.proxies import Proxy


class Deaf(Proxy):
    """Starts, and never says so."""

    name = "sleep"
    started: "Deaf"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        return ["sleep", "600"]

    def _accepts(self) -> bool:
        Deaf.started = self
        raise KeyboardInterrupt


def test_one_that_does_not_come_up_is_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        Deaf(tmp_path, 1, 2)
    assert not Deaf.started.running
