"""A private LDAP directory: Debian's slapd with a few people, in a temporary folder."""

import base64
import dataclasses
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

from support.polling import wait_until
from support.ports import free_port

SUFFIX = "dc=example,dc=org"
BASE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
BIND_DN = f"cn=latchkey,{SUFFIX}"
BIND_PASSWORD = "the-service-password"
_ROOT = f"cn=root,{SUFFIX}"
_ROOT_PASSWORD = "root"

_SETTINGS = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
TLSCACertificateFile {home}/directory.pem
TLSCertificateFile {home}/directory.pem
TLSCertificateKeyFile {home}/directory.key
TLSVerifyClient never
database mdb
suffix {suffix}
rootdn {root}
rootpw {root_password}
directory {home}/db
maxsize 67108864
dbnosync
index uid,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{bind_dn}" read by self read by * none
overlay memberof
overlay ppolicy
ppolicy_default cn=policy,{suffix}
"""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A person of the directory."""

    uid: str
    password: str
    name: str
    mail: str
    uuid: str  # by which the person is known for ever

    @property
    def dn(self) -> str:
        return f"cn={self.uuid},{BASE}"


def _line(name: str, value: str) -> str:
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


class Directory:
    """One running slapd. Only BIND_DN may look around; people may read themselves."""

    def __init__(self):
        self._home = Path(tempfile.mkdtemp(prefix="latchkey-slapd-"))
        self.port = free_port()
        self._process: subprocess.Popen | None = None
        (self._home / "db").mkdir()
        self._make_certificate()
        settings = _SETTINGS.format(
            suffix=SUFFIX,
            root=_ROOT,
            root_password=_ROOT_PASSWORD,
            home=self._home,
            bind_dn=BIND_DN,
        )
        (self._home / "slapd.conf").write_text(settings)
        self.secret_file = self._home / "bind.secret"
        self.secret_file.write_text(BIND_PASSWORD)
        self.start()
        self._change(
            f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\n"
            "dc: example\no: Example\n",
            f"dn: {BASE}\nobjectClass: organizationalUnit\nou: people\n",
            f"dn: cn=policy,{SUFFIX}\nobjectClass: device\nobjectClass: pwdPolicy\n"
            "cn: policy\npwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 0\n",
            f"dn: {GROUPS}\nobjectClass: organizationalUnit\nou: groups\n",
            f"dn: {BIND_DN}\nobjectClass: organizationalRole\n"
            f"objectClass: simpleSecurityObject\ncn: latchkey\nuserPassword: {BIND_PASSWORD}\n",
            add=True,
        )

    @property
    def ca_file(self) -> Path:
        return self._home / "directory.pem"

    def _make_certificate(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-days", "2", "-subj", "/CN=directory"]
            + ["-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", str(self._home / "directory.key"), "-out", str(self.ca_file)],
            check=True,
            capture_output=True,
            timeout=60,
        )

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def options(self, provider_id: str = "dir", **more) -> dict:
        """An entry of sign_in.providers that leads here."""
        return {
            "id": provider_id,
            "kind": "ldap",
            "name": "Directory",
            "servers": [self.url],
            "base": BASE,
            "filter": "(uid={{ user }})",
            "bind_dn": BIND_DN,
            "bind_password_file": str(self.secret_file),
            "subject": "entryUUID",
            **more,
        }

    def start(self) -> None:
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "/usr/sbin/slapd",
                    "-d",
                    "0",
                    "-f",
                    str(self._home / "slapd.conf"),
                    "-h",
                    self.url + "/",
                ],
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, "slapd to answer", 60)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError("slapd ended: " + (self._home / "log").read_text()[-2000:])
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            self._process.wait(timeout=60)

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def destroy(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    close = destroy

    def add_person(
        self, uid: str, password: str, name: str | None = None, mail: str | None = None
    ) -> Entry:
        """A new entry; its name in the directory says nothing of the person's."""
        key = str(uuid.uuid4())
        person = Entry(uid, password, name or uid.title(), mail or f"{uid}@example.org", key)
        lines = (
            f"dn: {person.dn}",
            "objectClass: inetOrgPerson",
            f"cn: {key}",
            "sn: Person",
            f"entryUUID: {key}",
            _line("uid", uid),
            _line("displayName", person.name),
            _line("mail", person.mail),
            _line("userPassword", password),
        )
        self._change("\n".join(lines) + "\n", add=True)
        return person

    def set_password(self, person: Entry, password: str) -> None:
        self.replace(person, "userPassword", password)

    def replace(self, person: Entry, attribute: str, value: str) -> None:
        """Gives an attribute that one value, operational ones too."""
        self._change(
            f"dn: {person.dn}\nchangetype: modify\nreplace: {attribute}\n"
            f"{_line(attribute, value)}\n-\n"
        )

    def lock(self, person: Entry) -> None:
        """For good, as an administrator does it."""
        self.replace(person, "pwdAccountLockedTime", "000001010000Z")

    def remove(self, person: Entry) -> None:
        self._change(f"dn: {person.dn}\nchangetype: delete\n")

    def add_group(self, name: str, *members: Entry) -> str:
        """Returns its name in the directory; members have it as memberOf."""
        dn = f"cn={name},{GROUPS}"
        lines = [f"dn: {dn}", "objectClass: groupOfNames", f"cn: {name}"]
        lines += [f"member: {member.dn}" for member in members]
        self._change("\n".join(lines) + "\n", add=True)
        return dn

    def _change(self, *records: str, add: bool = False) -> None:
        subprocess.run(
            ["ldapmodify", *(["-a"] if add else []), "-x", "-e", "relax", "-H", self.url]
            + ["-D", _ROOT, "-w", _ROOT_PASSWORD],
            input="\n".join(records),
            text=True,
            check=True,
            capture_output=True,
            timeout=60,
        )
