"""Checks that every #include follows the arrows between rooms, that rules stay in their floor, that
each table of the database is written by one room, that one file has the prefixes of tokens, and that
no test ends its whole program with the error of a success.

What a room may use is said once, in src/CMakeLists.txt (`latchkey_room(… USES …)`); this reads it
there. The linker would notice a call against the arrows, but not a header-only one. Which tables
there are is read from the migrations.
"""

import pathlib
import re
import sys

# The only file that spells out what tokens begin with.
TOKEN_PREFIXES = "domain/token_prefixes.h"

# The only file that writes tables without naming them: a backup, all of them at once.
COPY_OF_ALL_TABLES = "platform/db/copy.cc"

# Columns that say of a table what is asked in another one, where its row is locked: they are written
# by the room that writes the table which they are of.
SAID_OF = {("users", "devices_at_most"): "devices"}

# What the surfaces stand on; a surface uses no other room of its floor.
GROUND_OF_SURFACES = {"endpoints/pages", "endpoints/request"}

FLOORS = {"platform": 0, "domain": 1, "endpoints": 2, "outbound": 2, "app": 3}

# Libraries that one room keeps to itself, so that replacing one means opening one folder.
LIBRARY_ROOMS = {
    r"boost/beast": {"platform/http", "platform/asio"},
    r"sqlite3\.h|libpq-fe\.h|postgresql/": {"platform/db"},
    r"openssl/|argon2\.h": {"platform/crypto"},
    r"yaml-cpp/": {"platform/config"},
    r"zxcvbn": {"domain/accounts"},
    r"re2/": {"domain/services"},
    r"spdlog/|prometheus/": {"platform/telemetry"},
    r"phonenumbers/": {"domain/accounts"},
    r"unicode/": {"domain/accounts", "platform/texts"},
    r"ctemplate/": {"platform/html"},
    r"CLI/": {"app"},
    r"curl/": {"platform/http_client"},
    r"ldap\.h|lber": {"outbound/ldap"},
    r"libxml/": {"platform/xml", "outbound/saml"},
    r"xmlsec/": {"outbound/saml"},
}

# Headers that cost seconds in each file that includes them.
SLOW_HEADERS = re.compile(
    r"boost/beast|libpq-fe|spdlog/|yaml-cpp/|phonenumbers/|ctemplate/|unicode/|boost/asio\.hpp|regex$"
)

SQL = re.compile(r'"[^"\n]*\b(SELECT\s+(?!1")|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)')
TEST = re.compile(r"_test(ing)?\.(cc|h)$")
# std::expected::error() checks nothing; text::Fields::error() is another.
UNCHECKED_ERROR = re.compile(r"(?<!\bfields)(\.|->)error\(\)")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')

# The pieces of C++ that count when SQL is looked for, in this order. Literals with nothing but space
# between them are one text.
COMMENT = r"//[^\n]*|/\*.*?\*/"
CHARACTER = r"'(?:[^'\\\n]|\\.)+'"
RAW_LITERAL = r'R"(?P<mark>[^\s()]*)\((?P<raw>.*?)\)(?P=mark)"'
LITERAL = r'"(?P<text>(?:[^"\\\n]|\\.)*)"'
TOKEN = re.compile("|".join((COMMENT, RAW_LITERAL, LITERAL, CHARACTER, r"\s+", ".")), re.DOTALL)
# A statement that writes, with its table; none: the table's name is put together elsewhere.
WRITE = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)"
    r"\b\s*(?P<table>\w*)"
    r"|\bUPDATE\s+(?P<updated>\w+)(?:\s+(?:AS\s+)?(?!SET\b)\w+)?\s+SET\b"
    r"|\bUPDATE\s+$",
    re.IGNORECASE,
)
# What an UPDATE sets, if that is one column.
ONE_COLUMN = re.compile(r"\s+(\w+)\s*=\s*:\w+\s+WHERE\b")
TABLE = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)


def declared_rooms(cmake: str, keyword: str = "USES") -> dict[str, set[str]]:
    """Room -> the rooms it names after USES (or TESTS_USE: only its tests use them)."""
    rooms = {}
    cmake = re.sub(r"#.*", "", cmake)
    for call in re.findall(r"latchkey_room\(([^)]*)\)", cmake):
        words = call.split()
        uses = set()
        if keyword in words:
            for word in words[words.index(keyword) + 1 :]:
                if word.isupper():
                    break
                uses.add(word)
        rooms[words[0]] = uses
    return rooms


def floor(room: str) -> str:
    return room.split("/")[0]


def check_declarations(rooms: dict[str, set[str]]):
    """The arrows themselves: down, never back, and no HTTP in the domain."""
    for room, uses in rooms.items():
        for used in sorted(uses):
            if used not in rooms:
                yield f"src/CMakeLists.txt: {room} uses {used}, which is not declared"
            elif FLOORS[floor(used)] > FLOORS[floor(room)]:
                yield f"src/CMakeLists.txt: {room} uses {used}, a floor above it"
            elif {floor(room), floor(used)} == {"endpoints", "outbound"}:
                yield f"src/CMakeLists.txt: {room} uses {used}: they meet in the domain"
            elif floor(room) == floor(used) == "endpoints" and used not in GROUND_OF_SURFACES:
                yield f"src/CMakeLists.txt: {room} uses {used}: surfaces know nothing of each other"
            elif floor(room) == "domain" and used == "platform/http":
                yield f"src/CMakeLists.txt: {room} uses {used}: the domain knows no HTTP"
        if room in reachable(room, rooms, start_included=False):
            yield f"src/CMakeLists.txt: {room} uses itself, by a detour"


