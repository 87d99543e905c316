"""What `latchkey doctor` says of this deployment, and of the same with one thing broken."""

import json
import subprocess
from contextlib import closing

import pytest

from edge.proxies import Nginx
from support.server import BINARY, merge


def examine(deployment, changes: dict | None = None, account=None, **where) -> list[dict]:
    """Its findings that are not good, with these changes to Latchkey's configuration, which the
    running server does not know of."""
    options = merge(deployment.latchkey.options, changes or {})
    file = deployment.latchkey.directory / "doctor.yaml"
    file.write_text(json.dumps(options))
    command = [str(BINARY), "doctor", "--config", str(file), "--json"]
    if account is not None:
        command += ["--user", account.name, "--password-stdin"]
    done = subprocess.run(
        command,
        input=account.secret + "\n" if account else "",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = json.loads(done.stdout)
    assert done.returncode == (0 if said["ok"] else 1), done.stdout + done.stderr
    # Nobody's web server has the name in the Matrix IDs of these tests.
    found = [of for of in said["findings"] if of["result"] != "good"]
    return [of for of in found if of["subject"] != "well-known"]


def assert_found(findings: list[dict], subject: str, sentence: str, change: str) -> None:
    for of in findings:
        if subject in of["subject"] and sentence in of["sentence"] and change in of["change"]:
            return
    raise AssertionError(f"it does not say {subject!r}: {sentence!r}, but: {findings}")


def test_nothing_is_wrong(deployment):
    person = deployment.person(refresh=False)
    assert examine(deployment, account=person) == []
    # Its device is gone again.
    deployment.wait(lambda: person.devices() == {"PHONE"}, "the doctor's device to go")


def test_synapse_is_stopped_or_has_another_secret(deployment):
    assert_found(
        examine(deployment, {"homeserver": {"secret": "another secret of 16 characters"},
                             "introspection": {"secret": "another secret of 16 characters"}}),
        "the secret", "refuses it", "homeserver.secret",
    )  # fmt: skip
    synapse = deployment.synapse
    options = synapse.options["matrix_authentication_service"]
    options["secret"] += "x"
    synapse.restart()
    try:
        findings = examine(deployment)
        assert_found(findings, "the secret", "refuses it", "homeserver.secret")
        assert_found(
            findings, "introspection", "cannot ask", "matrix_authentication_service.secret"
        )
        options["force_http2"] = True
        options["secret"] = synapse.secret
        synapse.restart()
        found = examine(deployment)
        assert_found(found, "introspection", "the right secret", "force_http2: false")
        synapse.stop()
        assert_found(
            examine(deployment), "the homeserver", "nothing answers", "homeserver.endpoint"
        )
    finally:
        options.pop("force_http2", None)
        options["secret"] = synapse.secret
        synapse.restart()
    assert examine(deployment) == []


def test_the_proxy_does_not_ask_or_sends_requests_elsewhere(deployment, tmp_path):
    def with_proxy(changes: dict[str, str]) -> list[dict]:
        proxy = Nginx(tmp_path, deployment.latchkey.port, deployment.synapse.port, changes)
        with closing(proxy):
            return examine(deployment, {"public_url": proxy.url + "/"})

    assert_found(
        with_proxy({"        auth_request /_latchkey/edge-check;\n": ""}),
        "the edge", "does not ask this server", "auth_request",
    )  # fmt: skip
    lost = with_proxy({"(login|logout|refresh|": "(login|refresh|"})
    assert_found(lost, "routes", "/_matrix/client/v3/logout", "these paths go to")
    opened = with_proxy({"(_matrix|_synapse/client)/": "(_matrix|_synapse)/"})
    assert_found(opened, "nobody outside", "/_synapse/admin", "404")


@pytest.mark.parametrize(
    ("changes", "subject", "sentence", "change"),
    [
        ({"listen": ["127.0.0.1:1"]}, "this server", "nothing answers", "latchkey serve"),
        ({"public_url": "http://127.0.0.1:1/"}, "public address", "cannot be used", "public_url"),
        ({"homeserver": {"endpoint": "http://127.0.0.1:1/"}}, "the homeserver", "nothing answers",
         "homeserver.endpoint"),
        ({"http": {"trusted_proxies": []}}, "forwarded", "not trusted", "http.trusted_proxies"),
    ],
)  # fmt: skip
def test_an_option_is_wrong(deployment, changes, subject, sentence, change):
    assert_found(examine(deployment, changes), subject, sentence, change)


def test_what_homeserver_config_prints_is_what_stands_there(deployment):
    said = deployment.latchkey.command("homeserver", "config", "synapse")["text"]
    section = deployment.synapse.options["matrix_authentication_service"]
    assert f'endpoint: "{section["endpoint"]}"' in said
    assert f'secret: "{section["secret"]}"' in said
    for proxy in ("nginx", "caddy"):
        assert str(deployment.synapse.port) in deployment.latchkey.command(
            "homeserver", "config", proxy
        )["text"]  # fmt: skip
