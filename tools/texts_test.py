"""Each rule of texts.py refuses what it is there to refuse."""

import unittest

import texts
from texts import Language, Wrong

ENGLISH = {"save": "Save", "back": "Back to {app}", "wait": "{n, plural, one {# day} other {# days}}"}
GERMAN = {"save": "Sichern", "back": "Zu {app}", "wait": "{n, plural, one {# Tag} other {# Tage}}"}
TEMPLATES = {"page.html": "{{! a comment }}<p>{{save}} · {{VALUE}}</p>"}
SOURCES = ["language.say(texts::Back{.app = name})", "say(texts::Wait{.n = 2})"]


def language(code: str, said: dict[str, str]) -> Language:
    return Language(code, code, True, said)


class Parameters(unittest.TestCase):
    def test_are_read_as_icu_reads_them(self):
        for pattern, expected in {
            "It's plain, at 50 %.": {},
            "{b} and {a}": {"a": "", "b": ""},
            "{n, number, ::group-off} bytes": {"n": "number"},
            "{n, plural, =0 {none of {app}} one {# x} other {{n, number} of {app}}}!": {
                "app": "",
                "n": "plural",
            },
        }.items():
            with self.subTest(pattern):
                self.assertEqual(texts.parameters(pattern), expected)

    def test_refuse(self):
        for pattern, sentence in {
            "{}": "without the name",
            "{0}": "without the name",
            "{App}": "without the name",
            "{app": "does not end",
            "app}": "a } too many",
            "{app, select, a {x} other {y}}": "of the kind select",
            "{n, plural, one {# x}}": "a plural without other",
            "{n, plural, one {x} one {y} other {z}}": "a case twice",
            "{n, plural, one {x} other {y}": "a plural without other",
            "{n, plural, one {x": "not closed",
            "{n} of {n, plural, other {x}}": "in two kinds",
            "don''t": "quotes",
            "l'{app}": "quotes",
        }.items():
            with self.subTest(pattern), self.assertRaisesRegex(Wrong, sentence):
                texts.parameters(pattern)


class Files(unittest.TestCase):
    def test_are_languages(self):
        read = texts.read_language("pt-BR", '{"@name": "P", "@reviewed": false, "save": "Salvar"}')
        self.assertEqual((read.reviewed, read.texts), (False, {"save": "Salvar"}))

    def test_refuse(self):
        head = '{"@name": "X", "@reviewed": true'
        for code, written, sentence in (
            ("de", head + ', "a": "x", "a": "y"}', "a is there twice"),
            ("de", head + ', "A": "x"}', "no key"),
            ("de", head + ', "a": " "}', "no text"),
            ("de", head + ', "a": {"b": "x"}}', "no text"),
            ("de", '{"@reviewed": true}', "@name"),
            ("de", '{"@name": "X", "@reviewed": 1}', "@reviewed"),
            ("de", "{", "de.json"),
            ("de_AT", head + "}", "BCP 47"),
        ):
            with self.subTest(written), self.assertRaisesRegex(Wrong, sentence):
                texts.read_language(code, written)


class Languages(unittest.TestCase):
    def refused(self, *others: Language) -> str:
        return "\n".join(texts.check_languages([language("en", ENGLISH), *others]))

    def test_may_lag(self):
        lagging = language("fr", {"save": "Garder"})
        self.assertEqual(self.refused(language("de", GERMAN), lagging), "")
        self.assertEqual(texts.lacking(lagging, language("en", ENGLISH)), ["back", "wait"])
        listed = texts.report([language("en", ENGLISH), lagging])
        self.assertIn("fr: 1 of 3 texts\n", listed)
        self.assertIn("back: Back to {app}\n", listed)

    def test_refuse(self):
        for code, said, sentence in (
            ("de", {"save": "Sichern"}, "de.json: back is missing"),
            ("ar", {"save": "حفظ"}, "ar.json: back is missing"),
            ("fr", {"gone": "x"}, "gone is not in en.json"),
            ("fr", {"back": "Retour"}, "other parameters"),
            ("fr", {"back": "{app} et {user}"}, "other parameters"),
            ("fr", {"back": "{host}"}, "other parameters"),
            ("fr", {"wait": "{n}"}, "other parameters"),
            ("fr", {"save": "{"}, "fr.json: save has a {"),
        ):
            with self.subTest(said):
                self.assertIn(sentence, self.refused(language(code, said)))


class Uses(unittest.TestCase):
    def refused(self, templates: dict[str, str], sources: list[str]) -> str:
        return "\n".join(texts.check_uses(language("en", ENGLISH), templates, sources))

    def test_everything_is_said(self):
        self.assertEqual(self.refused(TEMPLATES, SOURCES), "")
        self.assertEqual(self.refused({}, ["say(Text::save)", *SOURCES]), "")

    def test_refuse(self):
        for templates, sources, sentence in (
            ({}, SOURCES, "save is said nowhere"),
            (TEMPLATES, SOURCES[:1], "wait is said nowhere"),
            (TEMPLATES, [*SOURCES[:1], "Waiting"], "wait is said nowhere"),
            (TEMPLATES | {"a.html": "{{gone}}"}, SOURCES, "gone}} is not in"),
            (TEMPLATES | {"a.html": "{{back}}"}, SOURCES, "has parameters"),
            (TEMPLATES | {"a.html": '<p class="x">Save</p>'}, SOURCES, "says ['Save'] itself"),
        ):
            with self.subTest(templates=templates, sources=sources):
                self.assertIn(sentence, self.refused(templates, sources))


class Code(unittest.TestCase):
    def test_names_keys_and_parameters_and_no_wording(self):
        header = texts.keys_header(language("en", ENGLISH))
        for line in ("  save,\n", "struct Back {\n  std::string_view app;\n", "  std::int64_t n;\n"):
            self.assertIn(line, header)
        self.assertNotIn("days", header)

    def test_lacks_what_a_language_lacks(self):
        source = texts.texts_source([language("en", ENGLISH), language("fr", {"back": "À {app}"})])
        self.assertIn('filled_1[] = {\n    R"text(À {app})text",\n    R"text()text",\n', source)


if __name__ == "__main__":
    unittest.main()
