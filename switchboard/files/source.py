"""A TOML file whose every table and key knows its line, and the faults found in it.

`tomllib` reads the file, and so decides what is valid; it keeps no positions. Text that it has accepted needs no
second parser: one expression that tells strings, comments and punctuation apart is enough to find each key.
(tomlkit takes seconds for 10,000 routes and has no public positions; tree-sitter is two compiled packages and a
grammar that may disagree with tomllib.)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>\"\"\"(?:\\.|[^\\])*?\"{3,5} | '''.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.#"']+)""",
    re.VERBOSE | re.DOTALL,
)
_SYNTAX_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class TableErrors(Exception):
    """Everything that is wrong with a routing file, one line each, in the order of the file."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class Source:
    """A parsed file: `data`, the line of each key path, and the faults found so far."""

    def __init__(self, path: Path) -> None:
        """Raises TableErrors where the file cannot be read or is no TOML."""
        self.name = path.name
        self.folder = path.parent
        self._faults: list[tuple[int, str]] = []
        try:
            self.bytes = path.read_bytes()
        except FileNotFoundError:
            raise TableErrors((f"{path}: there is no such file",)) from None
        except OSError as error:
            raise TableErrors((f"{path}: cannot be read: {error.strerror}",)) from None
        try:
            text = self.bytes.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = self.bytes.count(b"\n", 0, error.start) + 1
            raise TableErrors((f"{self.name}:{line}: is not UTF-8 text: save the file as UTF-8",)) from None
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
            self._lines = key_lines(text)
        except tomllib.TOMLDecodeError as error:
            raise TableErrors((_syntax_fault(self.name, text, str(error)),)) from None
        except RecursionError:
            raise TableErrors((f"{self.name}:1: tables or lists are nested too deep: write them flat",)) from None

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def fault(self, path: KeyPath, message: str) -> None:
        self.fault_at(self.line(*path), message)

    def fault_at(self, line: int, message: str) -> None:
        self._faults.append((line, f"{self.name}:{line}: {message}"))

    def fault_elsewhere(self, path: KeyPath, message: str) -> None:
        """A fault in another file that `path` names: sorted here, located by the message itself."""
        self._faults.append((self.line(*path), message))

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(message for _, message in sorted(self._faults, key=lambda fault: fault[0]))


def _syntax_fault(name: str, text: str, message: str) -> str:
    position = _SYNTAX_POSITION.search(message)
    line = int(position[1]) if position and position[1] else text.count("\n") + 1
    what = _SYNTAX_POSITION.sub("", message)
    return f"{name}:{line}: this is not TOML: {what[:1].lower()}{what[1:]}"


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
