"""Checks that every #include follows the arrows between rooms, and that rules stay in their floor.

What a room may use is said once, in src/CMakeLists.txt (`latchkey_room(… USES …)`); this reads it
there. The linker would notice a call against the arrows, but not a header-only one.
"""

import pathlib
import re
import sys

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
}

# Headers that cost seconds in each file that includes them.
SLOW_HEADERS = re.compile(
    r"boost/beast|libpq-fe|spdlog/|yaml-cpp/|phonenumbers/|ctemplate/|unicode/|boost/asio\.hpp|regex$"
)

SQL = re.compile(r'"[^"\n]*\b(SELECT\s+(?!1")|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)')
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')


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
    if re.search(r"_test(ing)?\.(cc|h)$", name):
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
    if re.search(r"\b(TODO|FIXME|XXX)\b", text):
        yield f"src/{name}: has an open end (TODO); do it, or write an issue"


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    source = root / "src"
    cmake = (source / "CMakeLists.txt").read_text()
    rooms = declared_rooms(cmake)
    tests_use = declared_rooms(cmake, "TESTS_USE")
    problems = list(check_declarations(rooms))
    for path in sorted(source.rglob("*.h")) + sorted(source.rglob("*.cc")):
        name = path.relative_to(source).as_posix()
        problems.extend(check_file(name, path.read_text(), rooms, source, tests_use))
    print("\n".join(problems) if problems else f"{len(rooms)} rooms, every include follows the arrows")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
