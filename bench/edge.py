"""What the check at the edge costs: each proxy as config/ has it, before a backend that answers a
constant, against the same without the check."""

import os
import re
import shutil
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import harness
from harness import PROGRAMS, ROOT, Load
from measurements import ACTIVE, BEARER, Bench, Row, get

PATH = "/_matrix/client/v3/sync?since=s1"
# The answer of the homeserver's stand-in.
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n"
          b"Access-Control-Allow-Origin: *\r\n\r\n" + b'{"next_batch":"s2","a":"b"}')


def changed(text: str, *changes: tuple[str, str]) -> str:
    """`text` with these regular expressions replaced. Each must be there."""
    for old, new in changes:
        text, count = re.subn(old, new, text, flags=re.MULTILINE | re.DOTALL)
        if count == 0:
            raise RuntimeError(f"the configuration no longer has {old}")
    return text


class Nginx:
    """One worker. The check goes to Latchkey's Unix socket, as docs/operating/nginx.md has it."""

    program = "nginx"

    def prepare(self, folder: Path, port: int, backend: int, latchkey: tuple[int, Path],
                checks: bool) -> list:
        site = changed(
            (ROOT / "config/nginx/latchkey.conf").read_text(),
            (r"\nserver \{\n[^}]*server_name example\.com;.*", "\n"),
            (r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
            (r"^ *listen (\[::\]:443|8448|\[::\]:8448)[^;]*;\n", ""),
            (r"^ *ssl_[^;]*;\n", ""),
            (r"(upstream latchkey_check \{\s+)server 127\.0\.0\.1:8008;",
             rf"\1server unix:{latchkey[1]};"),
            (r"127\.0\.0\.1:8008", f"127.0.0.1:{latchkey[0]}"),
            (r"127\.0\.0\.1:8000", f"127.0.0.1:{backend}"),
            # The load generator keeps its connections for longer than 1,000 requests.
            (r"(keepalive 64;)", r"\1 keepalive_requests 100000000;"))
        if not checks:
            site = changed(site, (r"^ *auth_request [^;]*;\n", ""))
        (folder / "site.conf").write_text(site)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        main = folder / "nginx.conf"
        main.write_text(f"""
            daemon off;
            master_process off;
            pid {folder}/nginx.pid;
            error_log stderr warn;
            events {{}}
            http {{
                access_log off;
                keepalive_requests 100000000;
                {places}
                include {folder}/site.conf;
            }}
        """)
        return [_program("nginx"), "-p", folder, "-c", main]


class Caddy:
    program = "caddy"

    def prepare(self, folder: Path, port: int, backend: int, latchkey: tuple[int, Path],
                checks: bool) -> list:
        site = changed(
            (ROOT / "config/caddy/Caddyfile").read_text(),
            (r"^matrix\.example\.com, matrix\.example\.com:8448 \{", f"http://127.0.0.1:{port} {{"),
            (r"^example\.com \{.*", ""),
            (r"forward_auth 127\.0\.0\.1:8008", f"forward_auth unix/{latchkey[1]}"),
            (r"127\.0\.0\.1:8008", f"127.0.0.1:{latchkey[0]}"),
            (r"127\.0\.0\.1:8000", f"127.0.0.1:{backend}"))
        if not checks:
            site = changed(site, (r"^\t\t\tforward_auth .*?\n\t\t\t\}\n", ""))
        file = folder / "Caddyfile"
        file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
        return [_program("caddy"), "run", "--config", file, "--adapter", "caddyfile"]


class Haproxy:
    program = "haproxy"

    def prepare(self, folder: Path, port: int, backend: int, latchkey: tuple[int, Path],
                checks: bool) -> list:
        site = changed(
            (ROOT / "config/haproxy/haproxy.cfg").read_text(),
            (r"/etc/haproxy/latchkey\.lua", str(ROOT / "config/haproxy/latchkey.lua")),
            (r"^    bind :443[^\n]*", f"    bind 127.0.0.1:{port}"),
            (r"^    bind [^\n]* ssl crt [^\n]*\n", ""),
            (r"127\.0\.0\.1:8008", f"127.0.0.1:{latchkey[0]}"),
            (r"127\.0\.0\.1:8000", f"127.0.0.1:{backend}"))
        if not checks:
            site = changed(site, (r"^    http-request (lua\.latchkey_check|return status 503)[^\n]*\n",
                                  ""))
        file = folder / "haproxy.cfg"
        file.write_text(site)
        return [_program("haproxy"), "-db", "-f", file]


PROXIES = (Nginx(), Caddy(), Haproxy())


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise RuntimeError(f"{name} is missing")
    return found


def cpu_us(*processes: int) -> float:
    """What these processes have used so far, all their threads together."""
    total = 0
    for process in processes:
        for task in Path(f"/proc/{process}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


@contextmanager
def proxies(bench: Bench, proxy, latchkey: tuple[int, Path], backend: int):
    """The ports and processes of the proxy with the check and without it."""
    with ExitStack() as stack:
        found = []
        for checks in (True, False):
            folder = bench.folder / f"{proxy.program}-{checks}"
            folder.mkdir(exist_ok=True)
            port = harness.free_port()
            command = proxy.prepare(folder, port, backend, latchkey, checks)
            process = stack.enter_context(harness.running(command, port))
            found.append((port, process.pid))
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
        for proxy in PROXIES:
            try:
                _program(proxy.program)
            except RuntimeError:
                continue
            with proxies(bench, proxy, (latchkey.port, socket), backend) as found:
                (port, process), (bare_port, bare_process) = found
                ours, theirs, shares = [], [], []
                # Caddy and HAProxy are many times slower.
                requests = bench.scale.requests // (1 if proxy.program == "nginx" else 4)
                for _ in range(bench.scale.rounds):
                    before = cpu_us(latchkey.pid)
                    ours.append(measured(load, port, (process, latchkey.pid), requests))
                    used = cpu_us(latchkey.pid) - before
                    shares.append(used / (requests + ACTIVE))
                    theirs.append(measured(load, bare_port, (bare_process,), requests))
            details = {"cpu_us": harness.median(ours, "cpu_us"),
                       "bare_cpu_us": harness.median(theirs, "cpu_us"),
                       "rate": harness.median(ours, "rate"),
                       "bare_rate": harness.median(theirs, "rate"),
                       "latchkey_cpu_us": statistics.median(shares),
                       "p99_us": harness.median(ours, "p99_us"),
                       "bare_p99_us": harness.median(theirs, "p99_us")}
            yield Row(f"{proxy.program} with the check / without",
                      harness.median_ratio(ours, theirs, "cpu_us"), "x",
                      at_most=1.7 if proxy.program == "nginx" else None, details=details)


ALL = {"edge": edge}
