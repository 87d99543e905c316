"""How the proxies of these tests start and end, and as whom."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from edge.proxies import Haproxy, Proxy
from support.polling import wait_until
from support.ports import free_port


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


def people(process: int) -> set[str]:
    """The users and groups that it is."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    found = [line.split()[1:] for line in lines if line.startswith(("Uid:", "Gid:", "Groups:"))]
    return {one for ids in found for one in ids}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_haproxys_worker_is_not_root(tmp_path):
    """It runs the script and talks to the internet."""
    with closing(Haproxy(tmp_path, free_port(), free_port())) as proxy:
        # The master has the ports before it has a worker.
        (worker,) = wait_until(lambda: proxy.pids[1:], "a worker")
        wait_until(lambda: "0" not in people(worker), "it to be somebody else")
        assert os.readlink(f"/proc/{worker}/root") == "/var/lib/haproxy"
