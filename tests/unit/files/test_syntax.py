"""What is wrong with a file that is no TOML, in words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from switchboard.files.source import Source, TableErrors
from switchboard.files.syntax import syntax_fault

FAULTS = [
    ('a = [\n  "x"\n  "y"\n]\n', 3, "a comma is missing before line 3"),
    ("a = [1, 2\nb = 3\n", 2, "a ] is missing before line 2"),
    ('a = { x = "1" y = 2 }\n', 1, "a comma is missing before y = 2 }"),
    ('when = { from = "1"\nagent = "x"\n', 1, "a table in braces is not closed: a } is missing"),
    ('when = { to = "1", }\n', 1, "a table in braces stays on one line, with no comma after its last key"),
    ('when = {\n  to = "1"\n}\n', 1, "a table in braces stays on one line"),
    ('[[route]]\nname = "a"\n[route]\nname = "b"\n', 3, "[route] stands once with single brackets: write [[route]]"),
    ('[test]\nname = "a"\n[[test]]\nname = "b"\n', 1, "[test] stands once with single brackets: write [[test]]"),
    ("agent = sales # of bikes\n", 1, 'text stands in quotes: write "sales"'),
    ("when = { to = +1 415 555 0101 }\n", 1, 'a telephone number stands in quotes: write "+1 415 555 0101"'),
    ("a = True\n", 1, "True is no value of TOML: write true"),
    ("a =\nb = 1\n", 1, "a value is missing after ="),
    ('name: "x"\n', 1, 'after a key comes =, and then its value: name: "x"'),
    ("a = 1\na = 2\n", 2, "this is written twice: a = 2"),
    ("[a]\n[a]\n", 2, "this table is there already: [a]"),
    ('a = "x\nb = 1\n', 1, "a text is not closed: a quotation mark is missing at its end"),
    ("a = 'x\n", 2, "a text is not closed"),
    ('name = "desk" agent = "x"\n', 1, 'there is something left over at the end of the line: agent = "x"'),
    ('a = "\\q"\n', 1, "this is not TOML: unescaped '\\' in a string"),
]


@pytest.mark.parametrize(("text", "line", "words"), FAULTS, ids=[words for _, _, words in FAULTS])
def test_a_fault_is_told_as_somebody_would_who_looked_at_the_file(text: str, line: int, words: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads(text)
    found, told = syntax_fault(text, str(error.value))
    assert (found, words in told) == (line, True), told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = " + "9" * 5000, "file.toml:2: a number has too many digits: shorten it"),
        ("a = " + "[" * 5000, "file.toml:1: tables or lists are nested too deep: write them flat"),
    ],
    ids=["a long number", "nested"],
)
def test_what_python_does_not_read_is_a_fault_of_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "file.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TableErrors) as wrong:
        Source(tmp_path / "file.toml")
    assert wrong.value.errors == (told,)
