"""nginx and Caddy with the example files that Latchkey ships, on ports of the test's own."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port

_CONFIG = Path(__file__).resolve().parents[2] / "config"


def _changed(text: str, changes: dict[str, str]) -> str:
    """`text` with the places that an operator changes changed. Each must be there."""
    for old, new in changes.items():
        assert old in text, f"the example no longer has: {old}"
        text = text.replace(old, new)
    return text


class Proxy:
    """A running proxy; `url` is what clients are told."""

    name: str

    def __init__(self, directory: Path, latchkey_port: int, homeserver_port: int):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
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

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        site = _changed((_CONFIG / "nginx.conf.example").read_text(), {
            "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
            "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port};",
            "ssl_certificate     /etc/ssl/certs/matrix.example.com.pem;": "",
            "ssl_certificate_key /etc/ssl/private/matrix.example.com.key;": "",
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
        return [_program("nginx"), "-p", str(self._directory), "-c", str(main)]


class Caddy(Proxy):
    name = "caddy"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        site = _changed((_CONFIG / "Caddyfile.example").read_text(), {
            "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
            "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
            "\nmatrix.example.com {": f"\nhttp://127.0.0.1:{self.port} {{",
        })
        file = self._directory / "Caddyfile"
        file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
        return [_program("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


# The owner of nginx's workers when the tests run as root: the temporary folder is root's.
_OWNER = "root"

PROXIES: dict[str, type[Proxy]] = {proxy.name: proxy for proxy in (Nginx, Caddy)}


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is missing: apt install {name if name == 'caddy' else 'nginx-light'}"
    return found
