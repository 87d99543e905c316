"""The proxies with the very files that Latchkey ships, and what docs/connecting/proxy.md has beside
them, on ports of the test's own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import yaml

from support.polling import wait_until
from support.ports import free_port

_CONFIG = Path(__file__).resolve().parents[2] / "config"
_PAGE = _CONFIG.parent / "docs/connecting/proxy.md"


def _blocks(language: str, page: Path = _PAGE) -> list[str]:
    """What the documentation has in this language."""
    return re.findall(rf"(?m)^ *```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL)


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
    # What the example can do, where proxies differ.
    says_json = True  # its own answers are Matrix errors, and name no internals
    serves_files = True  # the two files of the name in people's Matrix IDs
    answers_preflights = False  # itself, and the homeserver hears of none
    resolves_dots = False  # in paths, and sends on what it made of them
    refuses_upgrades = False  # instead of leaving unknown ones out
    limits_bodies = True  # before it has asked anybody
    # Its patience with the homeserver, Latchkey and the check, shortened.
    impatience: dict[str, str] = {"180s": "2s", "60s": "2s", "10s": "2s"}
    # What makes it open while Latchkey cannot be asked; none: it cannot be.
    opening: dict[str, str] = {}

    def __init__(
        self,
        directory: Path,
        latchkey_port: int,
        homeserver_port: int,
        changes: dict[str, str] | None = None,
        port: int | None = None,
    ):
        self.port = port or free_port()
        self.tls_port, self.federation_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._changes = changes or {}
        _make_certificate(directory)
        self._log = directory / "proxy.log"
        command = self._prepare(latchkey_port, homeserver_port)
        environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        wait_until(self._accepts, f"{self.name} to accept connections")

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        raise NotImplementedError

    def _accepts(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def reload(self) -> None:
        """Has it read its configuration again, as an operator would."""
        raise NotImplementedError

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


class Nginx(Proxy):
    name = "nginx"
    opening = {
        "        error_page 500 502 504 =503 /_latchkey/refusal;": (
            "        error_page 500 502 503 504 =200 /_latchkey/open;"
        ),
    }

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def _example(self) -> str:
        return (_CONFIG / "nginx/latchkey.conf").read_text()

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        def ipv6(line: str) -> str:
            return line if has_ipv6() else ""

        site = changed(
            self._example(),
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "listen 443 ssl": (
                    f"listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl"
                ),
                "listen [::]:443 ssl http2;": ipv6(f"listen [::1]:{self.tls_port} ssl http2;"),
                "listen 8448 ssl": f"listen 127.0.0.1:{self.federation_port} ssl",
                "listen [::]:8448 ssl http2 default_server;": ipv6(
                    f"listen [::1]:{self.federation_port} ssl http2 default_server;"
                ),
                "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
                "/etc/ssl/certs/example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/example.com.key": f"{self._directory}/key.pem",
                **self._changes,
            },
        )
        (self._directory / "site.conf").write_text(site)
        places = "\n".join(
            f"{kind}_temp_path {self._directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
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


_TRANSLATION = _CONFIG.parent / "docs/operating/other-homeservers.md"


class TranslatingNginx(Nginx):
    """An application service's token in place of good ones, as the documentation has it."""

    def _example(self) -> str:
        variables, header, target = _blocks("nginx", _TRANSLATION)
        first, forwarded = "\nserver {\n", "    proxy_set_header Host $host;\n"
        text = super()._example().replace(first, "\n" + variables + first, 1)
        text = text.replace(forwarded, forwarded + header, 1)
        checked = r"(auth_request_set .*?)        proxy_pass http://homeserver;\n"
        text, count = re.subn(
            checked, lambda found: found[1] + target, text, count=1, flags=re.DOTALL
        )
        assert count == 1
        return text


