#!/usr/bin/env python3
"""./dev soak [--minutes N] [--restarts N] [--json FILE]: three nodes at half of what they can carry.

HAProxy in front, a primary with a synchronous standby behind. Clients ask what their tokens are
worth, refresh, sign in and sign out; in the middle of it everybody signs in at once, and then one
node after the other is restarted. What a request took counts from when it was due, so whatever
holds up a client is in the figures. A benchmark, not a test: it ends with 0 whatever it finds.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Self

import harness
import measurements
from harness import Load
from oauth_flows import TAKE_REFRESH_TOKEN, legacy_refresh_load

sys.path.insert(0, str(harness.ROOT / "tests"))
os.environ.setdefault("LATCHKEY_BINARY", str(harness.LATCHKEY))

from support.cluster import Cluster  # noqa: E402

USERS = 50
SESSIONS = 300  # of all of them, in use
STORM = 32  # people who sign in without a pause
# Of each kind's capacity by itself: a half in all.
SHARES = {"tokens": 0.25, "refreshes": 0.15, "sign-ins": 0.10}
# Parts of the whole time.
PHASES = {"calm": 0.3, "login storm": 0.1, "calm again": 0.2, "rolling restart": 0.3, "after it": 0.1}

# What people sign in with while it is measured: the default. Before, cheaper ones do.
USUAL = {"hash_memory": "19MiB", "hash_passes": 2, "hash_queue": 64}
OPTIONS = {
    "log": {"level": "warning"},
    "passwords": measurements.CHEAP,
    # Those who only ask are not to expire meanwhile.
    "sessions": {"access_token_lifetime": "12h"},
    "database_pool": {"connect_timeout": "5s", "statement_timeout": "10s"},
}


def make_users(cluster: Cluster) -> None:
    for number in range(USERS):
        cluster.nodes[0].server.command("user", "create", measurements.user_name(number),
                                        "--password-stdin", stdin=measurements.PASSWORD + "\n")


def take_usual_hashes(cluster: Cluster) -> None:
    """From now on; each person's is made anew at their next sign-in."""
    for node in cluster.nodes:
        node.server.restart({"passwords": USUAL})
    cluster.wait_for_all()


class Loads:
    """What clients do, each kind with words of its own."""

    def __init__(self, folder: Path, port: int):
        self.port = port
        self.folder = folder
        tokens, refreshes = folder / "tokens", folder / "refreshes"
        for file, taking in ((tokens, '"access_token":"{}"'), (refreshes, TAKE_REFRESH_TOKEN)):
            measurements.login_load(folder, take=[taking], users=USERS).run(
                port, requests=SESSIONS, connections=8, save_taken=file)
        self.kinds = {
            "tokens": Load(measurements.token_requests()["whoami"], tokens, shuffle=True),
            "refreshes": legacy_refresh_load(refreshes),
            "sign-ins": self._sign_in_and_out(),
        }

    def _sign_in_and_out(self) -> Load:
        login = measurements.login_load(self.folder, users=USERS)
        # With a space: {} would become the user's name.
        out = measurements.post("/_matrix/client/v3/logout", "{ }", 3,
                                "Authorization: Bearer {taken}", "Content-Type: application/json")
        first = Path(login.request_files[0]).read_bytes()
        return Load([first, out], measurements.names_of_users(self.folder, USERS),
                    take=['"access_token":"{}"'])

    def capacities(self, seconds: float) -> dict[str, float]:
        """Of each kind by itself, per second."""
        return {name: load.run(self.port, connections=16, seconds=seconds)["rate"]
                for name, load in self.kinds.items()}

    def phase(self, rates: dict[str, float], seconds: float, meanwhile) -> dict[str, dict]:
        running = {name: load.start(self.port, connections=64, rate=rates[name], seconds=seconds,
                                    reopen=True) for name, load in self.kinds.items()}
        meanwhile()
        return {name: harness.finish(process, seconds + 60) for name, process in running.items()}

    def storm(self, seconds: float) -> dict:
        return self.kinds["sign-ins"].run(self.port, connections=STORM, seconds=seconds, reopen=True)