def reachable(room: str, rooms: dict[str, set[str]], start_included: bool = True) -> set[str]:
    seen = {room} if start_included else set()
    waiting = sorted(rooms.get(room, ()))
    while waiting:
        next_room = waiting.pop()
        if next_room not in seen:
            seen.add(next_room)
            waiting.extend(rooms.get(next_room, ()))
    return seen


def room_of(path: str, rooms: dict[str, set[str]]) -> str | None:
    """The room of a path below src/, or None for the files of a floor itself (platform/time.h)."""
    folder = path.rpartition("/")[0]
    while folder and folder not in rooms:
        folder = folder.rpartition("/")[0]
    return folder or None


def check_file(
    name: str,
    text: str,
    rooms: dict[str, set[str]],
    source: pathlib.Path,
    tests_use: dict[str, set[str]] | None = None,
):
    """`name` is the path below src/; `tests_use` what tests and their support use beside `rooms`."""
    room = room_of(name, rooms)
    if room is None and "/" in name and floor(name) in FLOORS:
        if name.count("/") > 1:
            yield f"src/{name}: its folder is no room; declare it in src/CMakeLists.txt"
        return
    if room is None:
        return
    allowed = reachable(room, rooms)
    test = TEST.search(name) is not None
    if test:
        for used in (tests_use or {}).get(room, ()):
            allowed |= reachable(used, rooms) | (tests_use or {}).get(used, set())
    for number, line in enumerate(text.splitlines(), 1):
        where = f"src/{name}:{number}"
        if include := INCLUDE.match(line):
            header = include[1]
            used = room_of(header, rooms)
            if used is not None and used not in allowed:
                yield f"{where}: {room} may not use {used} (src/CMakeLists.txt)"
            for library, homes in LIBRARY_ROOMS.items():
                if re.match(library, header) and room not in homes:
                    yield f"{where}: <{header}> belongs into {' or '.join(sorted(homes))} only"
            if name.endswith(".h") and SLOW_HEADERS.match(header):
                yield f"{where}: <{header}> is slow to compile: include it in .cc files only"
            if used is not None and not (source / header).exists():
                yield f"{where}: no such file: {header}"
        elif floor(name) in ("endpoints", "outbound", "app") and SQL.search(line):
            yield f"{where}: SQL belongs into domain/"
        if test and UNCHECKED_ERROR.search(line):
            yield f"{where}: ends all tests where there is none: error_of(), platform/error_testing.h"
    if re.search(r"\b(TODO|FIXME|XXX)\b", text):
        yield f"src/{name}: has an open end (TODO); do it, or write an issue"


def literals(text: str):
    """The string literals of a C++ source, each with its line; adjacent ones are joined."""
    line, begun_at, joined = 1, 0, None
    for token in TOKEN.finditer(text):
        piece = token["raw"] if token["raw"] is not None else token["text"]
        if piece is not None:
            if joined is None:
                begun_at, joined = line, ""
            joined += piece
        elif joined is not None and not re.fullmatch(rf"\s+|{COMMENT}", token[0], re.DOTALL):
            yield begun_at, joined
            joined = None
        line += token[0].count("\n")
    if joined is not None:
        yield begun_at, joined


def written_tables(name: str, text: str):
    """(table, where) for each statement of a file below src/ that writes; table "": not named."""
    for line, sql in literals(text):
        for write in WRITE.finditer(sql):
            table = (write["table"] or write["updated"] or "").lower()
            columns = ONE_COLUMN.match(sql, write.end())
            said_of = SAID_OF.get((table, columns[1])) if columns else None
            yield said_of or table, f"src/{name}:{line}"


def check_tables(files: dict[str, str], schema: str, rooms: dict[str, set[str]]):
    """Each table is written by one room; `files` are the sources below src/, without tests."""
    writers: dict[str, dict[str, str]] = {}
    for name, text in files.items():
        if name == COPY_OF_ALL_TABLES:
            continue
        for table, where in written_tables(name, text):
            room = room_of(name, rooms)
            if table == "":
                yield f"{where}: writes a table that it does not name; write its name out"
            elif room is not None:
                writers.setdefault(table, {}).setdefault(room, where)
    for table, by in sorted(writers.items()):
        if len(by) > 1:
            places = ", ".join(f"{room} ({where})" for room, where in sorted(by.items()))
            yield f"the table {table} is written by {len(by)} rooms: {places}"
    for table in TABLE.findall(schema):
        if table.lower() not in writers:
            yield f"the table {table} is written by no room"


def check_prefixes(files: dict[str, str]):
    """What tokens of this server begin with is spelled out in one file alone."""
    for name, text in files.items():
        if name == TOKEN_PREFIXES:
            continue
        for line, literal in literals(text):
            if re.match(r"lk[a-z]_", literal):
                yield f"src/{name}:{line}: a prefix of tokens belongs into {TOKEN_PREFIXES}"


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    source = root / "src"
    cmake = (source / "CMakeLists.txt").read_text()
    rooms = declared_rooms(cmake)
    tests_use = declared_rooms(cmake, "TESTS_USE")
    problems = list(check_declarations(rooms))
    files = {}
    for path in sorted(source.rglob("*.h")) + sorted(source.rglob("*.cc")):
        name = path.relative_to(source).as_posix()
        files[name] = path.read_text()
        problems.extend(check_file(name, files[name], rooms, source, tests_use))
    program = {n: t for n, t in files.items() if not n.endswith(("_test.cc", "_testing.cc"))}
    schema = "".join(path.read_text() for path in sorted(source.rglob("*.sql")))
    problems.extend(check_tables(program, schema, rooms))
    fine = f"{len(rooms)} rooms, every include follows the arrows, every table is written by one"
    problems.extend(check_prefixes(program))
    print("\n".join(problems) if problems else fine)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
