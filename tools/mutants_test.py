"""The lists of mistakes and the places they are put into, of mutants.py."""

import pathlib
import tempfile
import unittest
import unittest.mock

import mutants


def mistake(number, text, old, new, after=""):
    return mutants.Mistake(
        number,
        "x.toml",
        "src/a/b/x.cc",
        f"mistake {number}",
        mutants.place(text, old, after),
        old,
        new,
        (),
        (),
        "",
        False,
    )


class Places(unittest.TestCase):
    def test_stand_once_or_first_after_what_is_named(self):
        text = "first(a);\nsecond(a);\n"
        self.assertEqual(mutants.place(text, "first", ""), 0)
        self.assertEqual(mutants.place(text, "(a)", "second"), text.index("second") + 6)
        for old, after in (("(a)", ""), ("third", ""), ("(a)", "third")):
            with self.assertRaises(mutants.Invalid):
                mutants.place(text, old, after)

    def test_of_expressions_become_conditional_ones_and_of_statements_branches(self):
        text = "if (a < b) go();"
        made = mutants.with_mistakes(
            text, [mistake(1, text, "a < b", "a <= b"), mistake(2, text, "go();", "")]
        )
        self.assertIn(
            "if ((::latchkey::mutants::made(1) ? (a <= b) : (a < b))) "
            "{ if (::latchkey::mutants::made(2)) {  } else { go(); } }",
            made,
        )

    def test_may_lie_within_each_other_and_be_the_same(self):
        text = "x = a && b && c;"
        made = mutants.with_mistakes(
            text,
            [
                mistake(1, text, "b && c", "b"),
                mistake(2, text, "b", "!b"),
                mistake(3, text, "b", "true"),
            ],
        )
        self.assertTrue(
            made.endswith(
                "x = a && (::latchkey::mutants::made(1) ? (b) : "
                "((::latchkey::mutants::made(3) ? (true) : "
                "((::latchkey::mutants::made(2) ? (!b) : (b)))) && c));"
            ),
            made,
        )

    def test_may_not_lie_across_each_other(self):
        text = "x = a && b && c;"
        with self.assertRaises(mutants.Invalid):
            mutants.with_mistakes(
                text, [mistake(1, text, "a && b", "a"), mistake(2, text, "b && c", "c")]
            )


