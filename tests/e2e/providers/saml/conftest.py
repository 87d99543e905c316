"""A server whose people come from a real SAML 2.0 identity provider."""

from collections.abc import Iterator

import pytest

from support.saml import SamlIdp
from support.saml_person import Student, configuration
from support.server import Server

STUDENTS = [f"student{number}" for number in range(1, 40)]


@pytest.fixture(scope="module")
def idp_server(make_lasting_server, tmp_path_factory) -> Iterator[Server]:
    """The provider is started after it, for it wants the server's metadata."""
    server = make_lasting_server(start=False)
    folder = tmp_path_factory.mktemp("idp")
    server.idp = SamlIdp(folder, f"{server.url}/account/providers/idp/metadata")
    server.options["sign_in"] = {"providers": [configuration(server.idp.metadata)]}
    try:
        server.start()
        server.idp.start()
        yield server
    finally:
        server.idp.close()


@pytest.fixture(scope="module")
def idp(idp_server) -> SamlIdp:
    return idp_server.idp


@pytest.fixture(scope="module")
def students() -> Iterator[str]:
    """People of the provider, each for one test."""
    return iter(STUDENTS)


@pytest.fixture
def login(students) -> str:
    return next(students)


@pytest.fixture
def student(idp_server, idp, login) -> Student:
    return Student(idp_server, idp, login)
