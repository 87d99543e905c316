"""Traefik as config/traefik has it."""

import copy
import os
import sys
from pathlib import Path

import httpx
import yaml

from edge.proxies.proxy import CONFIG, Proxy, has_ipv6


class Traefik(Proxy):
    name = "traefik"
    says_json = False
    serves_files = False
    answers_preflights = True
    resolves_dots = True
    limits_bodies = False
    check_can_be_impatient = False  # its ForwardAuth waits for half a minute
    takes_more_than_latchkey = False
    impatience = {"180s": "2s", "60s": "2s"}

    def _read_again(self) -> None:
        """It watches the file."""

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        routes = self._adapted(
            (CONFIG / "traefik/latchkey.yaml").read_text(),
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
            },
        )
        # Never half of it: it is read at once.
        (self._directory / "routes.new").write_text(routes)
        os.replace(self._directory / "routes.new", self._directory / "routes.yaml")
        own = yaml.safe_load((CONFIG / "traefik/traefik.yaml").read_text())
        own["providers"]["file"]["filename"] = f"{self._directory}/routes.yaml"
        plain = copy.deepcopy(own["entryPoints"]["websecure"])
        del plain["http"]["tls"]
        own["entryPoints"] |= {"plain": plain}
        ports = {"plain": self.port, "websecure": self.tls_port, "federation": self.federation_port}
        for name, port in ports.items():
            own["entryPoints"][name]["address"] = f"127.0.0.1:{port}"
            if has_ipv6() and name != "plain":
                six = copy.deepcopy(own["entryPoints"][name])
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
