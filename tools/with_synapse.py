#!/usr/bin/env python3
"""./dev run --with-synapse: a Latchkey, a Synapse behind it, and nginx in front of both.

Everything lies in run/with-synapse, also what an operator would write: latchkey.yaml,
synapse/homeserver.yaml, nginx/site.conf (config/nginx with the addresses of this machine). Ctrl-C
stops all three, each by its process ID; what they know stays for the next time.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from edge.proxies import Nginx  # noqa: E402
from support.polling import wait_until  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.synapse_server import Synapse, SynapseError  # noqa: E402

BINARY = os.environ.get("LATCHKEY_BINARY", str(REPOSITORY / "build/release/latchkey"))
NAME, PASSWORD = "alice", "correct horse battery"


def say(text: str) -> None:
    print(text, flush=True)


class Latchkey:
    """The server itself. JSON is YAML."""

    def __init__(self, directory: Path, public_url: str, port: int, synapse_url: str, secret: str):
        self.url = f"http://127.0.0.1:{port}"
        self.config = directory / "latchkey.yaml"
        self.log_file = directory / "latchkey.log"
        self.config.write_text(json.dumps({
            "server_name": "localhost",
            "public_url": public_url + "/",
            "listen": [f"127.0.0.1:{port}"],
            "database": f"sqlite://{directory}/latchkey.db",
            "http": {"trusted_proxies": ["127.0.0.1"]},
            "registration": {"open": True},
            "homeserver": {"kind": "synapse", "endpoint": synapse_url + "/", "secret": secret},
        }, indent=2) + "\n")
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        begin = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", str(self.config)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(lambda: not self.running or self._healthy(), "its answer", 60, pause=0.05)
            assert self.running, "it has ended"
        except AssertionError as fault:
            said = self.log_file.read_bytes()[begin:].decode("utf-8", "replace")
            raise SynapseError(f"Latchkey does not answer:\n{said[-4000:]}") from fault

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _healthy(self) -> bool:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{self.url}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def command(self, *words: str, stdin: str = "") -> dict:
        done = subprocess.run([BINARY, *words, "--config", str(self.config), "--json"],
                              input=stdin, capture_output=True, text=True, check=False)
        return json.loads(done.stdout or "{}")

    def stop(self) -> None:
        if self.running:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise


def kept_secret(file: Path) -> str:
    """The one that Latchkey and Synapse share, made at the first start."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32) + "\n")
    return file.read_text().strip()


WALK = """\
#!/usr/bin/env bash
# Made by ./dev run --with-synapse, which has to be running. Each line that begins with $ is a command.
exec {walk} {url} {synapse} {name} '{password}' {binary} {config}
"""

WELCOME = """
  {url}/        the one address of all: nginx, and behind it
  {latchkey}        Latchkey: who is signed in        ({directory}/latchkey.yaml)
  {synapse}        Synapse: rooms, sync, encryption  ({directory}/synapse/homeserver.yaml)

  The first account: {name}, password: {password}

  What to try
  - In a browser: {url}/account, where {name} manages devices and password. People can sign up.
  - A Matrix app on this machine (Element Desktop, or a web client of yours) with the homeserver
    {url}: it asks you to sign in on those pages, or takes the password.
  - In a second terminal: {walk}
    A session ends softly. /sync says so at once and the client keeps its keys, though Synapse, asked
    directly, still takes the token; after signing in again it is the same device, in the same room.

  - Is all of it right? {doctor}
    looks at it as a client does. Break something in these files, start again, and ask it once more.

  Their logs: {directory}/latchkey.log, synapse/synapse.log, nginx/proxy.log
  Ctrl-C stops all three.
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev run --with-synapse", description=__doc__)
    parser.add_argument("--directory", type=Path, default=REPOSITORY / "run/with-synapse",
                        help="where everything is kept")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8008")),
                        help="of the public address on 127.0.0.1; 0: any")
    return parser.parse_args()


def on_signals(handler) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def serve(stack: ExitStack, directory: Path, public: int) -> None:
    """Until something ends. `stack` stops each, whatever becomes of the others."""
    secret = kept_secret(directory / "shared-secret")
    latchkey_port, synapse_port = free_port(), free_port()
    url = f"http://127.0.0.1:{public}"
    latchkey = Latchkey(directory, url, latchkey_port, f"http://127.0.0.1:{synapse_port}", secret)
    synapse = Synapse(directory / "synapse", synapse_port, latchkey.url + "/", secret,
                      server_name="localhost", public_url=url + "/")
    say("starting nginx, Synapse and Latchkey …")
    stack.callback(synapse.stop)
    synapse.spawn()
    stack.callback(latchkey.stop)
    latchkey.start()
    proxy = Nginx(directory / "nginx", latchkey_port, synapse_port, port=public)
    stack.callback(proxy.close)
    synapse.wait()
    latchkey.command("user", "create", NAME, "--password-stdin", stdin=PASSWORD + "\n")
    walk = directory / "try.sh"
    walk.write_text(WALK.format(
        walk=REPOSITORY / "tools/soft_logout_walk.sh", url=url, synapse=synapse.url, name=NAME,
        password=PASSWORD, binary=BINARY, config=latchkey.config))
    walk.chmod(0o755)
    shown = directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory
    binary = Path(BINARY)
    if binary.is_relative_to(Path.cwd()):
        binary = binary.relative_to(Path.cwd())
    say(WELCOME.format(url=url, latchkey=latchkey.url, synapse=synapse.url, name=NAME,
                       password=PASSWORD, directory=shown, walk=shown / "try.sh",
                       doctor=f"{binary} doctor --config {shown}/latchkey.yaml"))
    say(f"serving on {url}/")
    while True:
        for what, server, log in (
            (Nginx.name, proxy, proxy.log_file),
            ("Synapse", synapse, synapse.log_file),
            ("Latchkey", latchkey, latchkey.log_file),
        ):
            if not server.running:
                raise SynapseError(f"{what} has ended; see {log}")
        time.sleep(0.5)


def main() -> int:
    options = parse()
    directory = options.directory.absolute()
    for folder in (directory, directory / "nginx"):
        folder.mkdir(parents=True, exist_ok=True)

    def interrupted(*_):
        raise KeyboardInterrupt

    on_signals(interrupted)
    try:
        with ExitStack() as stack:
            try:
                serve(stack, directory, options.port or free_port())
            except KeyboardInterrupt:
                say("stopping …")
            finally:
                on_signals(signal.SIG_IGN)  # until all have stopped
    except (SynapseError, AssertionError, OSError, subprocess.SubprocessError) as fault:
        print(f"./dev: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
