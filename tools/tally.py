"""Counts the test cases in a folder's JUnit files: prints "PASSED FAILED". Skipped ones are neither.
With --failures it prints those that failed instead, each with the first lines of why.

GoogleTest, pytest and Node all write JUnit files, each with its own attributes on the suites;
the cases read alike.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

# What is printed of one failure: its head says what was asked, its end what was answered.
MOST_LINES = 24


def failure_of(case: ElementTree.Element) -> str | None:
    """Why it failed, or None."""
    found = [part for part in case if part.tag in ("failure", "error")]
    if not found:
        return None
    return "\n".join((part.text or part.get("message") or "").strip() for part in found)


def cases_in(folder: pathlib.Path) -> Iterator[ElementTree.Element | pathlib.Path]:
    """The test cases of all its files; a file itself where its program died while it wrote."""
    for file in sorted(folder.rglob("*.xml")):
        try:
            yield from ElementTree.parse(file).iter("testcase")
        except ElementTree.ParseError:
            yield file


def count(folder: pathlib.Path) -> tuple[int, int]:
    passed = failed = 0
    for case in cases_in(folder):
        if isinstance(case, pathlib.Path) or failure_of(case) is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("status") != "notrun":
            passed += 1
    return passed, failed


def failures(folder: pathlib.Path) -> str:
    said = []
    for case in cases_in(folder):
        if isinstance(case, pathlib.Path):
            said.append(f"FAILED {case.name}: its program died while it wrote")
        elif (why := failure_of(case)) is not None:
            lines = why.splitlines()
            if len(lines) > MOST_LINES:
                lines[MOST_LINES // 2:len(lines) - MOST_LINES // 2] = ["…"]
            name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
            said.append("\n    ".join([f"FAILED {name}", *lines]))
    return "\n".join(said)


if __name__ == "__main__":
    if sys.argv[1] == "--failures":
        print(failures(pathlib.Path(sys.argv[2])))
    else:
        print(*count(pathlib.Path(sys.argv[1])))
