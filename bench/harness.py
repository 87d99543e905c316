"""How the bench measures: pinned processes, interleaved runs, ratios of CPU time per request."""

import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / os.environ.get("LATCHKEY_BUILD", "build/release")
PROGRAMS = BUILD / "bench"
LATCHKEY = BUILD / "latchkey"

SERVER_CPU = {0}
LOAD_CPU = {1}
ALL_CPUS = os.sched_getaffinity(0)
ROUNDS = 5
CONNECTIONS = 64


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what: str, seconds: float = 60.0, pause: float = 0.001):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)
    return value


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def spawn(cpus: set[int], command: list, **how) -> subprocess.Popen:
    """Starts a program that runs on these CPUs only, its threads too."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, sorted(cpus)))]
    return subprocess.Popen(pinned + [str(word) for word in command], **how)


@contextmanager
def running(command: list, port: int, cpus: set[int] = SERVER_CPU):
    """A server pinned to its CPUs, stopped at the end."""
    process = spawn(cpus, command, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or accepts(port), f"port {port}")
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended at its start: {process.returncode}")
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


class Load:
    """What the load generator sends: one kind of request, or several that follow one another on a
    connection. `take`: what of each one's answer stands for {taken} in the next (TEXT{}TEXT)."""

    def __init__(self, request: bytes | list[bytes], words: Path | None = None,
                 words_limit: int = 0, shuffle: bool = False, take: list[str] | None = None,
                 replace_words: bool = False):
        self.request_files = []
        for one in request if isinstance(request, list) else [request]:
            file, name = tempfile.mkstemp(prefix="latchkey-bench-request-")
            os.write(file, one)
            os.close(file)
            self.request_files.append(name)
        self.words = words
        self.words_limit = words_limit
        self.shuffle = shuffle
        self.take = take or []
        self.replace_words = replace_words  # what is taken last is the word of the next time

    def command(self, port: int, process: int = 0, *, connections: int = CONNECTIONS,
                warm_up: int = 0, requests: int = 0, seconds: float = 0,
                poll: bool = False, rate: float = 0, reopen: bool = False, save_answer: Path | None = None,
                save_taken: Path | None = None) -> list:
        command = [PROGRAMS / "load", "--port", port, "--connections", connections,
                   "--warm-up", warm_up, "--requests", requests,
                   "--seconds", seconds, "--process", process]
        for file in self.request_files:
            command += ["--request", file]
        for taken in self.take:
            command += ["--take", taken]
        if self.words:
            command += ["--words", self.words, "--words-limit", self.words_limit]
        if poll:
            command.append("--poll")
        if rate:
            command += ["--rate", rate]
        if reopen:
            command.append("--reopen")
        if self.shuffle:
            command.append("--shuffle")
        if self.replace_words:
            command.append("--replace-words")
        if save_answer:
            command += ["--save-answer", save_answer]
        if save_taken:
            command += ["--save-taken", save_taken]
        return command

    def start(self, port: int, process: int = 0, **how) -> subprocess.Popen:
        return spawn(LOAD_CPU, self.command(port, process, **how), stdout=subprocess.PIPE)

    def run(self, port: int, process: int = 0, **how) -> dict:
        return finish(self.start(port, process, **how))


def finish(load: subprocess.Popen, seconds: float = 600) -> dict:
    try:
        out, _ = load.communicate(timeout=seconds)
    finally:
        load.kill()
    if load.returncode != 0:
        raise RuntimeError(f"the load generator ended with {load.returncode}")
    return json.loads(out)


def median(runs: list[dict], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def median_ratio(ours: list[dict], theirs: list[dict], key: str) -> float:
    """Of interleaved pairs."""
    return statistics.median(a[key] / b[key] for a, b in zip(ours, theirs, strict=True))


def against_bare(load: Load, port: int, process: int, *, requests: int, warm_up: int,
                 rounds: int = ROUNDS) -> dict:
    """The CPU time of a request to this server, over that of the bare epoll loop answering with
    the very same bytes: median of interleaved pairs."""
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        answer = Path(folder) / "answer"
        load.run(port, warm_up=warm_up, requests=1, save_answer=answer)
        if not answer.read_bytes().startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server said {answer.read_bytes()[:300]!r}")
        bare_port = free_port()
        with running([PROGRAMS / "bare_epoll", "--port", bare_port, "--answer", answer],
                     bare_port) as bare:
            ours, bares = [], []
            for _ in range(rounds):
                ours.append(load.run(port, process, requests=requests, warm_up=1000, poll=True))
                bares.append(load.run(bare_port, bare.pid, requests=requests, warm_up=1000,
                                      poll=True))
        size = len(answer.read_bytes())
    refused = sum(run["not_ok"] for run in ours)
    if refused:
        raise RuntimeError(f"{refused} requests were not answered with 200")
    return {
        "ratio": median_ratio(ours, bares, "cpu_us"),
        "cpu_us": median(ours, "cpu_us"), "bare_cpu_us": median(bares, "cpu_us"),
        "rate": median(ours, "rate"), "bare_rate": median(bares, "rate"),
        "p50_us": median(ours, "p50_us"), "p99_us": median(ours, "p99_us"),
        "bare_p99_us": median(bares, "p99_us"), "cpu_share": median(ours, "cpu_share"),
        "bare_cpu_share": median(bares, "cpu_share"), "answer_bytes": size,
    }
