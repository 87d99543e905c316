"""nginx as config/nginx has it, and with what the documentation has beside that."""

import os
import re
import signal

from edge.proxies.proxy import CONFIG, Proxy, blocks, has_ipv6, program


class Nginx(Proxy):
    name = "nginx"
    explains_what_it_cannot_read = True
    refuses_two_authorizations = True  # the newer ones
    opening = {
        "        error_page 500 502 504 =503 /_latchkey/refusal;": (
            "        error_page 500 502 503 504 =200 /_latchkey/open;"
        ),
    }
    over_socket = {
        "upstream latchkey_check {\n    server 127.0.0.1:8008;": (
            "upstream latchkey_check {{\n    server unix:{socket};"
        ),
    }
    check_lines = r"^ *auth_request [^;]*;\n"

    def _read_again(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def _example(self) -> str:
        return (CONFIG / "nginx/latchkey.conf").read_text()

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        def ipv6(line: str) -> str:
            return line if has_ipv6() else ""

        site = self._adapted(
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
            {"user root;" if os.geteuid() == 0 else ""}  # as whom the temporary folder is
            events {{}}
            http {{
                access_log off;
                {places}
                include {self._directory}/site.conf;
            }}
        """)
        return [program("nginx"), "-p", str(self._directory), "-c", str(main)]


_TRANSLATION = CONFIG.parent / "docs/operating/other-homeservers.md"


class TranslatingNginx(Nginx):
    """An application service's token in place of good ones, as the documentation has it."""

    def _example(self) -> str:
        variables, header, target = blocks("nginx", _TRANSLATION)
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
        leads_there, server = blocks("nginx")
        of_pages = r"~ \^/(oauth2|\(account|\\.well-known/\(openid)|= /favicon"
        moved = rf"(?m)^    location ({of_pages}).*?^    }}\n"
        text, count = re.subn(moved, "", super()._example(), flags=re.DOTALL)
        assert count == 4
        first = "    location ~ "
        server = server.replace("certs/auth.example", "certs/example")
        server = server.replace("private/auth.example", "private/example")
        return text.replace(first, leads_there + first, 1) + server
