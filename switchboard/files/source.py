"""A TOML file whose every table and key knows its line, and the faults found in it.

`tomllib` reads the file, and so decides what is valid; it keeps no positions (`switchboard/files/lines.py` finds them).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from switchboard.files.lines import KeyPath, key_lines
from switchboard.files.syntax import syntax_fault

_LONG_NUMBER = re.compile(r"[0-9_]{4300}")


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
            where = "" if path.is_absolute() else f" in {Path.cwd()}"
            raise TableErrors((f"{path}: there is no such file{where}",)) from None
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
            line, what = syntax_fault(text, str(error))
            raise TableErrors((f"{self.name}:{line}: {what}",)) from None
        except ValueError:  # Python reads no number of more than 4,300 digits
            line = next((n for n, line in enumerate(text.splitlines(), 1) if _LONG_NUMBER.search(line)), 1)
            raise TableErrors((f"{self.name}:{line}: a number has too many digits: shorten it",)) from None
        except RecursionError:
            raise TableErrors((f"{self.name}:1: tables or lists are nested too deep: write them flat",)) from None

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def table(self, path: KeyPath) -> Mapping[str, Any]:
        """The table at `path` as it is written, empty where there is none."""
        found: Any = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return {}
        return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}

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