class NginxWithTwoAddresses(Nginx):
    """OAuth 2.0 and the account pages at auth.example.com, as the documentation has it."""

    def _example(self) -> str:
        leads_there, server = _blocks("nginx")
        of_pages = r"~ \^/(oauth2|\(account|\\.well-known/\(openid)|= /favicon"
        moved = rf"(?m)^    location ({of_pages}).*?^    }}\n"
        text, count = re.subn(moved, "", super()._example(), flags=re.DOTALL)
        assert count == 4
        first = "    location ~ "
        server = server.replace("certs/auth.example", "certs/example")
        server = server.replace("private/auth.example", "private/example")
        return text.replace(first, leads_there + first, 1) + server


class Caddy(Proxy):
    name = "caddy"
    opening = {
        "#@unasked": "@unasked",
        "#handle @unasked {": "handle @unasked {",
        "#\timport homeserver\n\t\t#}": "import homeserver\n}",
    }

    def reload(self) -> None:
        subprocess.run(
            [
                program("caddy"),
                "reload",
                "--config",
                self._directory / "Caddyfile",
                "--adapter",
                "caddyfile",
                "--address",
                f"unix/{self._directory}/admin.sock",
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        plain, tls = f"http://127.0.0.1:{self.port}", f"https://matrix.example.com:{self.tls_port}"
        federation = f"https://matrix.example.com:{self.federation_port}"
        site = changed(
            (_CONFIG / "caddy/Caddyfile").read_text(),
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "\nmatrix.example.com, matrix.example.com:8448 {": "\n(site) {",
                "\nexample.com {": f"\nhttp://example.com:{self.port} {{",
                **self._changes,
            },
        )
        addresses = "127.0.0.1 [::1]" if has_ipv6() else "127.0.0.1"
        file = self._directory / "Caddyfile"
        file.write_text(f"""{{
            admin unix/{self._directory}/admin.sock
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


class Haproxy(Proxy):
    name = "haproxy"
    impatience = {
        "timeout server 180s": "timeout server 2s",
        "timeout server 60s": "timeout server 2s",
        "LATCHKEY_PATIENCE 10": "LATCHKEY_PATIENCE 2",
    }
    opening = {"LATCHKEY_AWAY closed": "LATCHKEY_AWAY open"}

    def reload(self) -> None:
        self._process.send_signal(signal.SIGUSR2)

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        pem = self._directory / "matrix.pem"
        pem.write_text(
            "".join((self._directory / name).read_text() for name in ("certificate.pem", "key.pem"))
        )

        def binds(port: int) -> str:
            return f"127.0.0.1:{port}" + (f",[::1]:{port}" if has_ipv6() else "")

        site = changed(
            (_CONFIG / "haproxy/haproxy.cfg").read_text(),
            {
                "/etc/haproxy/latchkey.lua": str(_CONFIG / "haproxy/latchkey.lua"),
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "/etc/haproxy/matrix.example.com.pem": str(pem),
                "    bind :443,[::]:443 v6only": f"    bind 127.0.0.1:{self.port}\n"
                f"    bind {binds(self.tls_port)}",
                ":8448,[::]:8448 v6only": binds(self.federation_port),
                **self._changes,
            },
        )
        file = self._directory / "haproxy.cfg"
        file.write_text(site)
        return [program("haproxy"), "-W", "-db", "-f", str(file)]


class Traefik(Proxy):
    name = "traefik"
    says_json = False
    serves_files = False
    answers_preflights = True
    resolves_dots = True
    limits_bodies = False
    impatience = {"180s": "2s", "60s": "2s"}

    def reload(self) -> None:
        routes = self._directory / "routes.yaml"
        routes.write_text(routes.read_text() + "# again\n")

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        routes = changed(
            (_CONFIG / "traefik/latchkey.yaml").read_text(),
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
                **self._changes,
            },
        )
        (self._directory / "routes.yaml").write_text(routes)
        own = yaml.safe_load((_CONFIG / "traefik/traefik.yaml").read_text())
        own["providers"]["file"]["filename"] = f"{self._directory}/routes.yaml"
        plain = json.loads(json.dumps(own["entryPoints"]["websecure"]))
        del plain["http"]["tls"]
        own["entryPoints"] |= {"plain": plain}
        ports = {"plain": self.port, "websecure": self.tls_port, "federation": self.federation_port}
        for name, port in ports.items():
            own["entryPoints"][name]["address"] = f"127.0.0.1:{port}"
            if has_ipv6() and name != "plain":
                six = json.loads(json.dumps(own["entryPoints"][name]))
                own["entryPoints"][f"{name}-six"] = six | {"address": f"[::1]:{port}"}
        own |= {"global": {"checkNewVersion": False, "sendAnonymousUsage": False}}
        file = self._directory / "traefik.yaml"
        file.write_text(yaml.safe_dump(own))
        return [str(Path(sys.prefix) / "bin/traefik"), f"--configfile={file}"]

    def _accepts(self) -> bool:
        """It opens its ports before it knows where anything leads."""
        if not super()._accepts():
            return False
        answer = httpx.get(f"{self.url}/_matrix/client/versions", trust_env=False)
        return answer.status_code != 404


class Envoy(Proxy):
    name = "envoy"
    resolves_dots = True
    refuses_upgrades = True
    limits_bodies = False
    opening = {"failure_mode_allow: false": "failure_mode_allow: true"}

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        site = yaml.safe_load(
            changed(
                (_CONFIG / "envoy/envoy.yaml").read_text(),
                {
                    "port_value: 8008": f"port_value: {latchkey_port}",
                    "port_value: 8000": f"port_value: {homeserver_port}",
                    "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                    "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
                    **self._changes,
                },
            )
        )

        def at(port: int, address: str = "127.0.0.1") -> dict:
            return {"address": {"socket_address": {"address": address, "port_value": port}}}

        (secure,) = site["static_resources"]["listeners"]
        plain = json.loads(json.dumps(secure)) | {"name": "plain"} | at(self.port)
        del plain["additional_addresses"], plain["filter_chains"][0]["transport_socket"]
        secure |= at(self.tls_port)
        secure["additional_addresses"] = [at(self.federation_port)]
        if has_ipv6():
            secure["additional_addresses"] += [
                at(self.tls_port, "::1"),
                at(self.federation_port, "::1"),
            ]
        site["static_resources"]["listeners"].append(plain)
        file = self._directory / "envoy.yaml"
        file.write_text(yaml.safe_dump(site))
        return [
            str(Path(sys.prefix) / "bin/envoy"),
            "-c",
            str(file),
            "--disable-hot-restart",
            "--concurrency",
            "1",
            "--log-level",
            "warning",
        ]


class Apache(Proxy):
    """As docs/connecting/proxy.md has it: without the check, so not one of PROXIES."""

    name = "apache2"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        (block,) = _blocks("apache")
        site = changed(
            block,
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "*:443": f"127.0.0.1:{self.tls_port}",
                "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
                **self._changes,
            },
        )
        plain = re.sub(r"(?m)^ *SSL.*\n", "", site).replace(f":{self.tls_port}", f":{self.port}")
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in (
                "mpm_event",
                "authz_core",
                "socache_shmcb",
                "ssl",
                "http2",
                "headers",
                "proxy",
                "proxy_http",
            )
        )
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

PROXIES: dict[str, type[Proxy]] = {
    proxy.name: proxy for proxy in (Nginx, Caddy, Haproxy, Traefik, Envoy)
}


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def _make_certificate(directory: Path) -> None:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            directory / "key.pem",
            "-out",
            directory / "certificate.pem",
            "-subj",
            "/CN=matrix.example.com",
            "-addext",
            "subjectAltName=DNS:matrix.example.com,DNS:example.com",
        ],
        check=True,
        capture_output=True,
    )


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is missing: apt install {'nginx-light' if name == 'nginx' else name}"
    return found