class Lists(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src/a/b").mkdir(parents=True)
            (root / "src/a/b/x.cc").write_text("go();\n")
            (root / "src/a/b/x_test.cc").touch()
            (root / "src/a/d").mkdir()
            (root / "src/a/d/x.cc").write_text("go();\n")
            (root / "x.toml").write_text(text)
            return mutants.read_list(root / "x.toml", root)

    def test_name_the_tests_of_the_room_unless_they_say_others(self):
        found = self.read("""
folder = "src/a/b/"
integration = ["t.py"]
[[mistake]]
file = "x.cc"
what = "nothing is done"
old = "go();"
new = ""
[[mistake]]
file = "x.cc"
what = "the same, elsewhere"
old = "go();"
new = ""
unit = ["c"]
integration = []
[[mistake]]
file = "../d/x.cc"
what = "the same in a room without unit tests"
old = "go();"
new = ""
""")
        self.assertEqual(
            [(one.unit, one.integration) for one in found],
            [(("a_b",), ("t.py",)), (("c",), ()), ((), ("t.py",))],
        )

    def test_with_a_mistake_of_their_own_are_refused(self):
        entry = '[[mistake]]\nfile = "src/a/b/x.cc"\nwhat = "w"\nold = "go();"\nnew = ""\n'
        for text in (
            entry.replace("x.cc", "y.cc"),
            entry.replace("go()", "come()"),
            entry + "units = []\n",
        ):
            with self.assertRaises(mutants.Invalid):
                self.read(text)

    def test_take_whole_texts(self):
        text = 'run("SELECT a"\n    " FROM b", c);  // "d"'
        for old in ("SELECT a", '"SELECT a"', '" FROM b"'):
            start = text.index(old)
            with self.assertRaises(mutants.Invalid, msg=old):
                mutants.check_place(text, start, start + len(old))
        for old in ('"SELECT a"\n    " FROM b"', "run", "c"):
            start = text.index(old)
            mutants.check_place(text, start, start + len(old))

    def test_take_whole_expressions_and_statements(self):
        mutants.check_form("if (a) { go(); }", "if (b) { go(); }")
        mutants.check_form("c == '{' && x(\")\")", "false")
        mutants.check_form("left <= Duration{0}", "false")
        self.assertFalse(mutants.is_statement("left <= Duration{0}"))
        mutants.check_form("::a() ? b : c", "b::c()")
        for old in ("a ||", "&& a", "a ? b", ".a = b", "a,", "a =="):
            with self.assertRaises(mutants.Invalid, msg=old):
                mutants.check_form(old, "false")
        for new in ("", "go();\\n  return"):
            with self.assertRaises(mutants.Invalid, msg=new):
                mutants.check_form("a", new)
        mutants.check_form("text == '\\n'", "false")
        mutants.check_form("a = 1;", "b = 1;")
        for old in ("auto a = 1;", "std::optional<int> a = b;", "const T& a = b;", "char* a = b;"):
            with self.assertRaises(mutants.Invalid, msg=old):
                mutants.check_form(old, "")
        for old in ("if (a) {", "} while (a);", "if (a) go", "return a", "a)", "const int a = 1;"):
            with self.assertRaises(mutants.Invalid, msg=old):
                mutants.check_form(old, "")

    def test_of_this_repository_fit_its_sources(self):
        mistakes = mutants.read_all()
        by_file = {}
        for one in mistakes:
            by_file.setdefault(one.file, []).append(one)
        for file, those in by_file.items():
            mutants.with_mistakes(
                (mutants.ROOT / file).read_text(), [one for one in those if not one.alone]
            )
        self.assertEqual(len({(one.file, one.what) for one in mistakes}), len(mistakes))


class Narrowed(unittest.TestCase):
    """With a mistake only those tests run that come by its place."""

    baseline = mutants.Baseline(1, {"a.py::wide": {7, 8, 9}, "a.py::near": {7}, "a.py::far": {8}})

    def narrowed(self, number, baseline=None, run=None):
        run = run or mutants.pytest_run("tests/a.py")
        return [part.command for part in (baseline or self.baseline).narrowed(run, number)]

    def test_to_those_of_pytest_the_most_particular_first(self):
        self.assertEqual(self.narrowed(7)[0][-2:], ("tests/a.py::near", "tests/a.py::wide"))
        self.assertEqual(
            self.narrowed(9 + mutants.BYTES_OF_REACHED)[0][-1:], ("tests/a.py::wide",)
        )

    def test_to_those_that_pass_where_the_mistake_has_a_build_of_its_own(self):
        self.assertEqual(len(self.narrowed(None)[0]), len(mutants.PYTEST) + 3)

    def test_to_none_where_no_test_comes_by(self):
        self.assertEqual(self.narrowed(1), [])

    def test_to_unit_tests_the_most_particular_in_a_run_of_their_own(self):
        run = mutants.Run("unit_x", ("unit_x", "--gtest_filter=-*P*"), mutants.GTEST_FAILED)
        tests = {f"A.{i}": {7, *range(100, 100 + i)} for i in reversed(range(14))}
        self.assertEqual(
            self.narrowed(7, mutants.Baseline(1, tests), run),
            [
                ("unit_x", "--gtest_filter=" + ":".join(f"A.{i}" for i in range(12))),
                ("unit_x", "--gtest_filter=A.12:A.13"),
            ],
        )
        self.assertEqual(self.narrowed(8, mutants.Baseline(1, tests), run), [])

    def test_to_one_alone_that_is_to_pass_without_the_mistake(self):
        unit = mutants.Run("unit_x", ("unit_x", "--gtest_filter=A.a:B.b"), mutants.GTEST_FAILED)
        self.assertEqual(unit.only("B.b").command, ("unit_x", "--gtest_filter=B.b"))
        self.assertEqual(unit.only("ends badly"), unit)
        command = ("pytest", "-x", "t/a.py::x[1]", "t/a.py::y")
        tests = mutants.Run("t", command, mutants.PYTEST_FAILED)
        self.assertEqual(tests.only("x[1]").command, ("pytest", "-x", "t/a.py::x[1]"))
        self.assertEqual(tests.only("takes too long"), tests)


class Seen(unittest.TestCase):
    """A mistake is seen by a test that fails with it each time."""

    def seen(self, *statuses):
        """By tests that end so, one run after the other."""
        left = list(statuses)
        run = mutants.Run("unit_x", ("unit_x", "--gtest_filter=A.a:B.b"), mutants.GTEST_FAILED)

        def execute(run, number, patience):
            self.assertEqual(number, 5)
            status = left.pop(0)
            return mutants.Outcome(status, "A.a" if status else "", 1)

        tests = mutants.Tests.__new__(mutants.Tests)
        with unittest.mock.patch.object(mutants, "execute", execute):
            failure = tests._failure(run, mistake(5, "a", "a", "b"), 60)
        self.assertEqual(left, [])
        return failure

    def test_by_one_that_fails_twice(self):
        self.assertEqual(self.seen(1, 1), "A.a")
        self.assertEqual(self.seen(1, 0, 1, 1), "A.a")

    def test_by_none_that_passes(self):
        self.assertEqual(self.seen(0), "")

    def test_by_none_that_fails_once(self):
        self.assertEqual(self.seen(1, 0, 0), "")
        self.assertEqual(self.seen(1, 0, 1, 0), "")


if __name__ == "__main__":
    unittest.main()
