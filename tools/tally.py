"""Counts the test cases in a folder's JUnit files: prints "PASSED FAILED". Skipped ones are neither.

GoogleTest, pytest and Node all write JUnit files, each with its own attributes on the suites;
the cases read alike.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(folder: pathlib.Path) -> tuple[int, int]:
    passed = failed = 0
    for file in sorted(folder.rglob("*.xml")):
        try:
            cases = list(ElementTree.parse(file).iter("testcase"))
        except ElementTree.ParseError:  # The program died while it wrote.
            failed += 1
            continue
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is None and case.get("status") != "notrun":
                passed += 1
    return passed, failed


if __name__ == "__main__":
    print(*count(pathlib.Path(sys.argv[1])))
