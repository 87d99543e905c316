"""Caddy as config/caddy has it."""

import subprocess

from edge.proxies.proxy import CONFIG, Proxy, has_ipv6, program


class Caddy(Proxy):
    name = "caddy"
    tells_check_everything = True
    opening = {
        "#@unasked": "@unasked",
        "#handle @unasked {": "handle @unasked {",
        "#\timport homeserver\n\t\t#}": "import homeserver\n}",
    }
    over_socket = {"forward_auth 127.0.0.1:8008": "forward_auth unix/{socket}"}
    check_lines = r"^\t\t\tforward_auth .*?\n\t\t\t\}\n"

    def _read_again(self) -> None:
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
        site = self._adapted(
            (CONFIG / "caddy/Caddyfile").read_text(),
            {
                "127.0.0.1:8008": f"127.0.0.1:{latchkey_port}",
                "127.0.0.1:8000": f"127.0.0.1:{homeserver_port}",
                "\nmatrix.example.com, matrix.example.com:8448 {": "\n(site) {",
                "\nexample.com {": f"\nhttp://example.com:{self.port} {{",
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
