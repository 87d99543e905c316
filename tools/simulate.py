"""./dev simulate --mutants: breaks rules of the server on purpose, one at a time, and says whether the
simulation finds each.

A mutant is a patch of one source in tests/simulation/mutants; the text before it says what then
happens to whom, and which promise that breaks. Its source is compiled by itself and linked before
the library that has it, so that a mutant costs one file and a link.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
MUTANTS = ROOT / "tests" / "simulation" / "mutants"
PROGRAM = "latchkey_simulate"


class Mutant:
    def __init__(self, patch: pathlib.Path):
        text = patch.read_text()
        self.patch = patch
        self.name = patch.stem
        self.what = text.split("\n", 1)[0]
        broken = re.search(r"^Breaks: (.+)$", text, re.MULTILINE)
        source = re.findall(r"^\+\+\+ b/(\S+)", text, re.MULTILINE)
        if broken is None or len(source) != 1:
            sys.exit(f"{patch}: no 'Breaks:', or not one source")
        self.promises = [name.strip() for name in broken[1].split(",")]
        self.source = source[0]


def mutants(names: list[str]) -> list[Mutant]:
    found = [Mutant(patch) for patch in sorted(MUTANTS.glob("*.patch"))]
    return [mutant for mutant in found if not names or mutant.name in names]


def fits(mutant: Mutant) -> str | None:
    """Why the patch does not fit its source any longer; none: it does."""
    done = subprocess.run(
        ["patch", "--dry-run", "-s", "-p1", "-i", str(mutant.patch)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return None if done.returncode == 0 else done.stdout.strip()


def run(command: str | list[str], **options) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, **options)


def build(mutant: Mutant, folder: pathlib.Path) -> pathlib.Path:
    """The simulation with the mistake in it."""
    copy = folder / mutant.source
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text((ROOT / mutant.source).read_text())
    patched = run(["patch", "-s", "-p1", "-i", str(mutant.patch)], cwd=folder)
    if patched.returncode != 0:
        sys.exit(f"{mutant.name} does not fit {mutant.source}: {patched.stdout}")

    commands = json.loads((BUILD / "compile_commands.json").read_text())
    source = str(ROOT / mutant.source)
    command = next(entry["command"] for entry in commands if entry["file"] == source)
    object_file = folder / "mutant.o"
    words = [str(copy) if word == source else word for word in shlex.split(command)]
    words[words.index("-o") + 1] = str(object_file)
    compiled = run(words, cwd=BUILD)
    if compiled.returncode != 0:
        sys.exit(f"{mutant.name} does not compile:\n{compiled.stderr}")

    links = run(["ninja", "-t", "commands", PROGRAM], cwd=BUILD, check=True).stdout.splitlines()
    program = folder / "simulate"
    link = links[-1].replace("-o simulation/simulate", f"-o {program}", 1)
    first = re.search(r"\S+/main\.cc\.o", link)
    if first is None or link == links[-1]:
        sys.exit("the command that links the simulation is not as expected")
    linked = run(link.replace(first[0], f"{object_file} {first[0]}", 1), cwd=BUILD, shell=True)
    if linked.returncode != 0:
        sys.exit(f"{mutant.name} cannot be linked:\n{linked.stdout}{linked.stderr}")
    return program


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev simulate --mutants")
    parser.add_argument("names", nargs="*", help="those alone")
    parser.add_argument("--check", action="store_true", help="only whether each still fits")
    parser.add_argument("--seeds", default="20000", help="within how many histories")
    arguments = parser.parse_args()
    wanted = mutants(arguments.names)
    if arguments.check:
        misfits = [(mutant, why) for mutant in wanted if (why := fits(mutant))]
        for mutant, why in misfits:
            print(f"{mutant.patch.relative_to(ROOT)}: {why}")
        return 1 if misfits else 0

    failed = 0
    for mutant in wanted:
        folder = ROOT / "build" / "simulation-mutants" / mutant.name
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        program = build(mutant, folder)
        jobs = str(os.cpu_count() or 1)
        done = run([str(program), "--seeds", arguments.seeds, "--from", "1", "--jobs", jobs])
        broken = re.search(r"^BROKEN: ([^(]+) \(.*$", done.stdout, re.MULTILINE)
        histories = re.search(r"^(\d+) histories", done.stdout, re.MULTILINE)
        after = f"after {histories[1]} histories" if histories else ""
        if broken and broken[1] in mutant.promises:
            print(f"found  {mutant.name} {after}: {broken[1]}")
            continue
        failed += 1
        said = broken[0] if broken else done.stdout[-300:] + done.stderr[-300:]
        print(f"NOT FOUND  {mutant.name} {after}: {mutant.what}\n    {said}")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
