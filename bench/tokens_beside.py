"""What a token costs beside another commit: `--against`.

Each program makes the tokens itself, by sign-ins, for its schema may be another.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import harness
from harness import LATCHKEY, Load
from measurements import SECRET, Bench, Row, login_load, token_requests
from oauth_flows import TAKE_ACCESS_TOKEN
from writes import Subject

TOKENS = 10_000
REMEMBERED = {"remembered": TOKENS, "from SQLite": 1_000}  # how many are


def tokens_of(subject: Subject) -> Path:
    file = subject.folder / "access_tokens"
    with subject.serving() as serving:
        login_load(subject.folder, take=[TAKE_ACCESS_TOKEN]).run(
            serving.port, requests=TOKENS, connections=32, save_taken=file)
    return file


def tokens(bench: Bench) -> Iterator[Row]:
    """The token path of both; without another commit there is nothing to compare."""
    if not bench.against:
        return
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        subjects = [Subject(name, binary, Path(folder), None)
                    for name, binary in (("ours", LATCHKEY), ("there", bench.against))]
        words = [tokens_of(subject) for subject in subjects]
        for how, entries in REMEMBERED.items():
            sessions = {"maximum_per_user": 1_000_000, "cache_entries": 2 * entries}
            for surface, request in token_requests().items():
                runs: tuple[list, list] = ([], [])
                for _ in range(bench.scale.rounds):
                    for subject, file, done in zip(subjects, words, runs, strict=True):
                        load = Load(request, file, TOKENS, shuffle=entries < TOKENS)
                        with subject.serving(harness.SERVER_CPU, sessions=sessions,
                                             introspection={"secret": SECRET}) as serving:
                            done.append(load.run(serving.port, serving.pids[0],
                                                 requests=bench.scale.requests,
                                                 warm_up=2 * TOKENS, poll=True))
                refused = sum(run["not_ok"] for run in runs[0] + runs[1])
                if refused:
                    raise RuntimeError(f"{refused} requests were refused")
                yield Row(f"{surface}, {how} / there", harness.median_ratio(*runs, "cpu_us"), "x",
                          at_most=1.02,
                          details={"cpu_us": harness.median(runs[0], "cpu_us"),
                                   "cpu_us_without": harness.median(runs[1], "cpu_us")})


ALL = {"tokens": tokens}
