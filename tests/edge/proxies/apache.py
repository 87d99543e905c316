"""Apache as docs/connecting/proxy.md has it."""

import os
import re

from edge.proxies.proxy import Proxy, blocks, program


class Apache(Proxy):
    """As docs/connecting/proxy.md has it: without the check, so not one of PROXIES."""

    name = "apache2"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        (block,) = blocks("apache")
        site = self._adapted(
            block,
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "*:443": f"127.0.0.1:{self.tls_port}",
                "/etc/ssl/certs/matrix.example.com.pem": f"{self._directory}/certificate.pem",
                "/etc/ssl/private/matrix.example.com.key": f"{self._directory}/key.pem",
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
