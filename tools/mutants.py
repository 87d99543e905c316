"""./dev mutants [FILE…]: makes the mistakes of tests/mutants/, one at a time; says what no test sees.

Usage: mutants.py [--list] [--only TEXT] [--jobs N] [FILE…]

FILE is a list of mistakes (tests/mutants/x.toml), or a source or folder whose mistakes are taken
(src/domain/sessions, src/domain/sessions/refresh.cc); without one, all are. --only takes those
whose sentence contains TEXT.

One build holds them all: build/mutants/source is a copy of this repository in which each mistaken
place asks which mistake is made (tests/mutants/mistake.h), so that a mistake costs a run of its
tests and no build. What cannot be decided while the program runs (a constant, a template) is marked
`alone` and has a build of its own. tests/mutants/README.md describes the lists.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / "tests/mutants"
WORK = ROOT / "build/mutants"
SOURCE = WORK / "source"
BUILD = WORK / "build"
# Nothing here takes longer; what does hangs because of the mistake.
UNIT_SECONDS = 180
INTEGRATION_SECONDS = 600
LEAST_KILLED = 0.95


class Invalid(Exception):
    """A list of mistakes that cannot be used; the message says where and why."""


@dataclasses.dataclass(frozen=True)
class Mistake:
    number: int  # from 1; what LATCHKEY_MISTAKE is set to
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


def read_list(path: pathlib.Path, first: int, root: pathlib.Path = ROOT) -> list[Mistake]:
    """The mistakes of one list, numbered from `first`."""
    data = tomllib.loads(path.read_text())
    found = []
    for number, entry in enumerate(data["mistake"], first):
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
            found.append(
                Mistake(
                    number,
                    path.name,
                    file,
                    entry["what"],
                    place(text, old, entry.get("after", "")),
                    old,
                    entry["new"].strip("\n"),
                    tuple(entry.get("unit", data.get("unit", [room(file)]))),
                    tuple(entry.get("integration", data.get("integration", []))),
                    entry.get("survives", ""),
                    entry.get("alone", False),
                )
            )
        except Invalid as error:
            raise Invalid(f"{path.name}: {file}: {entry['what']}: {error}") from None
    return found


def is_statement(text: str) -> bool:
    return text.rstrip().endswith((";", "}"))


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

    header = f'#include "{LISTS / "mistake.h"}"\n#line 1\n'
    return header + render(0, len(text), spans)


def write_if_new(path: pathlib.Path, text: bytes) -> None:
    """Leaves what is the same as it is, so that it is not built again."""
    if path.exists() and path.read_bytes() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


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
            # A mistake may leave something unused.
            content = content.replace(b" -Werror", b" -Wno-error -w")
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


def environment(number: int) -> dict[str, str]:
    return os.environ | {
        "LATCHKEY_MISTAKE": str(number),
        "LATCHKEY_BINARY": str(BUILD / "latchkey"),
    }


def run_quietly(command: list[str], seconds: float, number: int) -> int | None:
    """Its exit code; none when it did not end in time."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(number),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return None


def unit_command(program: str) -> list[str]:
    name, *arguments = shlex.split(program)
    return [str(BUILD / f"unit/unit_{name}"), "--gtest_fail_fast", "--gtest_brief=1", *arguments]


def pytest_command(arguments: str) -> list[str]:
    words = shlex.split(arguments)
    if "-k" not in words:
        words += ["-k", "not postgresql"]
    return [
        str(ROOT / ".cache/venv/bin/pytest"),
        "-c",
        "tests/pytest.ini",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *words,
    ]


def seen_by(mistake: Mistake) -> str:
    """The first of its tests that fails with the mistake, or nothing."""
    for program in mistake.unit:
        if run_quietly(unit_command(program), UNIT_SECONDS, mistake.number) != 0:
            return f"unit_{program}"
    for arguments in mistake.integration:
        status = run_quietly(pytest_command(arguments), INTEGRATION_SECONDS, mistake.number)
        if status in (4, 5):
            raise Invalid(f"{mistake.list_file}: pytest finds no tests: {arguments}")
        if status != 0:
            return arguments
    return ""


def without_mistake(mistakes: list[Mistake]) -> list[str]:
    """What fails although no mistake is made."""
    programs = sorted({program for mistake in mistakes for program in mistake.unit})
    runs = sorted({arguments for mistake in mistakes for arguments in mistake.integration})
    failing = [
        f"unit_{name}" for name in programs if run_quietly(unit_command(name), UNIT_SECONDS, 0) != 0
    ]
    return failing + [
        text for text in runs if run_quietly(pytest_command(text), INTEGRATION_SECONDS, 0) != 0
    ]


def targets_of(mistakes: list[Mistake]) -> list[str]:
    targets = {f"unit_{program.split()[0]}" for mistake in mistakes for program in mistake.unit}
    if any(mistake.integration for mistake in mistakes):
        targets.add("latchkey")
    return sorted(targets)


def seen_alone(mistake: Mistake) -> str:
    """As seen_by, of one that is built in; what does not build is seen by the compiler."""
    path = SOURCE / mistake.file
    before = path.read_bytes()
    text = (ROOT / mistake.file).read_text()
    try:
        path.write_text(text[: mistake.start] + mistake.new + text[mistake.end :])
        if build(targets_of([mistake])):
            return "the compiler"
        return seen_by(dataclasses.replace(mistake, number=0))
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
        mistakes += read_list(path, len(mistakes) + 1)
    return mistakes


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
    together = [mistake for mistake in mistakes if not mistake.alone]
    # All of them are in the source, so that a choice of some builds nothing again.
    write_source([mistake for mistake in everything if not mistake.alone])
    if problems := build(targets_of(mistakes)):
        print(problems)
        print(
            "does not build with its mistakes: give them another form, or mark them `alone`",
            file=sys.stderr,
        )
        return 2
    if failing := without_mistake(mistakes):
        print("fail although no mistake is made:", *failing, sep="\n  ", file=sys.stderr)
        return 2
    print(f"built, and sound without a mistake, after {time.monotonic() - start:.0f} s", flush=True)

    results: list[tuple[Mistake, str]] = []

    def note(mistake: Mistake, seen: str) -> None:
        results.append((mistake, seen))
        print(
            f"{mistake.number:4} {mistake.file}: {mistake.what}: {seen or 'NOT SEEN'}", flush=True
        )

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(seen_by, mistake): mistake for mistake in together}
        for future in concurrent.futures.as_completed(futures):
            note(futures[future], future.result())
    for mistake in mistakes:
        if mistake.alone:
            note(mistake, seen_alone(mistake))
    print(f"after {time.monotonic() - start:.0f} s:")
    return report(sorted(results, key=lambda result: result[0].number))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Invalid as error:
        sys.exit(f"mutants: {error}")
