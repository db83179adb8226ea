"""What is wrong with text that is no TOML, in the words of somebody who writes such a file."""

from __future__ import annotations

import re

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_PAIR = re.compile(r"""[\w."'-]+\s*=""")
_NUMBER = re.compile(r"=\s*\[?\s*(\+\d[\d ().-]{4,}\d)")
_SINGLE = re.compile(r"\s*\[\s*(route|test)\s*\]\s*(?:#.*)?$")
_BARE = re.compile(r"[A-Za-z+@]")
_WRONG_WORDS = {"True": "true", "False": "false", "yes": "true", "no": "false", "None": '""', "null": '""'}


def syntax_fault(text: str, message: str) -> tuple[int, str]:
    """The line (from 1) and the words for a fault that tomllib tells as `message`."""
    lines = text.split("\n")
    position = _POSITION.search(message)
    at_end = position is None or position[1] is None
    line = len(lines) if position is None or at_end else int(position[1])
    column = len(lines[line - 1]) if position is None or at_end else int(position[2]) - 1
    what = _POSITION.sub("", message)
    return _words(lines, line, column, what, at_end=at_end)


def _words(lines: list[str], line: int, column: int, what: str, *, at_end: bool) -> tuple[int, str]:
    here = lines[line - 1] if line <= len(lines) else ""
    rest = here[column:].strip()
    if number := _NUMBER.search(here):
        return line, f'a telephone number stands in quotes: write "{number[1]}"'
    match what:
        case _ if what.startswith(("Cannot declare", "Cannot overwrite")) and (single := _single(lines)):
            number, name = single
            return number, f"[{name}] stands once with single brackets: write [[{name}]]"
        case "Unclosed array" | "Unclosed inline table":
            kind, mark = ("list", "]") if "array" in what else ("table in braces", "}")
            if at_end or not rest:
                return line, f"a {kind} is not closed: a {mark} is missing"
            missing = mark if _PAIR.match(rest) and mark == "]" else "comma"
            before = f"line {line}" if not here[:column].strip() else _shown(rest)
            return line, f"a {missing} is missing before {before}"
        case "Invalid initial character for a key part":
            return line, "a table in braces stays on one line, with no comma after its last key"
        case "Invalid value" if rest.split()[:1] and (word := re.split(r"[\s,#\]}]", rest)[0]) in _WRONG_WORDS:
            return line, f"{word} is no value of TOML: write {_WRONG_WORDS[word]}"
        case "Invalid value" if _BARE.match(rest):
            return line, f'text stands in quotes: write "{re.split(r"[,#}]", rest)[0].strip().strip(chr(34))}"'
        case "Invalid value":
            return line, "a value is missing after ="
        case "Expected '=' after a key in a key/value pair":
            return line, f"after a key comes =, and then its value: {_shown(here.strip())}"
        case "Expected newline or end of document after a statement":
            return line, f"there is something left over at the end of the line: {_shown(rest)}"
        case "Unterminated string" | "Illegal character '\\n'" | 'Expected "\'"':
            return line, "a text is not closed: a quotation mark is missing at its end"
        case "Cannot overwrite a value":
            return line, f"this is written twice: {_shown(here.strip())}"
        case _ if what.startswith("Cannot declare"):
            return line, f"this table is there already: {_shown(here.strip())}"
        case _:
            return line, f"this is not TOML: {what[:1].lower()}{what[1:]}"


def _single(lines: list[str]) -> tuple[int, str] | None:
    """The first line with a [route] that is to be a [[route]], and its name."""
    found = ((number, _SINGLE.match(text)) for number, text in enumerate(lines, start=1))
    return next(((number, match[1]) for number, match in found if match), None)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
