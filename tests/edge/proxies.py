"""nginx and Caddy with the example files that Latchkey ships, and what docs/connecting/proxy.md has
beside them, on ports of the test's own."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port

_CONFIG = Path(__file__).resolve().parents[2] / "config"
_PAGE = _CONFIG.parent / "docs/connecting/proxy.md"


def _blocks(language: str) -> list[str]:
    """What the documentation has in this language."""
    return re.findall(rf"(?m)^ *```{language}\n(.*?)^ *```", _PAGE.read_text(), re.DOTALL)


def changed(text: str, changes: dict[str, str]) -> str:
    """`text` with the places that an operator changes changed. Each must be there."""
    for old, new in changes.items():
        assert old in text, f"the example no longer has: {old}"
        text = text.replace(old, new)
    return text


class Proxy:
    """A running proxy. `url` is what the tests ask, for it needs no TLS; `tls_port` and
    `federation_port` stand for 443 and 8448, the former also on ::1 where `has_ipv6()`."""

    name: str

    def __init__(self, directory: Path, latchkey_port: int, homeserver_port: int,
                 changes: dict[str, str] | None = None):
        self.port, self.tls_port, self.federation_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._changes = changes or {}
        _make_certificate(directory)
        self._log = directory / "proxy.log"
        command = self._prepare(latchkey_port, homeserver_port)
        environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=directory, env=environment, stdout=log,
                                             stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self._accepts, f"{self.name} to accept connections")

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        raise NotImplementedError

    def _accepts(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


class Nginx(Proxy):
    name = "nginx"

    def _example(self) -> str:
        return (_CONFIG / "nginx.conf.example").read_text()

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        def ipv6(line: str) -> str:
            return line if has_ipv6() else ""

        site = changed(self._example(), {
            "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
            "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl",
            "listen [::]:443 ssl http2;": ipv6(f"listen [::1]:{self.tls_port} ssl http2;"),
            "listen 8448 ssl": f"listen 127.0.0.1:{self.federation_port} ssl",
            "listen [::]:8448 ssl http2 default_server;":
                ipv6(f"listen [::1]:{self.federation_port} ssl http2 default_server;"),
            "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
            "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
            "/etc/ssl/certs/example.com.pem": f"{self._directory}/certificate.pem",
            "/etc/ssl/private/example.com.key": f"{self._directory}/key.pem",
            **self._changes,
        })
        (self._directory / "site.conf").write_text(site)
        places = "\n".join(f"{kind}_temp_path {self._directory}/{kind};" for kind in
                           ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = self._directory / "nginx.conf"
        main.write_text(f"""
            daemon off;
            worker_processes 1;
            pid {self._directory}/nginx.pid;
            error_log stderr warn;
            {f"user {_OWNER};" if os.geteuid() == 0 else ""}
            events {{}}
            http {{
                access_log off;
                {places}
                include {self._directory}/site.conf;
            }}
        """)
        return [program("nginx"), "-p", str(self._directory), "-c", str(main)]


class NginxWithTwoAddresses(Nginx):
    """OAuth 2.0 and the account pages at auth.example.com, as the documentation has it."""

    def _example(self) -> str:
        leads_there, server = _blocks("nginx")
        moved = r"(?m)^    location ~ \^/(oauth2|\(account|\\.well-known/\(openid).*?^    }\n"
        text, count = re.subn(moved, "", super()._example(), flags=re.DOTALL)
        assert count == 3
        first = "    location ~ "
        server = server.replace("certs/auth.example", "certs/example")
        server = server.replace("private/auth.example", "private/example")
        return text.replace(first, leads_there + first, 1) + server


class Caddy(Proxy):
    name = "caddy"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        plain, tls = f"http://127.0.0.1:{self.port}", f"https://matrix.example.com:{self.tls_port}"
        federation = f"https://matrix.example.com:{self.federation_port}"
        site = changed((_CONFIG / "Caddyfile.example").read_text(), {
            "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
            "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
            "\nmatrix.example.com, matrix.example.com:8448 {": "\n(site) {",
            "\nexample.com {": f"\nhttp://example.com:{self.port} {{",
            **self._changes,
        })
        addresses = "127.0.0.1 [::1]" if has_ipv6() else "127.0.0.1"
        file = self._directory / "Caddyfile"
        file.write_text(f"""{{
            admin off
            auto_https off
            default_bind {addresses}
        }}
        {site}
        {plain} {{
            import site
        }}
        {tls}, {federation} {{
            tls {self._directory}/certificate.pem {self._directory}/key.pem
            import site
        }}
        """)
        return [program("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


class Apache(Proxy):
    """As docs/connecting/proxy.md has it: without the check, so not one of PROXIES."""

    name = "apache2"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        (block,) = _blocks("apache")
        site = changed(block, {
            "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
            "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
            "*:443": f"127.0.0.1:{self.tls_port}",
            "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
            "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
            **self._changes,
        })
        plain = re.sub(r"(?m)^ *SSL.*\n", "", site).replace(f":{self.tls_port}", f":{self.port}")
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "socache_shmcb", "ssl", "http2", "headers",
                         "proxy", "proxy_http"))
        file = self._directory / "apache.conf"
        file.write_text(f"""
            ServerRoot {self._directory}
            ServerName matrix.example.com
            PidFile {self._directory}/apache.pid
            ErrorLog {self._directory}/apache.log
            Listen 127.0.0.1:{self.port}
            Listen 127.0.0.1:{self.tls_port} https
            {modules}
            {"User www-data" if os.geteuid() == 0 else ""}
            {"Group www-data" if os.geteuid() == 0 else ""}
            {plain}
            {site}
        """)
        return [program("apache2"), "-f", str(file), "-D", "FOREGROUND"]


# The owner of nginx's workers when the tests run as root: the temporary folder is root's.
_OWNER = "root"

PROXIES: dict[str, type[Proxy]] = {proxy.name: proxy for proxy in (Nginx, Caddy)}


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def _make_certificate(directory: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", directory / "key.pem", "-out", directory / "certificate.pem",
         "-subj", "/CN=matrix.example.com", "-addext",
         "subjectAltName=DNS:matrix.example.com,DNS:example.com"],
        check=True, capture_output=True)


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is missing: apt install {'nginx-light' if name == 'nginx' else name}"
    return found
