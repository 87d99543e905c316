"""What tally.py says of JUnit files as the runners write them."""

import pathlib
import tempfile
import unittest

import tally

GOOGLE_TEST = """<?xml version="1.0"?>
<testsuites><testsuite name="Lease">
<testcase name="IsGivenUp" status="run" classname="Lease"/>
<testcase name="IsTaken" status="run" classname="Lease"><failure message="lease_test.cc:3&#10;2 != 1"/></testcase>
<testcase name="DISABLED_Never" status="notrun" classname="Lease"/>
</testsuite></testsuites>"""

PYTEST = """<testsuites><testsuite>
<testcase classname="test_login" name="test_a_password"/>
<testcase classname="test_login" name="test_none"><skipped message="no server"/></testcase>
<testcase classname="test_login" name="test_two"><error message="at setup">no server\nat port 1</error></testcase>
</testsuite></testsuites>"""


class Tally(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def test_nothing(self) -> None:
        self.assertEqual(tally.count(self.folder), (0, 0))
        self.assertEqual(tally.failures(self.folder), "")

    def test_skipped_ones_are_neither(self) -> None:
        self.write("a.xml", GOOGLE_TEST)
        self.write("b.xml", PYTEST)
        self.assertEqual(tally.count(self.folder), (2, 2))

    def test_failures_by_name(self) -> None:
        self.write("a.xml", GOOGLE_TEST)
        self.write("b.xml", PYTEST)
        self.assertEqual(
            tally.failures(self.folder),
            "FAILED Lease.IsTaken\n    lease_test.cc:3\n    2 != 1\n"
            "FAILED test_login.test_two\n    no server\n    at port 1")

    def test_half_a_file_is_a_failure(self) -> None:
        self.write("a.xml", GOOGLE_TEST[:150])
        self.assertEqual(tally.count(self.folder), (0, 1))
        self.assertIn("FAILED a.xml", tally.failures(self.folder))

    def test_a_long_reason_keeps_its_ends(self) -> None:
        lines = "\n".join(str(line) for line in range(100))
        self.write("a.xml", f"<testsuite><testcase name='x'><failure>{lines}</failure></testcase></testsuite>")
        said = tally.failures(self.folder).splitlines()
        self.assertLess(len(said), 30)
        self.assertEqual(said[1].strip(), "0")
        self.assertEqual(said[-1].strip(), "99")


if __name__ == "__main__":
    unittest.main()
