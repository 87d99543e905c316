"""HAProxy as config/haproxy has it."""

import os
import signal

from edge.proxies.proxy import CONFIG, Proxy, has_ipv6, program


class Haproxy(Proxy):
    name = "haproxy"
    impatience = {
        "timeout server 180s": "timeout server 2s",
        "timeout server 60s": "timeout server 2s",
        "LATCHKEY_PATIENCE 10": "LATCHKEY_PATIENCE 2",
    }
    opening = {"LATCHKEY_AWAY closed": "LATCHKEY_AWAY open"}
    check_lines = r"^    http-request (lua\.latchkey_check|return status 503)[^\n]*\n"

    def _read_again(self) -> None:
        self._process.send_signal(signal.SIGUSR2)

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        pem = self._directory / "matrix.pem"
        pem.write_text(
            "".join((self._directory / name).read_text() for name in ("certificate.pem", "key.pem"))
        )

        def binds(port: int) -> str:
            return f"127.0.0.1:{port}" + (f",[::1]:{port}" if has_ipv6() else "")

        # Nobody else can become another user.
        drops = {"    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n": ""}
        site = self._adapted(
            (CONFIG / "haproxy/haproxy.cfg").read_text(),
            {
                "/etc/haproxy/latchkey.lua": str(CONFIG / "haproxy/latchkey.lua"),
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "/etc/haproxy/matrix.example.com.pem": str(pem),
                "    bind :443,[::]:443 v6only": f"    bind 127.0.0.1:{self.port}\n"
                f"    bind {binds(self.tls_port)}",
                ":8448,[::]:8448 v6only": binds(self.federation_port),
                **(drops if os.geteuid() else {}),
            },
        )
        file = self._directory / "haproxy.cfg"
        file.write_text(site)
        return [program("haproxy"), "-W", "-db", "-f", str(file)]
