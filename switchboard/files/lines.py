"""The line of each key of a TOML file.

Text that tomllib has accepted needs no second parser: one expression that tells strings, comments and punctuation
apart is enough to find each key. (tomlkit takes seconds for 10,000 routes and has no public positions; tree-sitter is
two compiled packages and a grammar that may disagree with tomllib.)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>\"\"\"(?:\\.|[^\\])*?\"{3,5} | '''.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.#"']+)""",
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, key and array element of valid TOML with `\\n` line ends."""
    return _Scanner(text).lines


class _Scanner:
    """One pass over the tokens. It may trust the text: tomllib has accepted it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}  # arrays of tables: how many elements so far
        self._line = 1
        self._tokens = self._tokenize(text)
        self._next()
        here: KeyPath = ()
        while self._kind:
            if self._kind == "newline":
                self._next()
            elif self._text == "[":
                here = self._header()
            else:
                self._pair(here)

    def _tokenize(self, text: str) -> Iterator[tuple[str, str]]:
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind != "skip":
                yield kind, match.group()
                self._line += match.group().count("\n")

    def _next(self) -> None:
        self._kind, self._text = next(self._tokens, ("", ""))

    def _at(self, mark: str) -> bool:
        return self._text == mark

    def _blank(self) -> None:
        while self._kind == "newline":
            self._next()

    def _header(self) -> KeyPath:
        line = self._line
        self._next()
        is_array = self._text == "["
        if is_array:
            self._next()
        *parents, last = self._key()
        for _ in range(1 + is_array):
            self._next()
        here: KeyPath = ()
        for part in parents:
            here = self._current((*here, part), line)
        here = (*here, last)
        if is_array:
            self._tables[here] = self._tables.get(here, 0) + 1
        here = self._current(here, line)
        self.lines[here] = line
        return here

    def _current(self, path: KeyPath, line: int) -> KeyPath:
        """`path`, or its newest element where it is an array of tables."""
        self.lines.setdefault(path, line)
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _key(self) -> list[str]:
        parts: list[str] = []
        while self._kind in ("bare", "string") or self._text == ".":
            if self._text != ".":
                parts.append(_unquoted(self._text) if self._kind == "string" else self._text)
            self._next()
        return parts

    def _pair(self, here: KeyPath) -> None:
        line = self._line
        for part in self._key():
            here = (*here, part)
            self.lines.setdefault(here, line)
        self._next()  # the `=`
        self._value(here)

    def _value(self, here: KeyPath) -> None:
        if self._at("{"):
            self._next()
            self._blank()
            while not self._at("}"):
                self._pair(here)
                self._separator()
            self._next()
        elif self._at("["):
            self._next()
            self._blank()
            index = 0
            while not self._at("]"):
                self.lines[(*here, index)] = self._line
                self._value((*here, index))
                self._separator()
                index += 1
            self._next()
        else:
            while self._kind in ("bare", "string") or self._text == ".":
                self._next()

    def _separator(self) -> None:
        self._blank()
        if self._text == ",":
            self._next()
            self._blank()


def _unquoted(text: str) -> str:
    if text.startswith('"') and "\\" in text:
        return tomllib.loads(f"key = {text}")["key"]
    return text[1:-1]
