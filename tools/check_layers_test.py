"""Each rule of check_layers.py refuses what it is there to refuse."""

import pathlib
import tempfile
import unittest
import unittest.mock

import check_layers

CMAKE = """
latchkey_room(platform/http)  # not platform/db
latchkey_room(platform/db LIBRARIES soci)
latchkey_room(domain/sessions USES platform/db)
latchkey_room(endpoints/matrix USES platform/http
  domain/sessions LIBRARIES Boost::url)
latchkey_room(domain/limits USES platform/db TESTS_USE domain/sessions)
"""


class Declarations(unittest.TestCase):
    def refused(self, cmake: str) -> list[str]:
        return list(check_layers.check_declarations(check_layers.declared_rooms(cmake)))

    def test_arrows_down_are_fine(self):
        floor = """
latchkey_room(endpoints/request USES platform/http)
latchkey_room(endpoints/pages USES endpoints/request)
latchkey_room(endpoints/oauth USES endpoints/pages endpoints/request)
"""
        self.assertEqual(self.refused(CMAKE + floor), [])

    def test_refuses(self):
        for change, sentence in {
            "latchkey_room(platform/text USES domain/sessions)": "a floor above it",
            "latchkey_room(domain/signin USES platform/http)": "the domain knows no HTTP",
            "latchkey_room(app USES platform/nothing)": "is not declared",
            "latchkey_room(domain/a USES domain/b)\nlatchkey_room(domain/b USES domain/a)": "detour",
            "latchkey_room(endpoints/edge USES endpoints/matrix)": "know nothing of each other",
            "latchkey_room(endpoints/pages USES endpoints/matrix)": "know nothing of each other",
            "latchkey_room(outbound/mail USES endpoints/matrix)": "they meet in the domain",
        }.items():
            with self.subTest(change):
                self.assertIn(sentence, "\n".join(self.refused(CMAKE + change)))


class Files(unittest.TestCase):
    def refused(self, name: str, text: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder)
            for header in ("platform/db/tx.h", "platform/http/message.h", "platform/time.h",
                           "domain/sessions/record.h"):
                (source / header).parent.mkdir(parents=True, exist_ok=True)
                (source / header).touch()
            rooms = check_layers.declared_rooms(CMAKE)
            tests_use = check_layers.declared_rooms(CMAKE, "TESTS_USE")
            return "\n".join(check_layers.check_file(name, text, rooms, source, tests_use))

    def test_accepts(self):
        for name, text in {
            "endpoints/matrix/login.cc": '#include "platform/db/tx.h"\n#include "platform/time.h"',
            "platform/db/tx.cc": "#include <libpq-fe.h>",
            "domain/sessions/rows.cc": 'tx.all("SELECT id FROM sessions");',
            "endpoints/matrix/words.cc": 'say("Please select a device");',
            "platform/time.h": "#include <chrono>",
            "domain/limits/limit_test.cc": '#include "domain/sessions/record.h"',
            "domain/limits/limits_testing.h": '#include "domain/sessions/record.h"',
            "domain/limits/a_test.cc": "error_of(tried); ASSERT_FALSE(fields.error());",
            "domain/limits/a.cc": "if (!tried) return tried.error();",
        }.items():
            with self.subTest(name):
                self.assertEqual(self.refused(name, text), "")

    def test_refuses(self):
        for name, text, sentence in (
            ("domain/sessions/a.cc", '#include "platform/http/message.h"', "may not use"),
            ("platform/db/a.cc", '#include "domain/sessions/a.h"', "may not use"),
            ("platform/db/a.cc", '#include "platform/db/gone.h"', "no such file"),
            ("domain/limits/a.cc", '#include "domain/sessions/record.h"', "may not use"),
            ("domain/sessions/a.cc", "#include <libpq-fe.h>", "belongs into platform/db"),
            ("platform/http/a.h", "#include <boost/beast/http.hpp>", "slow to compile"),
            ("platform/db/a.cc", "#include <unicode/locid.h>", "or platform/texts only"),
            ("endpoints/matrix/a.cc", 'tx.all("SELECT id FROM users");', "SQL belongs"),
            ("endpoints/matrix/a.cc", 'tx.run("DELETE FROM users");', "SQL belongs"),
            ("platform/mail/a.cc", "", "is no room"),
            ("platform/db/a.cc", "// TODO(me): later", "open end"),
            ("platform/db/a_test.cc", "EXPECT_EQ(open().error(), 5);", "error_of()"),
            ("platform/db/a_test.cc", "EXPECT_EQ(open(5)\n  .error().why, 5);", "error_of()"),
            ("platform/db/a_testing.cc", "throw Fault(opened->error());", "error_of()"),
            ("platform/db/a_test.cc", "EXPECT_EQ(no_fields.error(), 5);", "error_of()"),
        ):
            with self.subTest(text):
                self.assertIn(sentence, self.refused(name, text))


