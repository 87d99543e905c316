"""tidy.py FILE… | --all: clang-tidy on these sources, or on all that the release build compiles.

For one file clang-tidy spends most of its time on what the file includes: Boost.Asio, GoogleTest
and the precompiled header. So several files are looked at as one translation unit, at nearly the
price of one. Those of a unit come from different folders and thereby from different namespaces;
where names clash all the same, or anything else is found, each half is looked at on its own, down to
the file: what one file's names do to another is no fault of either.

Prints what clang-tidy finds, then a line of what was done; fails when there was anything.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
UNITS = BUILD / "tidy"
MOST_FILES = 24  # in a unit: with more a clash becomes likely, and the gain is small
# Copies cost nothing in a test, and what a test does wrong it mostly shows; this is half of the time.
NOT_OF_TESTS = "-performance-*,-readability-*,-misc-*,-bugprone-use-after-move"
NOISE = re.compile(r"^\d+ (warnings?|errors?)\b.* generated|^\d+ warnings? treated|^Suppressed |^Use -|"
                   r"^Error while processing ")


def is_test(file: str) -> bool:
    return file.endswith(("_test.cc", "_testing.cc"))


def units(files: list[str], most: int = MOST_FILES) -> list[list[str]]:
    """The files in groups of at most `most`, no two of a group from one folder; but for the last ones
    of the large folders, which are dealt out to a few groups. Tests, which need other flags, stand
    among themselves."""
    groups = []
    for tests in (False, True):
        folders = collections.defaultdict(list)
        for file in sorted(files, reverse=True):
            if is_test(file) == tests:
                folders[os.path.dirname(file)].append(file)
        while len(folders) > most // 2:
            # From those with the most left, so that none is left with a long tail.
            longest = sorted(folders, key=lambda folder: (-len(folders[folder]), folder))[:most]
            groups.append([folders[folder].pop() for folder in longest])
            folders = {folder: left for folder, left in folders.items() if left}
        last = [file for left in folders.values() for file in left]
        count = -(-len(last) // most)
        groups += [last[first::count] for first in range(count)]
    return groups


def without_file(command: str, file: str) -> list[str]:
    """The flags of a compile command: what stands before and after its output and its source."""
    words = shlex.split(command)
    flags, skip = [], False
    for word in words[next(i for i, word in enumerate(words) if "clang++" in word) + 1:]:
        if skip or word in ("-o", "-MF", "-MT"):
            skip = not skip
        elif word not in ("-c", "-MD", file):
            flags.append(word)
    return flags


def union(commands: list[list[str]]) -> list[str]:
    """The flags of the first, and the include paths and definitions that only the others have."""
    flags = list(commands[0])
    for command in commands[1:]:
        i = 0
        while i < len(command):
            word = command[i]
            pair = command[i:i + 2] if word == "-isystem" else [word]
            if word.startswith(("-I", "-D", "-isystem")) and not contains(flags, pair):
                flags += pair
            i += len(pair)
    return flags


def contains(words: list[str], part: list[str]) -> bool:
    return any(words[i:i + len(part)] == part for i in range(len(words)))


def tidy(file: pathlib.Path, flags: list[str], tests: bool) -> str:
    """What clang-tidy says of one translation unit; empty: nothing."""
    done = subprocess.run(
        ["clang-tidy-19", "--quiet", f"--config-file={ROOT}/.clang-tidy",
         *([f"--checks={NOT_OF_TESTS}"] if tests else []), str(file), "--", "clang++-19", *flags],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = "\n".join(line for line in done.stdout.splitlines() if not NOISE.match(line))
    if done.returncode < 0:
        said += f"\nclang-tidy-19 ended with signal {-done.returncode} on {file}"
    return said if done.returncode or said else ""


def check_unit(name: str, group: list[str], flags: dict[str, list[str]]) -> str:
    if len(group) == 1:
        return tidy(pathlib.Path(group[0]), flags[group[0]], is_test(group[0]))
    together = UNITS / f"{name}.cc"
    together.write_text("".join(
        # Several programs in one: each has its own name for where it begins.
        f'#define main main_{number}\n#include "{file}"  // NOLINT(bugprone-suspicious-include)\n'
        "#undef main\n" for number, file in enumerate(group)))
    said = tidy(together, union([flags[file] for file in group]), is_test(group[0]))
    if not said:
        return said
    half = len(group) // 2
    return (check_unit(f"{name}a", group[:half], flags)
            + check_unit(f"{name}b", group[half:], flags))


def main() -> int:
    database = json.loads((BUILD / "compile_commands.json").read_text())
    flags = {entry["file"]: without_file(entry["command"], entry["file"]) for entry in database
             if pathlib.Path(entry["file"]).is_relative_to(ROOT)
             and not pathlib.Path(entry["file"]).is_relative_to(ROOT / "build")}
    wanted = list(flags) if sys.argv[1:] == ["--all"] else [str(ROOT / file) for file in sys.argv[1:]]
    groups = units([file for file in wanted if file in flags])
    UNITS.mkdir(exist_ok=True)
    clean = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for said in pool.map(lambda item: check_unit(str(item[0]), item[1], flags),
                             enumerate(groups)):
            if said:
                clean = False
                print(said, flush=True)
    print(f"clang-tidy on {sum(map(len, groups))} files in {len(groups)} units")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
