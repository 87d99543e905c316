"""One cluster for the tests of a file: it takes seconds to start."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.cluster import Cluster


@pytest.fixture(scope="module")
def lasting_cluster(binary, tmp_path_factory) -> Iterator[Cluster]:
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster:
        yield cluster


@pytest.fixture
def cluster(lasting_cluster) -> Iterator[Cluster]:
    """Whole at the beginning of each test, and to be left so."""
    lasting_cluster.wait_for_all()
    yield lasting_cluster
    for node in lasting_cluster.nodes:
        assert node.server.running
        node.mend()
        node.server.check_log()


@pytest.fixture
def fragile_cluster(binary, tmp_path) -> Iterator[Cluster]:
    """One for a test alone, that may destroy it."""
    with closing(Cluster(tmp_path)) as cluster:
        yield cluster


@pytest.fixture
def tell(capsys, request):
    """Shows what a test has counted, whether it fails or not."""

    def show(figures) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name}: {figures}")

    return show
