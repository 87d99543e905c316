"""What must be true of every answer: the Matrix OpenAPI files, and the house's own promises.

The files are the specification's own (tests/openapi). A status that they do not list must carry
the specification's common error object.
"""

import functools
import re
from pathlib import Path

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).resolve().parents[1] / "openapi"
# The codes of the Client-Server API that its authentication can give: "Standard error response",
# "Other error codes", and those of single endpoints.
ERROR_CODES = {
    f"M_{name}"
    for name in """
        APPSERVICE_LOGIN_UNSUPPORTED BAD_JSON EXCLUSIVE FORBIDDEN GUEST_ACCESS_FORBIDDEN
        INVALID_PARAM INVALID_USERNAME LIMIT_EXCEEDED MISSING_PARAM MISSING_TOKEN NOT_FOUND NOT_JSON
        TOO_LARGE UNAUTHORIZED UNKNOWN UNKNOWN_DEVICE UNKNOWN_TOKEN UNRECOGNIZED USER_DEACTIVATED
        USER_IN_USE USER_LIMIT_EXCEEDED USER_LOCKED USER_SUSPENDED WEAK_PASSWORD
        """.split()
}
# Paths are templates of `basePath` and below; r0 answers as v3 does.
_VERSION = re.compile(r"^/_matrix/client/r0/")


def check(answer: httpx.Response) -> None:
    """Fails the test when the answer breaks the specification or a promise of the server."""
    request = answer.request
    what = f"{request.method} {request.url.path} -> {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500 or answer.status_code == 503, what
    assert answer.headers.get("x-request-id"), f"no X-Request-Id: {what}"
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) > 0, what
    is_page = "/fallback/web" in request.url.path
    of_clients = request.url.path.startswith(("/_matrix/client/", "/.well-known/matrix/client"))
    if of_clients and not is_page:
        _check_client_api(answer, what)


def _check_client_api(answer: httpx.Response, what: str) -> None:
    assert answer.headers.get("access-control-allow-origin") == "*", f"no CORS: {what}"
    if answer.request.method in ("OPTIONS", "HEAD"):
        return
    assert answer.headers["content-type"].startswith("application/json"), what
    body = answer.json()
    assert isinstance(body, dict), what
    # As it was sent: an encoded slash is part of its segment.
    path = answer.request.url.raw_path.decode("ascii").partition("?")[0]
    schema = _schema(path, answer.request.method, answer.status_code)
    # The 401 that the files describe is the challenge; one that refuses a token is an error.
    if answer.status_code == 401 and "flows" not in body:
        schema = None
    for error in (schema or _error_schema()).iter_errors(body):
        raise AssertionError(f"{what}\nbreaks the specification: {error.message}")
    # A challenge has a code as well when a stage has failed.
    assert body.get("errcode", "M_UNKNOWN") in ERROR_CODES, what
    if answer.status_code >= 400 and "flows" not in body:
        assert body["error"].strip(), f"no sentence: {what}"
    # Design §2: in every 401 that refuses a token; a challenge refuses none.
    if answer.status_code == 401 and "flows" not in body:
        assert isinstance(body.get("soft_logout"), bool), f"no soft_logout: {what}"
    if answer.status_code == 429:
        assert body["errcode"] == "M_LIMIT_EXCEEDED", what
        assert isinstance(body.get("retry_after_ms"), int), what


@functools.cache
def _registry() -> Registry:
    resources = []
    for file in FOLDER.rglob("*.yaml"):
        content = yaml.safe_load(file.read_text())
        resources.append((file.as_uri(), Resource(content, DRAFT202012)))
    return Registry().with_resources(resources)


@functools.cache
def operations() -> list[tuple[re.Pattern, str, Path, str]]:
    """(pattern of the path, method, file, JSON pointer of its responses), the exact paths first."""
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(file.read_text())
        base = content["servers"][0]["variables"]["basePath"]["default"]
        for path, methods in content["paths"].items():
            pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(base + path)) + "$")
            for method in methods:
                pointer = f"/paths/{path.replace('/', '~1')}/{method}/responses"
                found.append((pattern, method.upper(), file, pointer))
    return sorted(found, key=lambda operation: "[^/]+" in operation[0].pattern)


def _schema(path: str, method: str, status: int) -> Draft202012Validator | None:
    path = _VERSION.sub("/_matrix/client/v3/", path)
    path = path.replace("/unstable/org.matrix.msc3741/", "/v3/")
    path = path.replace("/unstable/uk.timedout.msc4323/", "/v1/")
    path = path.replace("/unstable/org.matrix.msc2965/", "/v1/")
    for pattern, its_method, file, pointer in operations():
        if its_method == method and pattern.match(path):
            return _answer_schema(file, pointer, str(status))
    return None


@functools.cache
def _answer_schema(file: Path, pointer: str, status: str) -> Draft202012Validator | None:
    responses = yaml.safe_load(file.read_text())
    for step in pointer.split("/")[1:]:
        responses = responses[step.replace("~1", "/")]
    if "content" not in responses.get(status, {}):
        return None if status != "200" else Draft202012Validator({"type": "object"})
    reference = f"{file.as_uri()}#{pointer}/{status}/content/application~1json/schema"
    return Draft202012Validator({"$ref": reference}, registry=_registry())


@functools.cache
def _error_schema() -> Draft202012Validator:
    file = FOLDER / "definitions/errors/error.yaml"
    return Draft202012Validator({"$ref": file.as_uri()}, registry=_registry())
