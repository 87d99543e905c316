"""Envoy as config/envoy has it."""

import copy
import sys
from pathlib import Path

import yaml

from edge.proxies.proxy import CONFIG, Proxy, has_ipv6


class Envoy(Proxy):
    name = "envoy"
    resolves_dots = True
    refuses_upgrades = True
    limits_bodies = False
    reloads = False  # a hot restart is its starter's
    takes_more_than_latchkey = False
    opening = {"failure_mode_allow: false": "failure_mode_allow: true"}

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        site = yaml.safe_load(
            self._adapted(
                (CONFIG / "envoy/envoy.yaml").read_text(),
                {
                    "port_value: 8008": f"port_value: {latchkey_port}",
                    "port_value: 8000": f"port_value: {homeserver_port}",
                    "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                    "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
                },
            )
        )

        def at(port: int, address: str = "127.0.0.1") -> dict:
            return {"address": {"socket_address": {"address": address, "port_value": port}}}

        (secure,) = site["static_resources"]["listeners"]
        plain = copy.deepcopy(secure) | {"name": "plain"} | at(self.port)
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
