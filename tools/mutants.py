"""./dev mutants [FILE…]: makes the mistakes of tests/mutants/ singly; says what no test sees.

Usage: mutants.py [--list] [--only TEXT] [--unit] [--resume] [--jobs N] [FILE…]

FILE is a list of mistakes (tests/mutants/x.toml), or a source or folder whose mistakes are taken
(src/domain/sessions, src/domain/sessions/refresh.cc); without one, all are. --only takes those
whose sentence contains TEXT, --unit runs no integration tests, --resume makes only those again that
no test has seen so far (build/mutants/results.json).

One build holds them all: build/mutants/source is a copy of this repository in which each mistaken
place asks which mistake is made (tests/mutants/mistake.h), so that a mistake costs a run of its
tests and no build. Without a mistake the tests run first, and it is noted which places they come
by: with a mistake only those run that come by its place, of pytest's the most particular first.
What cannot be decided while the program runs (a constant, a template) is marked `alone` and has a
build of its own. tests/mutants/README.md describes the lists.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import zlib

from mutants_pytest import CollectedTests

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / "tests/mutants"
WORK = ROOT / "build/mutants"
SOURCE = WORK / "source"
BUILD = WORK / "build"
RESULTS = WORK / "results.json"
BASELINES = WORK / "baselines.json"
BYTES_OF_REACHED = 1 << 20  # as mistake.h has it
# What takes longer than this, and than this many times what it takes without a mistake, hangs
# because of the mistake.
SHORTEST_PATIENCE = 60
PATIENCE = 5
MOST_PARTICULAR = 12  # unit tests that run before the others
LEAST_KILLED = 0.95
# Every program of unit tests gets a listener that notes which places each test comes by.
UNIT_TESTS = (
    b"add_executable(unit_${name} ${tests}",
    b"set_source_files_properties(%b PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)\n"
    b"    add_executable(unit_${name} ${tests} %b" % (2 * (bytes(LISTS / "reached.cc"),)),
)


# A mistake may leave something unused.
HEADER = f"""#pragma clang diagnostic ignored "-Weverything"
#include "{LISTS / "mistake.h"}"
#line 1
"""


class Invalid(Exception):
    """A list of mistakes that cannot be used; the message says where and why."""


@dataclasses.dataclass(frozen=True)
class Mistake:
    number: int  # what LATCHKEY_MISTAKE is set to; see number_of()
    list_file: str
    file: str  # the source, from the root
    what: str
    start: int  # where `old` stands in the source, in characters
    old: str
    new: str
    unit: tuple[str, ...]  # programs of unit tests, without unit_, with arguments of GoogleTest
    integration: tuple[str, ...]  # arguments of pytest, each a run of its own
    survives: str  # the reason why no test can see it, or nothing
    alone: bool

    @property
    def end(self) -> int:
        return self.start + len(self.old)


def room(file: str) -> str:
    """The room of a source: "domain_sessions" of src/domain/sessions/refresh.cc."""
    return "_".join(pathlib.PurePath(file).parts[1:-1])


def own_unit_tests(root: pathlib.Path, file: str) -> list[str]:
    """The program of the room's unit tests, if it has any."""
    return [room(file)] if any((root / file).parent.glob("*_test.cc")) else []


def number_of(file: str, start_of: str, old: str, new: str) -> int:
    """The mistake's own, above 0: a list that grows leaves the other sources as they are."""
    return zlib.crc32("\0".join((file, start_of, old, new)).encode()) & 0x7FFFFFFF or 1


def place(text: str, old: str, after: str) -> int:
    """Where `old` stands: once in the text, or first after the one place of `after`."""
    begin = 0
    if after:
        if text.count(after) != 1:
            raise Invalid(f"`after` stands {text.count(after)} times in it: {after!r}")
        begin = text.index(after)
    elif text.count(old) > 1:
        raise Invalid(f"`old` stands {text.count(old)} times in it; say after what: {old!r}")
    start = text.find(old, begin)
    if start < 0:
        raise Invalid(f"it does not hold {old!r}")
    return start


