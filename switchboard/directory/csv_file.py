"""Customers in a CSV file: a header row, one column `number`, and whatever else the business knows."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from switchboard.call.language import read_language
from switchboard.call.numbers import read_e164
from switchboard.database.storable import storable_text
from switchboard.directory.customer import KNOWN, LONGEST_NAME

_DELIMITERS = ",;\t"
_SHOWN = 20


class BadFile(Exception):
    """A file that cannot be imported. The message holds one line a fault, the first of many."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One customer of the file: its number in E.164, the known columns that the file has, and all others."""

    number: str
    known: dict[str, str | None]
    data: dict[str, str | None]


@dataclass(slots=True)
class CustomerFile:
    """An open file, its header read. `rows` reads on; `faults` counts rows that cannot be used."""

    name: str
    region: str
    columns: list[str]
    _file: IO[bytes]
    _lines: _Lines
    _delimiter: str
    faults: int = 0
    _messages: list[str] = field(default_factory=list[str])

    @property
    def known(self) -> list[str]:
        """The known columns that this file has; `name` always, because it is part of the key."""
        return [name for name in KNOWN if name in self.columns or name == "name"]

    def __enter__(self) -> CustomerFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def position(self) -> int:
        """Bytes read so far."""
        return self._file.tell()

    def rows(self) -> Iterator[FileRow]:
        """The rows that can be used; the others are counted. The header is row 1, as in a spreadsheet.

        Raises BadFile where reading cannot go on.
        """
        count = 1
        while self._lines.begin_row():
            count += 1
            row = self._read_row(count)
            if row:
                yield row

    def check(self) -> None:
        """Raises BadFile, naming the first rows that cannot be used, where there were any."""
        if self.faults:
            rest = self.faults - len(self._messages)
            raise BadFile("\n".join([*self._messages, *([f"and {rest} more"] if rest else [])]))

    def _read_row(self, count: int) -> FileRow | None:
        try:
            cells = next(csv.reader(self._lines, delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            self._lines.give_back()  # a quote that is never closed takes the rows behind it along
            return self._fault(count, f"{error or 'its end is missing'} (a quote that is opened and never closed?)")
        return self._row(count, cells)

    def _row(self, count: int, cells: list[str]) -> FileRow | None:
        if not any(cells):
            return None  # an empty line
        if len(cells) > len(self.columns):
            return self._fault(
                count, f"{len(cells)} cells for {len(self.columns)} columns: quote a cell that holds the delimiter"
            )
        if len(cells) < len(self.columns):
            missing = ", ".join(self.columns[len(cells) :])
            return self._fault(count, f"{len(cells)} cells for {len(self.columns)} columns: without {missing}")
        values = {name: storable_text(cell).strip() or None for name, cell in zip(self.columns, cells, strict=True)}
        raw = values.pop("number", None)
        if raw is None:
            return self._fault(count, "no number")
        number = read_e164(raw, self.region)
        if number is None:
            return self._fault(
                count, f'"{raw[:40]}" is no telephone number in {self.region}: write it with + and country code'
            )
        if len(values.get("name") or "") > LONGEST_NAME:
            return self._fault(count, f"the name is longer than {LONGEST_NAME} characters")
        language = values.get("language")
        if language is not None and read_language(language) is None:
            return self._fault(count, f'"{language[:40]}" is no language: write its code, such as en, es or pt-BR')
        known = {name: values.pop(name, None) for name in self.known}
        return FileRow(number, known, values)

    def _fault(self, count: int, what: str) -> None:
        self.faults += 1
        if len(self._messages) < _SHOWN:
            self._messages.append(f"{self.name}: row {count}: {what}")


def open_customers(path: Path, region: str) -> CustomerFile:
    """Open `path` (UTF-8, with or without a byte order mark; delimiter comma, semicolon or tab) and read its header.

    `region` reads numbers without `+`. Raises BadFile.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    try:
        return _with_header(file, path.name, region)
    except BadFile:
        file.close()
        raise


def _with_header(file: IO[bytes], name: str, region: str) -> CustomerFile:
    lines = _Lines(file, name)
    header = next(lines, "")
    if not header.strip():
        raise BadFile(f'{name} is empty: its first row must name the columns, one of them "number"')
    delimiter = max(_DELIMITERS, key=lambda sign: "number" in _names(header, sign))
    columns = _names(header, delimiter)
    for place, column in enumerate(columns, 1):
        if not column:
            raise BadFile(f"{name}: column {place} has no name in the first row")
        if columns.index(column) != place - 1:
            raise BadFile(f'{name}: two columns are named "{column}"')
    if "number" not in columns:
        has = ", ".join(columns)
        raise BadFile(f'{name} has no column "number" (has: {has}): rename the one with telephone numbers')
    return CustomerFile(name, region, columns, file, lines, delimiter)


def _names(header: str, delimiter: str) -> list[str]:
    """The columns' names; those that we know in any case, all others as they are written."""
    try:
        cells = next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error:
        return []
    names = [storable_text(cell).strip() for cell in cells]
    return [name.lower() if name.lower() in ("number", *KNOWN) else name for name in names]


class _Lines:
    """The file's lines as text, of which a row's may be given back. Raises BadFile at one that is not UTF-8."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._decoded = _decoded(file, name)
        self._waiting: deque[str] = deque()
        self._of_row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._decoded)
        self._of_row.append(line)
        return line

    def begin_row(self) -> bool:
        """Whether there is another row; what is read from now on belongs to it."""
        self._of_row = []
        if not self._waiting:
            self._waiting.extend(islice(self._decoded, 1))
        return bool(self._waiting)

    def give_back(self) -> None:
        """All lines of this row but its first are read again."""
        self._waiting.extendleft(reversed(self._of_row[1:]))


def _decoded(file: IO[bytes], name: str) -> Iterator[str]:
    for count, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if count == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadFile(f"{name}: line {count} is not UTF-8: save the file as CSV UTF-8") from None
