"""A SAML 2.0 identity provider made of pysaml2, with a login page and what a test orders of it.

    idp.py CONFIGURATION.json

The configuration has `port`, `folder` and `service`, the address of the service's metadata. Runs in
the environment of tests/saml-requirements.txt.
"""

import datetime
import functools
import html
import json
import pathlib
import signal
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, entity, sigver
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT
from saml2.server import Server
from saml2.sigver import security_context
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

# pysaml2 encrypts with triple DES whatever the service's metadata ask for.
entity.pre_encryption_part = functools.partial(
    sigver.pre_encryption_part, msg_enc="http://www.w3.org/2009/xmlenc11#aes128-gcm"
)
sigver.SecurityContext.encrypt_assertion.__defaults__ = ("aes-128", None)

PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


class IdentityProvider:
    def __init__(self, configuration: dict):
        self.base = f"http://127.0.0.1:{configuration['port']}"
        self.folder = pathlib.Path(configuration["folder"])
        self.service = configuration["service"]
        self.lock = threading.Lock()  # pysaml2's files are not for several threads
        self.encrypt = False
        self.lies = False
        self.format = NAMEID_FORMAT_PERSISTENT
        # Browsers that are signed in: when, and as whom.
        self.browsers: dict[str, tuple[str, datetime.datetime]] = {}
        self.signed_in: dict[str, tuple] = {}  # by user: their NameID and SessionIndex
        self.seen: list[str] = []  # messages that came, by their names
        self.server: Server | None = None
        if not (self.folder / "idp.key").exists():
            self.make_key()
        self.description = self.describe()

    def make_key(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (self.folder / "idp.crt").write_bytes(certificate.public_bytes(pem))
        (self.folder / "idp.key").write_bytes(
            key.private_bytes(
                pem,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )

    def configuration(self, service: dict) -> IdPConfig:
        ends = {
            "single_sign_on_service": [
                (f"{self.base}/sso", BINDING_HTTP_REDIRECT),
                (f"{self.base}/sso", BINDING_HTTP_POST),
            ],
            "single_logout_service": [
                (f"{self.base}/slo", BINDING_HTTP_REDIRECT),
                (f"{self.base}/slo", BINDING_HTTP_POST),
            ],
        }
        idp = {
            "endpoints": ends,
            "policy": {
                "default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI},
            },
            "name_id_format": [NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT],
            "want_authn_requests_signed": True,
            "subject_data": str(self.folder / "subjects"),
            "session_storage": "memory",
            # It would be SHA-1.
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
        }
        return IdPConfig().load(
            {
                "entityid": f"{self.base}/metadata",
                "service": {"idp": idp},
                "key_file": str(self.folder / "idp.key"),
                "cert_file": str(self.folder / "idp.crt"),
                "xmlsec_binary": "/usr/bin/xmlsec1",
                "metadata": service,
            }
        )

    def describe(self) -> str:
        configuration = self.configuration({})
        security_context(configuration)
        return str(entity_descriptor(configuration))

    def idp(self) -> Server:
        """Knows the service once somebody needs it."""
        if self.server is None:
            with urllib.request.urlopen(self.service, timeout=10) as answer:
                (self.folder / "sp.xml").write_bytes(answer.read())
            local = {"local": [str(self.folder / "sp.xml")]}
            self.server = Server(config=self.configuration(local))
        return self.server

    def rotate(self) -> None:
        self.make_key()
        self.close()
        self.description = self.describe()

    def close(self) -> None:
        """Writes who is who, which some of Python's databases do only now."""
        if self.server is not None:
            self.server.close()
            self.server = None

    def read_request(self, binding: str, sent: dict):
        return self.idp().parse_authn_request(
            sent["SAMLRequest"],
            binding,
            relay_state=sent.get("RelayState"),
            sigalg=sent.get("SigAlg"),
            signature=sent.get("Signature"),
        )

    def respond(self, request, user: str, instant: datetime.datetime) -> tuple[str, str]:
        """Where to, and the SAMLResponse."""
        idp = self.idp()
        told = idp.response_args(request.message)
        if self.lies:
            told["in_response_to"] = "_another_request"
        policy = told.get("name_id_policy")
        if policy is not None:
            policy.format = self.format
        name = idp.ident.construct_nameid(
            user, sp_name_qualifier=told["sp_entity_id"], name_id_policy=policy
        )
        identity = {
            "uid": [user],
            "displayName": [f"{user.capitalize()} of University"],
            "mail": [f"{user}@university.example"],
        }
        response = idp.create_authn_response(
            identity,
            userid=user,
            name_id=name,
            authn={"class_ref": PASSWORD_CONTEXT, "authn_instant": instant.timestamp()},
            sign_assertion=True,
            sign_response=True,
            encrypt_assertion=self.encrypt,
            **told,
        )
        # As pysaml2 keeps it, if the assertion was not encrypted.
        statements = idp.session_db.get_authn_statements(name)
        index = statements[-1][0].session_index if statements else None
        self.signed_in[user] = (name, index, told["sp_entity_id"])
        return told["destination"], str(response)

    def sign_out(self, user: str, binding: str) -> dict:
        """The LogoutRequest that a browser brings to the service."""
        idp = self.idp()
        name, index, service = self.signed_in[user]
        found, place = idp.pick_binding(
            "single_logout_service", [binding], "spsso", entity_id=service
        )
        _, request = idp.create_logout_request(
            place,
            issuer_entity_id=service,
            name_id=name,
            session_indexes=[index] if index else None,
            sign=binding == BINDING_HTTP_POST,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        applied = idp.apply_binding(
            found,
            str(request),
            place,
            relay_state="theirs",
            sign=binding == BINDING_HTTP_REDIRECT,
            sigalg=SIG_RSA_SHA256,
        )
        if binding == BINDING_HTTP_REDIRECT:
            return {"url": dict(applied["headers"])["Location"]}
        return {"url": place, "page": applied["data"]}


class Handler(BaseHTTPRequestHandler):
    provider: IdentityProvider

    def log_message(self, *_):
        pass

    def answer(self, body: str, status: int = 200, kind: str = "text/html", **headers) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        parts = urlsplit(self.path)
        self.route(parts.path, dict(parse_qsl(parts.query)), BINDING_HTTP_REDIRECT)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/order":
            return self.order(json.loads(body))
        return self.route(urlsplit(self.path).path, dict(parse_qsl(body)), BINDING_HTTP_POST)

    def route(self, path: str, sent: dict, binding: str) -> None:
        with self.provider.lock:
            if path == "/metadata":
                self.answer(self.provider.description, kind="application/samlmetadata+xml")
            elif path == "/sso":
                self.sign_on(sent, binding)
            elif path == "/login":
                self.log_in(sent)
            elif path == "/slo":
                self.log_out(sent, binding)
            else:
                self.answer("", 404)

    def sign_on(self, sent: dict, binding: str) -> None:
        request = self.provider.read_request(binding, sent)
        known = self.provider.browsers.get(self.headers.get("Cookie", ""))
        if known and request.message.force_authn != "true":
            self.send_back(request, *known, sent.get("RelayState", ""))
            return
        fields = {**sent, "binding": binding}
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in fields.items()
        )
        self.answer(f'<form method="post" action="/login">{hidden}<input name="user"></form>')

    def log_in(self, sent: dict) -> None:
        request = self.provider.read_request(sent["binding"], sent)
        now = datetime.datetime.now(datetime.UTC)
        cookie = f"browser={sent['user']}"
        self.provider.browsers[cookie] = (sent["user"], now)
        self.send_back(request, sent["user"], now, sent.get("RelayState", ""), Set_Cookie=cookie)

    def send_back(self, request, user, instant, relay_state: str, **headers) -> None:
        place, response = self.provider.respond(request, user, instant)
        applied = self.provider.idp().apply_binding(
            BINDING_HTTP_POST, response, place, relay_state=relay_state, response=True
        )
        self.answer(applied["data"], **headers)

    def log_out(self, sent: dict, binding: str) -> None:
        idp = self.provider.idp()
        if "SAMLResponse" in sent:
            response = idp.parse_logout_request_response(sent["SAMLResponse"], binding)
            self.provider.seen.append("LogoutResponse")
            self.answer("signed out" if response.status_ok() else "not signed out")
            return
        request = idp.parse_logout_request(
            sent["SAMLRequest"],
            binding,
            relay_state=sent.get("RelayState"),
            sigalg=sent.get("SigAlg"),
            signature=sent.get("Signature"),
        )
        self.provider.seen.append("LogoutRequest")
        self.provider.browsers.clear()
        response = idp.create_logout_response(request.message, [binding], sign=True)
        told = idp.response_args(request.message, [binding])
        applied = idp.apply_binding(
            told["binding"], str(response), told["destination"], "", response=True, sign=True
        )
        if told["binding"] == BINDING_HTTP_REDIRECT:
            self.answer("", 303, Location=dict(applied["headers"])["Location"])
        else:
            self.answer(applied["data"])

    def order(self, what: dict) -> None:
        provider = self.provider
        told: dict = {}
        with provider.lock:
            match what["order"]:
                case "rotate":
                    provider.rotate()
                case "encrypt":
                    provider.encrypt = what["on"]
                case "lie":
                    provider.lies = what["on"]
                case "transient":
                    provider.format = (
                        NAMEID_FORMAT_TRANSIENT if what["on"] else NAMEID_FORMAT_PERSISTENT
                    )
                case "logout":
                    by_form = what["by"] == "post"
                    told = provider.sign_out(
                        what["user"], BINDING_HTTP_POST if by_form else BINDING_HTTP_REDIRECT
                    )
                case "seen":
                    told = {"seen": provider.seen}
        self.answer(json.dumps(told), kind="application/json")


def leave(*_) -> None:
    """On SIGTERM: leaves `serve_forever` by way of what closes things."""
    sys.exit(0)


def main() -> None:
    configuration = json.loads(pathlib.Path(sys.argv[1]).read_text())
    provider = Handler.provider = IdentityProvider(configuration)

    class Reusing(ThreadingHTTPServer):
        allow_reuse_port = True

    signal.signal(signal.SIGTERM, leave)
    try:
        Reusing(("127.0.0.1", configuration["port"]), Handler).serve_forever()
    finally:
        with provider.lock:
            provider.close()


if __name__ == "__main__":
    main()