def read_list(path: pathlib.Path, root: pathlib.Path = ROOT) -> list[Mistake]:
    """The mistakes of one list."""
    data = tomllib.loads(path.read_text())
    found = []
    for entry in data["mistake"]:
        file = data.get("folder", "") + entry["file"]
        try:
            known = {
                "file",
                "what",
                "old",
                "new",
                "after",
                "unit",
                "integration",
                "survives",
                "alone",
            }
            if wrong := set(entry) - known:
                raise Invalid(f"unknown: {', '.join(sorted(wrong))}")
            if not (root / file).exists():
                raise Invalid("there is no such file")
            text = (root / file).read_text()
            old = entry["old"].strip("\n")
            if not entry.get("alone", False):
                check_form(old, entry["new"])
                start = place(text, old, entry.get("after", ""))
                check_place(text, start, start + len(old))
            found.append(
                Mistake(
                    number_of(file, entry.get("after", ""), old, entry["new"].strip("\n")),
                    path.name,
                    file,
                    entry["what"],
                    place(text, old, entry.get("after", "")),
                    old,
                    entry["new"].strip("\n"),
                    tuple(entry.get("unit", data.get("unit", own_unit_tests(root, file)))),
                    tuple(entry.get("integration", data.get("integration", []))),
                    entry.get("survives", ""),
                    entry.get("alone", False),
                )
            )
        except Invalid as error:
            raise Invalid(f"{path.name}: {file}: {entry['what']}: {error}") from None
    return found


def is_statement(text: str) -> bool:
    """Not so Duration{0}."""
    text = text.rstrip()
    return text.endswith(";") or (text.endswith("}") and ";" in text)


# `auto x = y;`, `std::optional<Time> until = y;`; not `x = y;`.
DECLARATION = re.compile(r"\s*(?:(?:const|auto)\b|[\w:]+(?:<[^;=]*>)?[&*]?\s+[&*]?\w+\s*=[^=])")
LITERALS = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+'""")


def is_whole(expression: str) -> bool:
    """Whether it could be one: no half of a comparison or of a conditional, no member with its name."""
    conditional = re.sub(r"::|\[.*?\]", "", expression)
    return (
        not re.match(r"&&|\|\||[?,]|:(?!:)|\.\w|$", expression)
        and not re.search(r"(?:&&|\|\||[?:,=])$", expression)
        and conditional.count("?") == conditional.count(":")
    )


def check_place(text: str, start: int, end: int) -> None:
    """Refuses what stands within a literal, which would hold the switch as a text, or is a part."""
    before = LITERALS.sub("", text[text.rfind("\n", 0, start) + 1 : start])
    if '"' in before and "//" not in before:
        raise Invalid("it stands within a text")
    for one, other in ((text[:start], text[start:end]), (text[start:end], text[end:])):
        if one.rstrip().endswith('"') and other.lstrip().startswith('"'):
            raise Invalid("it is a part of a text: take the whole text")


def check_form(old: str, new: str) -> None:
    """Refuses what cannot be switched while the program runs: no whole expression or statement."""
    for text in (old, new):
        bare = LITERALS.sub("0", text)
        if any(bare.count(opened) != bare.count(closed) for opened, closed in ("()", "[]", "{}")):
            raise Invalid(f"cut off within brackets: {text!r}")
        if "\\" in bare:  # in TOML, '\n' is no new line
            raise Invalid(f"a backslash outside of a text: {text!r}")
        if not is_statement(old) and not is_whole(bare.strip()):
            raise Invalid(f"is no whole expression: {text!r}")
        word = re.match(r"\s*(?:if|for|while|return|co_return|throw)\b", text)
        if word and not is_statement(old):
            raise Invalid(f"is neither an expression nor a whole statement: {text!r}")
    if is_statement(old) and DECLARATION.match(old):
        raise Invalid(f"declares what is used behind it: {old!r}")