class Memory:
    """The nodes' resident memory, looked at each second."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def now(self) -> int:
        """Of the node that has most, in bytes."""
        return max(measurements.Served(0, node.server.pid).memory()
                   for node in self._cluster.nodes if node.server.running)

    def _watch(self) -> None:
        while not self._over.wait(1):
            try:
                self.most = max(self.most, self.now())
            except (OSError, RuntimeError, ValueError):
                pass  # it was just being restarted

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()


def restart_each(cluster: Cluster, times: int, seconds: float) -> None:
    """One after the other, spread over that time."""
    begun = time.monotonic()
    rounds = [node for _ in range(times) for node in cluster.nodes]
    for number, node in enumerate(rounds):
        time.sleep(max(0, begun + number * seconds / len(rounds) - time.monotonic()))
        node.server.restart()
        cluster.wait_for_all()


def kinds_of_failure(load: Load, run: dict) -> Counter[str]:
    """What clients got instead of 200, of the failures that the load generator kept."""
    kinds: Counter[str] = Counter()
    for failed in run["failed"]:
        method, path = Path(load.request_files[failed["step"]]).read_text().split()[:2]
        head, _, body = failed["answer"].partition("\r\n\r\n")
        said = f"{head.splitlines()[0]} {body}" if head else "closed without an answer"
        kinds[f"{method} {path}: {said}"] += 1
    return kinds


def kinds_of_trouble(log: str) -> Counter[str]:
    """What the balancer says: nodes that went, requests that failed or were sent on."""
    # How long it took, and how many others there were, tells no kinds apart. What stands in brackets is
    # for the terminal, and said twice.
    passing = re.compile(r"<\d>|, after \S+ ms|, check duration: \d+ms|\. \d+ active and .*")
    return Counter(passing.sub("", line) for line in log.splitlines() if not line.startswith("["))


class Trouble:
    """What went wrong in a phase, by kind, as the clients and the balancer saw it."""

    MOST_KINDS = 20

    def __init__(self, cluster: Cluster, loads: Loads):
        self._balancer = cluster.balancer
        self._loads = loads
        self._told_to = len(self._balancer.log())

    def of(self, found: dict[str, dict]) -> dict[str, dict[str, int]]:
        log = self._balancer.log(self._told_to)
        self._told_to += len(log)
        clients = sum((kinds_of_failure(self._loads.kinds[name], run)
                       for name, run in found.items()), Counter())
        return {"clients": dict(clients.most_common(self.MOST_KINDS)),
                "balancer": dict(kinds_of_trouble(log).most_common(self.MOST_KINDS))}


def show_trouble(phase: str, trouble: dict[str, dict[str, int]]) -> None:
    print(f"\n{phase}:")
    for who, kinds in trouble.items():
        for kind, number in kinds.items():
            print(f"  {who}: {number:,} × {kind}")


def show(phase: str, found: dict[str, dict]) -> None:
    for name, run in found.items():
        failed = run["not_ok"] + run["broken"]
        print(f"| {phase} | {name} | {run['rate']:,.0f} | {run['requests'] + run['broken']:,} | "
              f"{failed:,} | {run['p50_us'] / 1000:.1f} | {run['p99_us'] / 1000:.1f} | "
              f"{run['p999_us'] / 1000:.1f} |", flush=True)


def soak(cluster: Cluster, folder: Path, minutes: float, restarts: int) -> dict:
    make_users(cluster)
    loads = Loads(folder, cluster.balancer.port)
    take_usual_hashes(cluster)
    with Memory(cluster) as memory:
        idle = memory.now()
        capacities = loads.capacities(min(10, minutes * 6))
        rates = {name: rate * SHARES[name] for name, rate in capacities.items()}
        print("capacity of each kind by itself, per second: "
              + ", ".join(f"{name} {rate:,.0f}" for name, rate in capacities.items()) + "\n")
        print("| phase | kind | per s | requests | failed | p50 ms | p99 ms | p99.9 ms |\n"
              "|---|---|---|---|---|---|---|---|", flush=True)
        phases, troubles, trouble = {}, {}, Trouble(cluster, loads)
        for phase, share in PHASES.items():
            seconds = minutes * 60 * share
            meanwhile = {
                "login storm": lambda span=seconds: show("login storm",
                                                         {"the storm's": loads.storm(span)}),
                "rolling restart": lambda span=seconds: restart_each(cluster, restarts, span),
            }.get(phase, lambda: None)
            phases[phase] = loads.phase(rates, seconds, meanwhile)
            show(phase, phases[phase])
            troubles[phase] = trouble.of(phases[phase])
        for phase, kinds in troubles.items():
            if any(kinds.values()):
                show_trouble(phase, kinds)
        megabytes = 1024 * 1024
        print(f"\nmemory of a node: {idle / megabytes:.0f} MiB at first, "
              f"{memory.most / megabytes:.0f} at most, {memory.now() / megabytes:.0f} in the end")
        return {"capacities": capacities, "phases": phases, "troubles": troubles,
                "idle": idle, "most": memory.most}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--restarts", type=int, default=1, help="of each node (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found there")
    options = parser.parse_args()
    subprocess.run(["ninja", "-C", harness.BUILD, "latchkey", "bench_programs"], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="latchkey-soak-") as name:
        folder = Path(name)
        with closing(Cluster(folder, OPTIONS)) as cluster:
            found = soak(cluster, folder, options.minutes, options.restarts)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
