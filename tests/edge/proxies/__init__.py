"""The proxies with the very files that Latchkey ships, and what docs/connecting/proxy.md has beside
them."""

from edge.proxies.caddy import Caddy
from edge.proxies.envoy import Envoy
from edge.proxies.haproxy import Haproxy
from edge.proxies.nginx import Nginx
from edge.proxies.proxy import Proxy
from edge.proxies.traefik import Traefik

PROXIES: dict[str, type[Proxy]] = {
    proxy.name: proxy for proxy in (Nginx, Caddy, Haproxy, Traefik, Envoy)
}
