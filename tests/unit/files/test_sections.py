"""Reading the tables of any file by models: what is said of a fault, and what is left of a table that has one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import AfterValidator, Field, ValidationError, model_validator

from switchboard.files.lines import KeyPath
from switchboard.files.schema import json_schema
from switchboard.files.sections import Section, place_of, read_sections
from switchboard.files.source import Source
from switchboard.files.values import Amount, Count, Must, Texts


def _even(number: int) -> int:
    if number % 2:
        raise ValueError(f"size = {number} is odd")
    return number


class Door(Section):
    needs: ClassVar[tuple[str, ...]] = ("label",)

    label: str = ""
    size: Annotated[int, AfterValidator(_even)] = 2
    colour: Literal["red", "green"] | None = None
    weight: Amount = 1.0
    is_open: bool = False
    code: list[int] = Field(default=[])
    level: Annotated[int, Field(le=5)] = 1
    steps: Count = 3
    words: Texts = ()
    sounds: dict[str, Annotated[str, Must("a sound")]] = Field(default={})
    extra: dict[str, Any] = Field(default={})

    @model_validator(mode="after")
    def _fits(self) -> Door:
        if self.weight > 100 and self.colour == "green":
            raise ValueError("is too heavy for green")
        return self


class Window(Door):
    @classmethod
    def called(cls, path: KeyPath, table: Mapping[str, Any]) -> str:
        return f'window "{table["label"]}"' if table.get("label") else super().called(path, table)


class House(Section):
    refused: ClassVar[Mapping[str, str]] = {"moat": "moats come later"}

    door: Door = Door()
    gate: dict[str, Door] = Field(default={})
    window: list[Window] = Field(default=[])


def read(folder: Path, text: str) -> tuple[House, tuple[str, ...]]:
    path = folder / "house.toml"
    path.write_text(text, encoding="utf-8")
    source = Source(path)
    return read_sections(source, House), source.faults


FAULTS = [
    # text, what is said of it after the file's name
    ("[door]\nlabel = 5\n", "2: [door]: label must be text in quotes"),
    ("[door]\nsize = 3\n", "2: [door]: size = 3 is odd"),
    ('[door]\ncolour = "gren"\n', '2: [door]: unknown colour "gren" (did you mean "green"? have: red, green)'),
    ("[door]\ncolour = 5\n", "2: [door]: colour must be text in quotes"),
    ("[door]\nweight = -1\n", "2: [door]: weight must be a number, not negative"),
    ("[door]\nweight = nan\n", "2: [door]: weight must be a number, not negative"),
    ("[door]\nsteps = true\n", "2: [door]: steps must be a whole number, not negative"),
    ("[door]\nwords = ['a', 1]\n", "2: [door]: words must be a list of texts in quotes"),
    ("[door.sounds]\nslam = 'x'\nclick = 1\n", '3: [door]: sounds: "click" must be a sound'),
    ("[door]\nextra = 1\n", "2: [door]: extra must be a table"),
    ("[door]\nlabl = 'x'\n", '2: [door]: unknown key "labl" (did you mean "label"? have: label, size, '),
    ("[door]\nsize = 2.5\n", "2: [door]: size must be a whole number"),
    ("[door]\nis_open = 1\n", "2: [door]: is_open must be true or false"),
    ("[door]\ncode = 1\n", "2: [door]: code must be a list"),
    ("[door]\nlevel = 9\n", "2: [door]: level: input should be less than or equal to 5"),
    ("[door]\nweight = 101\ncolour = 'green'\n", "1: [door]: is too heavy for green"),
    ("door = 1\n", "1: [door]: must be a table"),
    ("gate = 1\n", "1: [gate]: must be a table"),
    ("[gate]\nback = 1\n", "2: [gate.back]: must be a table"),
    ("[gate.back]\nlabel = 1\n", "2: [gate.back]: label must be text in quotes"),
    ("[window]\n", "1: the file: write each window as a table of its own: [[window]]"),
    ("window = [1]\n", "1: window 1: must be a table"),
    ("[[window]]\n[[window]]\nsteps = -1\n", "3: window 2: steps must be"),
    ("[[window]]\nlabel = 'bay'\nsteps = -1\n", '3: window "bay": steps must be'),
    ("[moat]\n", "1: the file: moats come later"),
    ("[dor]\n", '1: the file: unknown key "dor" (did you mean "door"? have: door, gate, window)'),
]


@pytest.mark.parametrize(("text", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_a_fault_is_said_once_in_our_words_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    _, (fault,) = read(tmp_path, text)
    assert fault.startswith(f"house.toml:{words}")


def test_a_table_keeps_its_good_keys_and_its_place_among_others(tmp_path: Path) -> None:
    text = '[gate.back]\nlabel = "b"\nsize = 3\n[[window]]\nlabel = 1\nsteps = 4\n[[window]]\nlabel = "w"\n'
    house, faults = read(tmp_path, "window2 = 1\n" + text)
    assert len(faults) == 3
    assert (house.gate["back"].label, house.gate["back"].size) == ("b", 2)
    assert [(window.label, window.steps) for window in house.window] == [("", 4), ("w", 3)]
    assert house.gate["back"].model_fields_set == {"label"}


def test_what_is_written_is_known_of_a_faulty_key_too(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text("[[window]]\nsteps = -1\n")
    source = Source(path)
    read_sections(source, House)
    place = place_of(source, Window, "window", 0)
    assert (place.owner, set(place.keys)) == ("window 1", {"steps"})
    assert place_of(source, Window, "window", 1).keys == set()


def test_a_model_whose_key_has_no_default_is_a_mistake_of_ours(tmp_path: Path) -> None:
    class Strict(Section):
        roof: str

    path = tmp_path / "house.toml"
    path.write_text("")
    with pytest.raises(ValidationError):
        read_sections(Source(path), Strict)


def test_the_schema_has_what_is_needed_and_no_null() -> None:
    schema = json_schema(House)
    door = schema["$defs"]["Door"]
    assert door["required"] == ["label"]
    assert door["additionalProperties"] is False
    assert door["properties"]["colour"] == {"enum": ["red", "green"], "type": "string"}
    assert door["properties"]["steps"] == {"default": 3, "minimum": 0, "type": "integer"}
    assert "null" not in str(schema)
