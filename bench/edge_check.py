"""What the check at the edge costs: each proxy as config/ has it, before a backend that answers a
constant, against the same without the check."""

import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import harness
from harness import PROGRAMS, ROOT, Load
from measurements import ACTIVE, BEARER, Bench, Row, get

sys.path.insert(0, str(ROOT / "tests"))

from edge.proxies.caddy import Caddy  # noqa: E402
from edge.proxies.haproxy import Haproxy  # noqa: E402
from edge.proxies.nginx import Nginx  # noqa: E402
from edge.proxies.proxy import Proxy, program  # noqa: E402

PATH = "/_matrix/client/v3/sync?since=s1"
# The answer of the homeserver's stand-in.
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n"
          b"Access-Control-Allow-Origin: *\r\n\r\n" + b'{"next_batch":"s2","a":"b"}')


# A front keeps the load generator's connections for longer than its 1,000 requests.
CHANGES = {
    "nginx": {
        "\nupstream latchkey {": "\nkeepalive_requests 100000000;\nupstream latchkey {",
        "keepalive 64;": "keepalive 64; keepalive_requests 100000000;",
    }
}


def cpu_us(*processes: int) -> float:
    """What these processes have used so far, all their threads together."""
    total = 0
    for process in processes:
        for task in Path(f"/proc/{process}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


@contextmanager
def on_the_servers_cpu() -> Iterator[None]:
    """What is started meanwhile stays there."""
    os.sched_setaffinity(0, harness.SERVER_CPU)
    try:
        yield
    finally:
        os.sched_setaffinity(0, harness.ALL_CPUS)


def schedule(process: int, policy: int) -> None:
    """All its threads."""
    for thread in os.listdir(f"/proc/{process}/task"):
        os.sched_setscheduler(int(thread), policy, os.sched_param(0))


@contextmanager
def proxies(bench: Bench, kind: type[Proxy], latchkey: tuple[int, Path],
            backend: int) -> Iterator[list[Proxy]]:
    """The proxy with the check and without it. The check goes to Latchkey's Unix socket, as
    docs/operating/nginx.md has it, where the proxy can ask there."""
    port, socket = latchkey
    with ExitStack() as stack:
        found = []
        for checks in (True, False):
            folder = bench.folder / f"{kind.name}-{checks}"
            folder.mkdir(exist_ok=True)
            with on_the_servers_cpu():
                found.append(stack.enter_context(closing(kind(
                    folder, port, backend, CHANGES.get(kind.name),
                    check_at=socket if kind.over_socket else None, checks=checks))))
        yield found


def measured(load: Load, port: int, processes: tuple[int, ...], requests: int) -> dict:
    load.run(port, requests=ACTIVE)
    before = cpu_us(*processes)
    run = load.run(port, requests=requests, poll=True)
    if run["not_ok"]:
        raise RuntimeError(f"{run['not_ok']} requests were not answered with 200")
    return run | {"cpu_us": (cpu_us(*processes) - before) / requests}


def edge(bench: Bench) -> Iterator[Row]:
    """CPU time of a request through the proxy and Latchkey, over the proxy's alone."""
    socket = bench.folder / "http.sock"
    answer = bench.folder / "answer"
    answer.write_bytes(ANSWER)
    backend = harness.free_port()
    load = Load(get(PATH, BEARER, "User-Agent: Element/1.12", "Accept: application/json",
                    "Accept-Encoding: gzip, deflate, br", "Origin: https://app.element.io"),
                bench.tokens, ACTIVE)
    constant = [PROGRAMS / "bare_epoll", "--port", backend, "--answer", answer]
    with (bench.server(more_listen=[f"unix:{socket}"]) as latchkey,
          harness.running(constant, backend, harness.LOAD_CPU)):
        for kind in (Nginx, Caddy, Haproxy):
            try:
                program(kind.name)
            except AssertionError:
                continue
            # As docs/operating/nginx.md has it for a machine on which the two share the CPUs.
            policies = {"": os.SCHED_OTHER}
            if kind is Nginx:
                policies[", as a batch"] = os.SCHED_BATCH
            with proxies(bench, kind, (latchkey.port, socket), backend) as (asking, bare):
                ours, shares = {policy: [] for policy in policies}, {policy: [] for policy in policies}
                theirs = []
                # Caddy and HAProxy are many times slower.
                requests = bench.scale.requests // (1 if kind is Nginx else 4)
                for _ in range(bench.scale.rounds):
                    for policy, number in policies.items():
                        schedule(latchkey.pid, number)
                        before = cpu_us(latchkey.pid)
                        ours[policy].append(
                            measured(load, asking.port, (*asking.pids, latchkey.pid), requests))
                        used = cpu_us(latchkey.pid) - before
                        shares[policy].append(used / (requests + ACTIVE))
                    theirs.append(measured(load, bare.port, tuple(bare.pids), requests))
                schedule(latchkey.pid, os.SCHED_OTHER)
            for policy, runs in ours.items():
                details = {"cpu_us": harness.median(runs, "cpu_us"),
                           "bare_cpu_us": harness.median(theirs, "cpu_us"),
                           "rate": harness.median(runs, "rate"),
                           "bare_rate": harness.median(theirs, "rate"),
                           "latchkey_cpu_us": statistics.median(shares[policy]),
                           "p99_us": harness.median(runs, "p99_us"),
                           "bare_p99_us": harness.median(theirs, "p99_us")}
                yield Row(f"{kind.name} with the check{policy} / without",
                          harness.median_ratio(runs, theirs, "cpu_us"), "x",
                          at_most=1.7 if policy else None, details=details)


ALL = {"edge": edge}