class Tables(unittest.TestCase):
    SCHEMA = "CREATE TABLE users (id BIGINT);\nCREATE TABLE codes (id BIGINT);"
    CMAKE = "latchkey_room(domain/sessions)\nlatchkey_room(domain/oauth USES domain/sessions)"

    def refused(self, **changed: str) -> str:
        files = {
            "domain/sessions/users.cc": 'tx.run("INSERT INTO users (id) VALUES (:id)", id);',
            "domain/oauth/codes.cc": 'tx.run("DELETE FROM codes WHERE id = :id", id);',
        }
        files |= {f"domain/{room}/changed.cc": text for room, text in changed.items()}
        rooms = check_layers.declared_rooms(self.CMAKE)
        return "\n".join(check_layers.check_tables(files, self.SCHEMA, rooms))

    def test_accepts(self):
        for text in (
            'tx.run("UPDATE codes SET a = 1");',
            'tx.all("SELECT id FROM users" + tx.for_update());',
            'tx.all("SELECT id FROM users FOR UPDATE SKIP LOCKED");',
            'tx.run("INSERT INTO codes (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2");',
            '// once "DELETE FROM users"',
            '/* "DELETE FROM users" */',
            "const char quote = '\"'; // DELETE FROM users",
            'say("Please update your client");',
        ):
            with self.subTest(text):
                self.assertEqual(self.refused(oauth=text), "")

    def test_refuses_a_second_writer(self):
        for text in (
            'tx.run("DELETE FROM users WHERE id = :id", id);',
            'tx.run("INSERT INTO users (id) VALUES (:id)", id);',
            'tx.run("INSERT OR IGNORE INTO users (id) VALUES (:id)", id);',
            'tx.run("UPDATE users SET a = 1");',
            'tx.run("UPDATE users AS u SET a = 1");',
            'tx.run("UPDATE users u SET a = 1");',
            'tx.run("update Users set a = 1");',
            'tx.run(R"(DELETE FROM users)");',
            'tx.run(R"sql(\n  DELETE\n  FROM users)sql");',
            'tx.run("WITH old AS (SELECT 1) DELETE FROM users");',
            # Split over literals, wherever.
            'tx.run(\n  "DELETE FROM"\n  " users WHERE id = 1");',
            'tx.run("UPDATE "\n  "users SET a = 1");',
            'tx.run("UPDATE users" /* why */\n  " SET a = 1");',
            'tx.run("DEL" "ETE FROM us" "ers");',
        ):
            with self.subTest(text):
                refused = self.refused(oauth=text)
                self.assertIn("users is written by 2 rooms", refused)
                self.assertIn("src/domain/oauth/changed.cc:", refused)

    def test_takes_what_is_said_of_a_table_for_a_part_of_it(self):
        said_of = {("users", "codes_at_most"): "codes"}
        with unittest.mock.patch.object(check_layers, "SAID_OF", said_of):
            bound = "UPDATE users SET codes_at_most = :most WHERE id = :id"
            self.assertEqual(self.refused(oauth=f'tx.run("{bound}");'), "")
            for text in (
                "UPDATE users SET codes_at_most = :most, a = 1 WHERE id = :id",
                "UPDATE users SET a = :a WHERE id = :id",
            ):
                with self.subTest(text):
                    refused = self.refused(oauth=f'tx.run("{text}");')
                    self.assertIn("users is written by 2 rooms", refused)

    def test_refuses_tables_that_are_not_named(self):
        for text in ('tx.run("DELETE FROM " + table);', 'tx.run("UPDATE " + table + " SET a = 1");'):
            with self.subTest(text):
                self.assertIn("does not name", self.refused(oauth=text))

    def test_refuses_tables_that_nobody_writes(self):
        rooms = check_layers.declared_rooms(self.CMAKE)
        refused = "\n".join(check_layers.check_tables({}, self.SCHEMA, rooms))
        self.assertIn("codes is written by no room", refused)


class Prefixes(unittest.TestCase):
    def refused(self, name: str, text: str) -> str:
        return "\n".join(check_layers.check_prefixes({name: text}))

    def test_accepts(self):
        for name, text in {
            "domain/token_prefixes.h": 'kAll{"lka_", "lkr_"};',
            "domain/oauth/codes.cc": '// "lkc_"\nkPrefix = text_of(TokenPrefix::code);',
            "domain/oauth/words.cc": 'say("lookup_of"); say("the prefix lka_");',
        }.items():
            with self.subTest(name):
                self.assertEqual(self.refused(name, text), "")

    def test_refuses(self):
        for text in ('kPrefix = "lkc_";', 'mint("lkx_" + text);', 'mint("lk" "q_");'):
            with self.subTest(text):
                refused = self.refused("domain/oauth/codes.cc", "\n" + text)
                self.assertIn("src/domain/oauth/codes.cc:2: a prefix of tokens", refused)


if __name__ == "__main__":
    unittest.main()
