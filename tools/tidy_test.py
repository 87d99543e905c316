"""The grouping of sources and flags in tidy.py."""

import os
import unittest

import tidy


class Units(unittest.TestCase):
    FILES = [f"src/{room}/{name}{kind}.cc" for room in ("a", "b/c", "d") for kind in ("", "_test")
             for name in ("one", "two", "three")] + ["src/a/alone.cc"]

    def test_hold_every_file_once(self):
        self.assertEqual(sorted(sum(tidy.units(self.FILES, 2), [])), sorted(self.FILES))

    def test_take_one_file_of_a_folder_and_keep_tests_among_themselves(self):
        for group in tidy.units(self.FILES, 2):
            folders = [os.path.dirname(file) for file in group]
            self.assertEqual(len(folders), len(set(folders)), group)
            self.assertLessEqual(len(group), 2)
            self.assertEqual(len({file.endswith("_test.cc") for file in group}), 1, group)

    def test_of_what_is_left_of_a_large_folder_are_full_too(self):
        files = [f"src/{room}/{n}.cc" for room in "abcd" for n in range(2)]
        files += [f"src/large/{n}.cc" for n in range(22)]
        groups = tidy.units(files, 4)
        self.assertEqual(sorted(sum(groups, [])), sorted(files))
        self.assertEqual(len(groups), 8)  # of 30 files


class Flags(unittest.TestCase):
    def test_are_those_of_the_command_without_its_files(self):
        self.assertEqual(
            tidy.without_file("env X=1 ccache /usr/bin/clang++-19 -DA=\\\"x\\\" -O2 -isystem /u -MD"
                              " -MT a.o -MF a.d -o a.o -c /s/a.cc", "/s/a.cc"),
            ['-DA="x"', "-O2", "-isystem", "/u"])

    def test_of_a_unit_are_the_first_ones_and_what_others_include_and_define(self):
        self.assertEqual(
            tidy.union([["-O2", "-DA", "-isystem", "/u"],
                        ["-O1", "-DB", "-isystem", "/u", "-isystem", "/v", "-I/w"]]),
            ["-O2", "-DA", "-isystem", "/u", "-DB", "-isystem", "/v", "-I/w"])


if __name__ == "__main__":
    unittest.main()
