#!/usr/bin/env python3
"""texts.py list | check | generate FOLDER: what the pages say, in every language (web/texts/).

list: what each language lacks. check: what must not be, for `./dev lint`. generate: the C++ of the
catalogue, for the build. A text is an ICU MessageFormat pattern; the same key has the same parameters
in every language.
"""

import json
import pathlib
import re
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = "en"  # names the keys and their parameters, and stands in for what a language lacks
# What may lack nothing. English in a page that runs from right to left is the hardest to read.
COMPLETE = (BASE, "de", "ar")

KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
# What C++ passes for an argument of a pattern, by its type in ICU.
KINDS = {"": "std::string_view", "number": "std::int64_t", "plural": "std::int64_t"}


class Wrong(Exception):
    """What is wrong with a file or a text, for a person."""


# --- patterns


def parameters(pattern: str) -> dict[str, str]:
    """The parameters of a pattern, each with its kind; raises Wrong."""
    # Quoting would make what is read here, by translators and by ICU three different things.
    if re.search(r"''|'[{}#]", pattern):
        raise Wrong("quotes something: write ’ instead of '")
    found: dict[str, str] = {}
    rest = _text(pattern, found)
    if rest:
        raise Wrong("has a } too many")
    return dict(sorted(found.items()))


def _text(pattern: str, found: dict[str, str]) -> str:
    """Reads on to the end, or to the } that closes a case; returns what is left."""
    while pattern:
        brace = re.search("[{}]", pattern)
        if not brace:
            return ""
        if brace[0] == "}":
            return pattern[brace.start() :]
        pattern = _argument(pattern[brace.end() :], found)
    return pattern


def _argument(pattern: str, found: dict[str, str]) -> str:
    head = re.match(r"([a-z][a-z0-9_]*)(?:, *([a-z]+))?", pattern)
    if not head:
        raise Wrong("has a { without the name of a parameter")
    name, kind = head[1], head[2] or ""
    if kind not in KINDS:
        raise Wrong(f"has a parameter of the kind {kind}; known are number and plural")
    if found.setdefault(name, kind) != kind and KINDS[found[name]] != KINDS[kind]:
        raise Wrong(f"has the parameter {name} in two kinds")
    pattern = pattern[head.end() :]
    if kind == "plural":
        return _cases(pattern, found)
    style = re.match(r"(, *[^{}]+)?}", pattern)
    if not style or (style[1] and kind != "number"):
        raise Wrong(f"has a parameter {name} that does not end")
    return pattern[style.end() :]


def _cases(pattern: str, found: dict[str, str]) -> str:
    names = []
    pattern = pattern.removeprefix(",")
    while case := re.match(r"\s*(=\d+|zero|one|two|few|many|other)\s*{", pattern):
        names.append(case[1])
        pattern = _text(pattern[case.end() :], found)
        if not pattern:
            raise Wrong("has a { that is not closed")
        pattern = pattern[1:]
    if "other" not in names or len(names) != len(set(names)) or not pattern.lstrip().startswith("}"):
        raise Wrong("has a plural without other, with a case twice, or with something else in it")
    return pattern.lstrip()[1:]


# --- files


@dataclass
class Language:
    code: str  # BCP 47
    name: str  # in itself
    reviewed: bool  # whether somebody has read it whose language it is
    texts: dict[str, str]


def read_language(code: str, written: str) -> Language:
    def once(pairs):
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise Wrong(f"{code}.json: {key} is there twice")
        return dict(pairs)

    try:
        texts = json.loads(written, object_pairs_hook=once)
    except json.JSONDecodeError as fault:
        raise Wrong(f"{code}.json: {fault}") from fault
    name, reviewed = texts.pop("@name", None), texts.pop("@reviewed", None)
    if not LANGUAGE.fullmatch(code):
        raise Wrong(f"{code}.json: {code} is not written as BCP 47 has it")
    if not isinstance(name, str) or not isinstance(reviewed, bool):
        raise Wrong(f"{code}.json: @name is a text and @reviewed true or false")
    for key, text in texts.items():
        if not KEY.fullmatch(key):
            raise Wrong(f"{code}.json: {key} is no key: lower_case")
        if not isinstance(text, str) or not text.strip() or ")text" in text:
            raise Wrong(f"{code}.json: {key} is no text; leave out what is not translated yet")
    return Language(code, name, reviewed, texts)


def read_all(folder: pathlib.Path) -> list[Language]:
    """The languages, the base first."""
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stem != BASE, file.stem))
    return [read_language(file.stem, file.read_text()) for file in files]


# --- checks


def check_languages(languages: list[Language]):
    """What is wrong within the catalogue."""
    base = languages[0]
    expected = {}
    for language in languages:
        for key, text in language.texts.items():
            where = f"web/texts/{language.code}.json: {key}"
            try:
                own = parameters(text)
            except Wrong as wrong:
                yield f"{where} {wrong}"
                continue
            if language is base:
                expected[key] = own
            elif key not in base.texts:
                yield f"{where} is not in {BASE}.json"
            elif key in expected and _types(own) != _types(expected[key]):
                yield f"{where} has other parameters than in {BASE}.json: {own}, {expected[key]}"
        if language.code in COMPLETE:
            for key in lacking(language, base):
                yield f"web/texts/{language.code}.json: {key} is missing"


def _types(own: dict[str, str]) -> dict[str, str]:
    return {name: KINDS[kind] for name, kind in own.items()}


def lacking(language: Language, base: Language) -> list[str]:
    return [key for key in base.texts if key not in language.texts]