def with_mistakes(text: str, mistakes: list[Mistake]) -> str:
    """The source in which each mistaken place asks which mistake is made.

    Statements become branches, expressions conditional expressions. Places may lie within each
    other, not across each other.
    """
    places: dict[tuple[int, int], list[Mistake]] = {}
    for mistake in mistakes:
        places.setdefault((mistake.start, mistake.end), []).append(mistake)
    spans = sorted(places, key=lambda span: (span[0], -span[1]))

    def render(begin: int, end: int, inside: list[tuple[int, int]]) -> str:
        out = []
        at = begin
        while inside:
            span = inside[0]
            within = [other for other in inside[1:] if other[0] < span[1]]
            if across := [other for other in within if other[1] > span[1]]:
                raise Invalid(
                    f"mistakes lie across each other: {places[span][0].what};"
                    f" {places[across[0]][0].what}"
                )
            out.append(text[at : span[0]])
            right = render(*span, within)
            statement = is_statement(places[span][0].old)
            for mistake in places[span]:
                made = f"::latchkey::mutants::made({mistake.number})"
                if statement:
                    right = f"{{ if ({made}) {{ {mistake.new} }} else {{ {right} }} }}"
                else:
                    right = f"({made} ? ({mistake.new}) : ({right}))"
            out.append(right)
            at = span[1]
            inside = inside[1 + len(within) :]
        out.append(text[at:end])
        return "".join(out)

    return HEADER + render(0, len(text), spans)


def write_if_new(path: pathlib.Path, text: bytes) -> None:
    """Leaves what is the same as it is, so that it is not built again."""
    if path.exists() and path.read_bytes() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def write_whole(path: pathlib.Path, data: object) -> None:
    written = path.with_suffix(".new")
    written.write_text(json.dumps(data, indent=0))
    written.replace(path)


