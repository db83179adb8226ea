"""Reading `[numbers]`: lists in the file itself, or in a file of their own, one number a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from switchboard.files.fields import Fields
from switchboard.files.source import Source
from switchboard.routing.number_lists import NumberLists, normalise

_MOST_FAULTS = 20  # of one file: a spreadsheet saved wrongly is wrong in every line


class ListReader:
    """Reads the lists of one file. `contents` are the bytes of the list files, for the fingerprint."""

    def __init__(self, source: Source, region: str) -> None:
        self._source = source
        self._region = region
        self.contents: list[bytes] = []
        self.names: tuple[str, ...] = ()

    def read(self) -> NumberLists:
        fields = Fields(self._source, ("numbers",), "[numbers]", self._source.data.get("numbers", {}))
        self.names = tuple(fields.table)
        lists = {name: self._list(fields, name, value) for name, value in fields.table.items()}
        try:
            return NumberLists(lists)
        except ValueError as error:
            fields.fault("", str(error))
            return NumberLists({})

    def _list(self, fields: Fields, name: str, value: Any) -> list[str]:
        if isinstance(value, list):
            return list(self._inline(fields, name, cast("list[object]", value)))
        if isinstance(value, Mapping):
            table = cast("Mapping[str, Any]", value)
            if isinstance(table.get("file"), str) and len(table) == 1:
                return list(self._file(fields, name, table["file"]))
        fields.fault(name, f'{name} must be a list of numbers, or {{ file = "{name}.txt" }}')
        return []

    def _inline(self, fields: Fields, name: str, numbers: Iterable[object]) -> Iterator[str]:
        for index, number in enumerate(numbers):
            path = ("numbers", name, index)
            if not isinstance(number, str):
                self._source.fault(path, f"{fields.owner}: {name}: write numbers as text in quotes")
                continue
            try:
                yield normalise(number, self._region)
            except ValueError as error:
                self._source.fault(path, f'{fields.owner}: {name}: "{number}" {error}: write it as +14155550101')

    def _file(self, fields: Fields, name: str, file: str) -> Iterator[str]:
        path = self._source.folder / file
        try:
            content = path.read_bytes()
        except OSError as error:
            fields.fault(name, f"{name}: {file} cannot be read ({error.strerror}): it is looked for in {path.parent}")
            return
        self.contents.append(content)
        faults = 0
        for line, text in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
            number = text.partition("#")[0].strip()
            if not number:
                continue
            try:
                yield normalise(number, self._region)
            except ValueError as error:
                faults += 1
                if faults <= _MOST_FAULTS:
                    self._fault(name, f'{path.name}:{line}: "{number[:40]}" {error}: write it as +14155550101')
        if faults > _MOST_FAULTS:
            self._fault(name, f"{path.name}: and {faults - _MOST_FAULTS} more")

    def _fault(self, name: str, message: str) -> None:
        self._source.fault_elsewhere(("numbers", name), message)
