"""`[numbers]`: lists in the file itself, or in a file of their own, one number a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from switchboard.files.sections import Section, place_of
from switchboard.files.source import Source
from switchboard.files.values import Must
from switchboard.routing.number_lists import NumberLists, normalise

_MOST_FAULTS = 20  # of one file: a spreadsheet saved wrongly is wrong in every line


class ListFile(Section):
    """A list in a file of its own: one number a line, # begins a comment."""

    file: str


# Numbers are looked at one by one, for each has its line.
_Inline = list[Annotated[Any, WithJsonSchema({"type": "string"})]]
ListKeys = Annotated[_Inline | ListFile, Must('a list of numbers, or { file = "{key}.txt" }')]


class NumbersSection(Section):
    """Lists of telephone numbers, to use as "@name" in the conditions to and from."""

    model_config = ConfigDict(title="[numbers]", extra="allow")

    # Its keys are free names; this is how pydantic takes their type.
    __pydantic_extra__: dict[str, ListKeys] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]


class ListReader:
    """Reads the lists of one file. `contents` are the bytes of the list files, for the fingerprint."""

    def __init__(self, source: Source, region: str) -> None:
        self._source = source
        self._region = region
        self._place = place_of(source, NumbersSection, "numbers")
        self.contents: list[bytes] = []

    def read(self, section: NumbersSection) -> NumberLists:
        lists = {name: list(self._numbers(name, given)) for name, given in section.__pydantic_extra__.items()}
        try:
            return NumberLists(lists)
        except ValueError as error:
            self._place.fault("", str(error))
            return NumberLists({})

    def _numbers(self, name: str, given: list[Any] | ListFile) -> Iterator[str]:
        return self._file(name, given.file) if isinstance(given, ListFile) else self._inline(name, given)

    def _inline(self, name: str, numbers: Iterable[object]) -> Iterator[str]:
        for index, number in enumerate(numbers):
            path = ("numbers", name, index)
            if not isinstance(number, str):
                self._source.fault(path, f"{self._place.owner}: {name}: write numbers as text in quotes")
                continue
            try:
                yield normalise(number, self._region)
            except ValueError as error:
                self._source.fault(path, f'{self._place.owner}: {name}: "{number}" {error}: write it as +14155550101')

    def _file(self, name: str, file: str) -> Iterator[str]:
        path = self._source.folder / file
        try:
            content = path.read_bytes()
        except OSError as error:
            where = f"it is looked for in {path.parent}"
            self._place.fault(name, f"{name}: {file} cannot be read ({error.strerror}): {where}")
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