def write_source(mistakes: list[Mistake]) -> None:
    """Makes build/mutants/source: this repository with the mistakes in it."""
    listed = (
        subprocess.run(
            [
                "git",
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--deduplicate",
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        .stdout.decode()
        .split("\0")
    )
    files = {
        name
        for name in listed
        if name
        and (ROOT / name).is_file()
        and name.startswith(
            (
                "src/",
                "cmake/",
                "web/",
                "config/",
                "tests/fuzz/",
                "tests/simulation/",
                "bench/",
                "tools/",
                "CMake",
                "README.md",
                "LICENSE",
                "docs/",
            )
        )
    }
    by_file: dict[str, list[Mistake]] = {}
    for mistake in mistakes:
        by_file.setdefault(mistake.file, []).append(mistake)
    for name in files:
        content = (ROOT / name).read_bytes()
        if name in by_file:
            content = with_mistakes(content.decode(), by_file[name]).encode()
        elif name == "cmake/rooms.cmake":
            content = content.replace(*UNIT_TESTS)
        write_if_new(SOURCE / name, content)
    for path in SOURCE.rglob("*"):
        if (
            path.is_file()
            and str(path.relative_to(SOURCE)) not in files
            and ".cache" not in path.parts
        ):
            path.unlink()
    cache = SOURCE / ".cache"  # packages that are only unpacked
    if not cache.is_symlink():
        cache.symlink_to(ROOT / ".cache")


def launcher() -> str:
    """ccache, as the presets of the other builds have it."""
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    return presets[0]["cacheVariables"]["CMAKE_CXX_COMPILER_LAUNCHER"]


def build(targets: list[str]) -> str:
    """Builds them; what the compiler said when it failed, otherwise nothing."""
    if not (BUILD / "build.ninja").exists():
        made = subprocess.run(
            [
                "cmake",
                "-S",
                SOURCE,
                "-B",
                BUILD,
                "-G",
                "Ninja",
                "-DCMAKE_BUILD_TYPE=Debug",
                "-DCMAKE_CXX_FLAGS=-DNDEBUG",
                # It is built sooner so; nobody debugs it.
                "-DCMAKE_CXX_FLAGS_DEBUG=",
                "-DCMAKE_UNITY_BUILD=ON",
                "-DCMAKE_UNITY_BUILD_BATCH_SIZE=12",
                "-DCMAKE_CXX_COMPILER=clang++-19",
                f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher()}",
            ],
            capture_output=True,
            text=True,
        )
        if made.returncode != 0:
            return made.stdout + made.stderr
    made = subprocess.run(
        ["ninja", "-C", BUILD, "-k", "0", *targets], capture_output=True, text=True
    )
    return "" if made.returncode == 0 else made.stdout


@dataclasses.dataclass(frozen=True)
class Run:
    """A run of some tests, and how its output tells which of them failed."""

    name: str
    command: tuple[str, ...]
    failed: re.Pattern[str]

    def only(self, test: str) -> "Run":
        """The run of one of its tests, by the name that its output has; itself of no test."""
        if self.failed is PYTEST_FAILED:
            named = [part for part in self.command if part.endswith("::" + test)]
            tests = [part for part in self.command if "::" in part]
            command = [part for part in self.command if part not in tests or part in named]
            return Run(self.name, tuple(command), self.failed) if named else self
        if "." not in test:
            return self
        command = [part for part in self.command if not part.startswith("--gtest_filter")]
        return Run(self.name, (*command, f"--gtest_filter={test}"), self.failed)


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int | None  # the exit code; none when it did not end in time
    first_failure: str
    seconds: float
    # The places that were come by, by test.
    reached: dict[str, set[int]] = dataclasses.field(default_factory=dict)


def execute(run: Run, number: int, patience: float, reached: bool = False) -> Outcome:
    """Runs it with a mistake, or with none (0); `reached` notes by which places it comes."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        variables = {"LATCHKEY_MISTAKE": str(number)}
        if reached:
            (folder / "reached").write_bytes(bytes(BYTES_OF_REACHED))
            variables["LATCHKEY_MISTAKES_REACHED"] = str(folder / "reached")
            variables["LATCHKEY_MISTAKES_BY_TEST"] = str(folder / "by_test")
        # What the tests start has only the environment that they give it.
        exports = "".join(
            f"export {key}={shlex.quote(value)}\n" for key, value in variables.items()
        )
        binary = folder / "latchkey"
        binary.write_text(f'#!/bin/sh\n{exports}exec {shlex.quote(str(BUILD / "latchkey"))} "$@"\n')
        binary.chmod(0o700)
        start = time.monotonic()
        if run.failed is PYTEST_FAILED and not reached:
            status, failed = collected(run).run(
                [part.removeprefix("tests/") for part in run.command if "::" in part],
                binary,
                folder,
                patience,
            )
            what = failed.rpartition("::")[2] or ("takes too long" if status is None else "ends badly")
            return Outcome(status, what, time.monotonic() - start)
        with (folder / "output").open("w+b") as output:
            process = subprocess.Popen(
                # Without a mistake all are run, also behind one that fails.
                [part for part in run.command if not reached or part not in AT_FIRST_FAILURE],
                cwd=ROOT,
                env=os.environ
                | variables
                | {"LATCHKEY_BINARY": str(binary), "PYTHONPATH": str(LISTS)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
                status = None
            seconds = time.monotonic() - start
            output.seek(0)
            failure = run.failed.search(output.read().decode(errors="replace"))
        places: dict[str, set[int]] = {}
        if reached and (folder / "by_test").exists():
            by_test = json.loads((folder / "by_test").read_text())
            places = {test: set(those) for test, those in by_test.items()}
    what = failure[1] if failure else "takes too long" if status is None else "ends badly"
    return Outcome(status, what, seconds, places)


AT_FIRST_FAILURE = ("-x", "--gtest_fail_fast")
GTEST_FAILED = re.compile(r"\[  FAILED  \] (\S+?),? ")
PYTEST_FAILED = re.compile(r"(?:FAILED|ERROR) \S+?::(\S+)")


def unit_runs(program: str) -> list[Run]:
    """Those of a program, which PostgreSQL comes last of: it has a server to start."""
    name, *arguments = shlex.split(program)

    def run(*filters: str) -> Run:
        command = (str(BUILD / f"unit/unit_{name}"), "--gtest_fail_fast", "--gtest_brief=1")
        return Run(f"unit_{name}", (*command, *arguments, *filters), GTEST_FAILED)

    if any(argument.startswith("--gtest_filter") for argument in arguments):
        return [run()]
    return [run("--gtest_filter=-*Postgresql*"), run("--gtest_filter=*Postgresql*")]


PYTEST = (
    str(ROOT / ".cache/venv/bin/pytest"),
    *("-c", "tests/pytest.ini", "-q", "-x", "-p", "no:cacheprovider", "-p", "reached"),
)


def pytest_run(arguments: str) -> Run:
    words = shlex.split(arguments)
    if "-k" not in words:
        words += ["-k", "not postgresql"]
    return Run(arguments, (*PYTEST, *words), PYTEST_FAILED)


_collected: dict[str, CollectedTests] = {}
_collecting: dict[str, threading.Lock] = collections.defaultdict(threading.Lock)


def collected(run: Run) -> CollectedTests:
    """The pytest that has collected the tests of a run."""
    with _collecting[run.name]:
        if run.name not in _collected:
            environment = os.environ | {
                "LATCHKEY_BINARY": str(BUILD / "latchkey"),
                "PYTHONPATH": str(LISTS),
            }
            command = list(pytest_run(run.name).command)
            _collected[run.name] = CollectedTests(command, ROOT, environment)
        return _collected[run.name]


@dataclasses.dataclass(frozen=True)
class Baseline:
    """How a run does without a mistake."""

    seconds: float
    reached: dict[str, set[int]]

    def narrowed(self, run: Run, number: int | None) -> list[Run]:
        """The runs of those tests that come by the mistake's place, the most particular first.

        Without a number, of all that pass without a mistake.
        """
        place = None if number is None else number % BYTES_OF_REACHED
        tests = [
            test for test, places in self.reached.items() if place is None or place in places
        ]
        tests.sort(key=lambda test: len(self.reached[test]))
        if not tests:
            return []
        if run.failed is PYTEST_FAILED:
            return [Run(run.name, (*PYTEST, *(f"tests/{test}" for test in tests)), run.failed)]
        # GoogleTest runs them in the order of the sources, whatever the filter's.
        first, others = tests[:MOST_PARTICULAR], tests[MOST_PARTICULAR:]
        command = [part for part in run.command if not part.startswith("--gtest_filter")]
        return [
            Run(run.name, (*command, "--gtest_filter=" + ":".join(those)), run.failed)
            for those in (first, others)
            if those
        ]


class Baselines:
    """Those of earlier calls, as long as the programs and the tests are the same."""

    def __init__(self) -> None:
        self._of = json.loads(BASELINES.read_text()) if BASELINES.exists() else {}
        # What all tests of pytest stand on.
        support = [*(ROOT / "tests/support").rglob("*.py"), *(ROOT / "tests").rglob("conftest.py")]
        self._support = max((path.stat().st_mtime_ns for path in support), default=0)

    def _state(self, run: Run) -> list[int]:
        if run.failed is PYTEST_FAILED:
            file = ROOT / run.name.split()[0].split("::")[0]
            changed = (BUILD / "latchkey", file)
            return [*(path.stat().st_mtime_ns for path in changed), self._support]
        return [pathlib.Path(run.command[0]).stat().st_mtime_ns]

    def find(self, run: Run) -> Baseline | None:
        found = self._of.get(shlex.join(run.command))
        if not found or found["state"] != self._state(run):
            return None
        reached = {test: set(places) for test, places in found["reached"].items()}
        return Baseline(found["seconds"], reached)

    def keep(self, run: Run, baseline: Baseline) -> None:
        reached = {test: sorted(places) for test, places in baseline.reached.items()}
        self._of[shlex.join(run.command)] = {
            "state": self._state(run),
            "seconds": baseline.seconds,
            "reached": reached,
        }
        write_whole(BASELINES, self._of)


class Tests:
    """Runs tests, and knows how they do without a mistake."""

    def __init__(self, integration: bool):
        self.integration = integration
        self.unsound: list[str] = []  # fails although no mistake is made
        self.reached: set[int] = set()  # the mistakes whose places some test came by
        self._kept = Baselines()
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], Baseline | None] = {}
        self._locks: dict[tuple[str, ...], threading.Lock] = collections.defaultdict(threading.Lock)

    def baseline(self, run: Run) -> Baseline | None:
        """None when it comes to no end even without a mistake."""
        with self._lock:
            lock = self._locks[run.command]
        with lock:
            if run.command not in self._known:
                with self._lock:
                    baseline = self._kept.find(run)
                self._known[run.command] = baseline or self._measured(run)
            return self._known[run.command]

    def _measured(self, run: Run) -> Baseline | None:
        outcome = execute(run, 0, 1800, reached=True)
        if outcome.status in (4, 5) and run.failed is PYTEST_FAILED:
            raise Invalid(f"pytest finds no tests: {run.name}")
        if outcome.status != 0:
            self.unsound.append(f"{run.name}: {outcome.first_failure}")
            print(f"fails without a mistake: {self.unsound[-1]}", flush=True)
        if outcome.status != 0 and not outcome.reached:
            return None
        baseline = Baseline(outcome.seconds, outcome.reached)
        if outcome.status == 0:
            with self._lock:
                self._kept.keep(run, baseline)
        return baseline

    def runs(self, mistake: Mistake) -> list[Run]:
        runs = [run for program in mistake.unit for run in unit_runs(program)]
        if self.integration:
            runs += map(pytest_run, mistake.integration)
        return runs

    def seeing(self, mistake: Mistake) -> str:
        """The first of its tests that fails with the mistake, or nothing."""
        for run in self.runs(mistake):
            baseline = self.baseline(run)
            if not baseline:
                continue
            narrowed = baseline.narrowed(run, None if mistake.alone else mistake.number)
            patience = max(SHORTEST_PATIENCE, PATIENCE * baseline.seconds)
            for part in narrowed:
                self.reached.add(mistake.number)
                if failure := self._failure(part, mistake, patience):
                    return f"{run.name}: {failure}"
        return ""

    def _failure(self, run: Run, mistake: Mistake, patience: float) -> str:
        """The first test that fails with the mistake, each time, or nothing.

        Those of the run pass without it. On a busy machine any test may fail, once.
        """
        number = 0 if mistake.alone else mistake.number
        for _ in range(2):
            outcome = execute(run, number, patience)
            if outcome.status in (2, 3, 4, 5) and run.failed is PYTEST_FAILED:
                raise Invalid(f"pytest ends with {outcome.status}: {shlex.join(run.command)}")
            if outcome.status == 0:
                return ""
            failure = outcome.first_failure
            only = run.only(failure)
            if execute(only, number, patience).status != 0:
                return failure
        return ""


def targets_of(mistakes: list[Mistake], integration: bool) -> list[str]:
    targets = {f"unit_{program.split()[0]}" for mistake in mistakes for program in mistake.unit}
    if integration and any(mistake.integration for mistake in mistakes):
        targets.add("latchkey")
    return sorted(targets)


def seen_alone(mistake: Mistake, tests: Tests) -> str:
    """As tests.seeing(), of one that is built in; what does not build is seen by the compiler."""
    path = SOURCE / mistake.file
    before = path.read_bytes()
    text = (ROOT / mistake.file).read_text()
    try:
        path.write_text(text[: mistake.start] + mistake.new + text[mistake.end :])
        if build(targets_of([mistake], tests.integration)):
            return "the compiler"
        return tests.seeing(mistake)
    finally:
        path.write_bytes(before)


def chosen(mistakes: list[Mistake], names: list[str], only: str) -> list[Mistake]:
    def matches(mistake: Mistake, name: str) -> bool:
        name = os.path.relpath(name, ROOT) if os.path.isabs(name) else name.rstrip("/")
        return (
            mistake.list_file == pathlib.PurePath(name).name
            or mistake.file == name
            or mistake.file.startswith(name + "/")
        )

    return [
        mistake
        for mistake in mistakes
        if only in mistake.what and (not names or any(matches(mistake, name) for name in names))
    ]


def read_all() -> list[Mistake]:
    mistakes: list[Mistake] = []
    for path in sorted(LISTS.glob("*.toml")):
        mistakes += read_list(path)
    numbers = collections.Counter(mistake.number for mistake in mistakes)
    for mistake in mistakes:
        if numbers[mistake.number] > 1:
            raise Invalid(f"{mistake.list_file}: {mistake.what}: it is listed twice")
    return mistakes


class Results:
    """Which test saw a mistake, kept over runs."""

    def __init__(self) -> None:
        self._seen = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def seen(self, mistake: Mistake) -> str:
        return self._seen.get(str(mistake.number), "")

    def write(self, mistake: Mistake, seen: str) -> None:
        self._seen[str(mistake.number)] = seen
        write_whole(RESULTS, self._seen)


def report(results: list[tuple[Mistake, str]]) -> int:
    """Prints what survived; 0 when every survivor has its reason and few enough do."""
    killed = [mistake for mistake, seen in results if seen]
    explained = [mistake for mistake, seen in results if not seen and mistake.survives]
    unexplained = [mistake for mistake, seen in results if not seen and not mistake.survives]
    outdated = [mistake for mistake in killed if mistake.survives]
    for mistake in explained:
        print(f"survives, {mistake.survives}: {mistake.file}: {mistake.what}")
    for mistake in unexplained:
        print(f"SURVIVES: {mistake.list_file}: {mistake.file}: {mistake.what}")
    for mistake in outdated:
        print(f"seen, though it is said to survive: {mistake.list_file}: {mistake.what}")
    share = len(killed) / len(results)
    print(
        f"{len(results)} mistakes, {len(killed)} seen ({share:.1%}), "
        f"{len(explained)} survive for a reason, {len(unexplained)} without one"
    )
    return 1 if unexplained or outdated or share < LEAST_KILLED else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--unit", action="store_true", help="run no integration tests")
    parser.add_argument("--resume", action="store_true", help="only those not seen so far")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args()
    everything = read_all()
    mistakes = chosen(everything, options.files, options.only)
    if not mistakes:
        print("no mistake is listed for these", file=sys.stderr)
        return 2
    if options.list:
        for mistake in mistakes:
            print(f"{mistake.number:4} {mistake.file}: {mistake.what}")
        return 0

    start = time.monotonic()
    # All of them are in the source, so that a choice of some builds nothing again.
    write_source([mistake for mistake in everything if not mistake.alone])
    if problems := build(targets_of(mistakes, not options.unit)):
        print(problems)
        print(
            "does not build with its mistakes: give them another form, or mark them `alone`",
            file=sys.stderr,
        )
        return 2
    print(f"built after {time.monotonic() - start:.0f} s", flush=True)

    known = Results()
    tests = Tests(integration=not options.unit)
    results: list[tuple[Mistake, str]] = []

    def note(mistake: Mistake, seen: str) -> None:
        results.append((mistake, seen))
        known.write(mistake, seen)
        unseen = "NOT SEEN" if mistake.number in tests.reached else "NO TEST COMES BY IT"
        print(
            f"{len(results)}/{len(mistakes)} {mistake.file}: {mistake.what}: {seen or unseen}",
            flush=True,
        )

    left = []
    for mistake in mistakes:
        if options.resume and known.seen(mistake):
            results.append((mistake, known.seen(mistake)))
        else:
            left.append(mistake)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {
            pool.submit(tests.seeing, mistake): mistake for mistake in left if not mistake.alone
        }
        for future in concurrent.futures.as_completed(futures):
            try:
                note(futures[future], future.result())
            except Invalid as problem:
                tests.unsound.append(str(problem))
                print(problem, flush=True)
    alone = [mistake for mistake in left if mistake.alone]
    for mistake in alone:  # before the first of them is built in
        for run in tests.runs(mistake):
            tests.baseline(run)
    for mistake in alone:
        note(mistake, seen_alone(mistake, tests))
    print(f"after {time.monotonic() - start:.0f} s:")
    status = report(sorted(results, key=lambda result: (result[0].list_file, result[0].start)))
    return 2 if tests.unsound else status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Invalid as error:
        sys.exit(f"mutants: {error}")
