"""nginx before the nodes, as docs/operating/cluster.md has it."""

from contextlib import closing
from pathlib import Path

import pytest

from edge.proxies.nginx import Nginx
from edge.proxies.proxy import CONFIG, blocks, changed
from support.balancer import BalancerApi
from support.cluster import Cluster, Crowd
from support.polling import wait_until
from support.ports import free_port

PAGE = CONFIG.parent / "docs/operating/cluster.md"


def nginx_before(cluster: Cluster, directory: Path) -> Nginx:
    ports = [node.server.port for node in cluster.nodes]
    [servers] = blocks("nginx", PAGE)
    servers = changed(
        servers, {f"192.0.2.1{i}:8008": f"127.0.0.1:{port}" for i, port in enumerate(ports, 1)}
    )
    example = f"upstream latchkey {{\n    server 127.0.0.1:{ports[0]};\n    keepalive 64;\n}}\n"
    return Nginx(directory, ports[0], free_port(), {example: servers})


@pytest.fixture
def behind_nginx(cluster, tmp_path):
    with closing(nginx_before(cluster, tmp_path)) as nginx, closing(BalancerApi(nginx.url)) as api:
        yield api


def test_nodes_that_are_stopped_in_order(cluster, behind_nginx, tell):
    """It asks for no /health. What it keeps to a node that goes is closed with an answer, and then
    its connections are refused: nothing of both is lost."""
    with Crowd(cluster, api=behind_nginx) as crowd:
        crowd.restart_each()
    figures = crowd.assert_unharmed()
    tell(figures)
    assert figures.failed == 0


def test_a_node_that_is_killed(cluster, behind_nginx, tell):
    node = cluster.nodes[1]
    with Crowd(cluster, api=behind_nginx) as crowd:
        crowd.steps(100)
        node.server.kill()
        crowd.steps(200)
        node.server.start()
        wait_until(node.serves, "the node to serve again", 60)
        crowd.steps(100)
    tell(crowd.assert_unharmed())


def test_a_node_cut_off_from_the_database(cluster, behind_nginx, tell):
    """Whoever asks there is answered by another one."""
    node = cluster.nodes[2]
    with Crowd(cluster, api=behind_nginx) as crowd:
        crowd.steps(50)
        node.partition()
        wait_until(lambda: not node.serves(), "the node to say that it cannot serve", 20)
        crowd.steps(200)
        node.mend()
        wait_until(node.serves, "the node to serve again", 60)
        crowd.steps(100)
    tell(crowd.assert_unharmed())