def struct_name(key: str) -> str:
    return "".join(word.capitalize() for word in key.split("_"))


def check_uses(base: Language, templates: dict[str, str], sources: list[str]):
    """Dead keys, and templates that say what is not in the catalogue, or say it themselves."""
    used = set()
    for file, template in templates.items():
        for key in re.findall(r"{{([a-z][^}]*)}}", template):
            used.add(key)
            if key not in base.texts:
                yield f"web/{file}: {{{{{key}}}}} is not in web/texts/{BASE}.json"
            elif parameters(base.texts[key]):
                yield f"web/{file}: {{{{{key}}}}} has parameters: it is a value, set by the page's code"
        words = re.sub(r"{{.*?}}|<[^>]*>", "", template, flags=re.DOTALL)
        if re.search(r"[^\W\d_]", words):
            yield f"web/{file} says {words.split()} itself, in one language"
    names = set()
    for source in sources:
        names |= set(re.findall(r"\bText::([a-z0-9_]+)", source))
        names |= set(re.findall(r"\btexts::([A-Z][A-Za-z0-9]+)", source))
    for key, text in base.texts.items():
        name = struct_name(key) if parameters(text) else key
        if name not in names and key not in used:
            yield f"web/texts/{BASE}.json: {key} is said nowhere"


def check(root: pathlib.Path):
    languages = read_all(root / "web/texts")
    yield from check_languages(languages)
    templates = {file.name: file.read_text() for file in sorted(root.glob("web/*.html"))}
    sources = [
        file.read_text()
        for file in sorted(root.glob("src/**/*"))
        if file.suffix in (".cc", ".h") and not file.stem.endswith("_test")
    ]
    yield from check_uses(languages[0], templates, sources)


# --- C++


def keys_header(base: Language) -> str:
    """The keys. It holds no text, so that another wording compiles nothing but the texts."""
    plain = [key for key, text in base.texts.items() if not parameters(text)]
    filled = [key for key, text in base.texts.items() if parameters(text)]
    structs = []
    for key in filled:
        own = parameters(base.texts[key])
        members = "".join(f"  {KINDS[kind]} {name};\n" for name, kind in own.items())
        arguments = ", ".join(f'{{"{name}", {name}}}' for name in own)
        structs.append(
            f"struct {struct_name(key)} {{\n{members}"
            f"  static constexpr Pattern kPattern = Pattern::{key};\n"
            f"  std::array<Argument, {len(own)}> arguments() const {{ return {{{{{arguments}}}}}; }}\n"
            "};\n"
        )
    return f"""// Generated by tools/texts.py from web/texts/{BASE}.json.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "platform/texts/argument.h"

namespace latchkey::texts {{

enum class Text : std::uint16_t {{
{"".join(f"  {key},{chr(10)}" for key in plain)}}};

enum class Pattern : std::uint16_t {{
{"".join(f"  {key},{chr(10)}" for key in filled)}}};

{chr(10).join(structs)}
}}  // namespace latchkey::texts
"""


def texts_source(languages: list[Language]) -> str:
    base = languages[0]
    plain = [key for key, text in base.texts.items() if not parameters(text)]
    filled = [key for key, text in base.texts.items() if parameters(text)]

    def array(name: str, texts: list[str]) -> str:
        rows = "".join(f'    R"text({text})text",\n' for text in texts)
        return f"  static constexpr std::string_view {name}[] = {{\n{rows}  }};\n"

    arrays, rows = [], []
    for number, language in enumerate(languages):
        for kind, keys in (("plain", plain), ("filled", filled)):
            arrays.append(array(f"{kind}_{number}", [language.texts.get(key, "") for key in keys]))
        rows.append(
            f'    {{"{language.code}", R"text({language.name})text", plain_{number}, filled_{number}}},\n'
        )
    return f"""// Generated by tools/texts.py from web/texts/.
#include "platform/texts/translation.h"

namespace latchkey::texts {{

std::span<const std::string_view> text_keys() {{
{array("all", plain)}  return all;
}}

std::span<const Translation> translations() {{
{"".join(arrays)}  static constexpr Translation all[] = {{
{"".join(rows)}  }};
  return all;
}}

}}  // namespace latchkey::texts
"""


def generate(root: pathlib.Path, folder: pathlib.Path) -> None:
    languages = read_all(root / "web/texts")
    for problem in check_languages(languages):
        raise Wrong(problem)
    folder.mkdir(parents=True, exist_ok=True)
    for name, written in (
        ("text_keys.h", keys_header(languages[0])),
        ("texts.cc", texts_source(languages)),
    ):
        file = folder / name
        if not file.exists() or file.read_text() != written:
            file.write_text(written)


def report(languages: list[Language]) -> str:
    base = languages[0]
    lines = []
    for language in languages:
        missing = lacking(language, base)
        said = len(base.texts) - len(missing)
        read = "" if language.reviewed else ", not yet read by a native speaker"
        lines.append(f"{language.code:8} {language.name}: {said} of {len(base.texts)} texts{read}")
        lines += [f"         {key}: {base.texts[key]}" for key in missing]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["list"]:
                print(report(read_all(ROOT / "web/texts")))
            case ["check"]:
                problems = list(check(ROOT))
                print("\n".join(problems) if problems else "every text is said, and in every language")
                return 1 if problems else 0
            case ["generate", folder]:
                generate(ROOT, pathlib.Path(folder))
            case _:
                print(__doc__.splitlines()[0], file=sys.stderr)
                return 2
    except Wrong as wrong:
        print(f"web/texts/{wrong}".replace("web/texts/web/texts/", "web/texts/"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
