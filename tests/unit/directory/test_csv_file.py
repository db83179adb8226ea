"""Customers in a CSV file: what is read, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.directory.csv_file import BadFile, FileRow, open_customers


def read(tmp_path: Path, content: str | bytes, region: str = "US") -> list[FileRow]:
    file = tmp_path / "c.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_customers(file, region) as customers:
        rows = list(customers.rows())
        customers.check()
    return rows


def refusal(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, content)
    return str(refused.value).splitlines()


def test_known_columns_have_their_place_and_all_others_are_data(tmp_path: Path) -> None:
    rows = read(tmp_path, "Number,NAME,tier,Branch\n(415) 555-0101,Ann,gold,Oakland\n+44 20 7946 0018,Bob,,\n")
    assert rows == [
        FileRow("+14155550101", {"name": "Ann", "tier": "gold"}, {"Branch": "Oakland"}),
        FileRow("+442079460018", {"name": "Bob", "tier": None}, {"Branch": None}),
    ]


def test_a_file_of_numbers_alone_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, "number\n4155550101") == [FileRow("+14155550101", {"name": None}, {})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_spreadsheets_write_csv_in_their_own_ways(tmp_path: Path, delimiter: str, end: str, mark: bytes) -> None:
    text = end.join(f'{a}{delimiter}"{b}"' for a, b in (("number", "na,me; x"), ("+14155550101", "Ann, B; C")))
    assert read(tmp_path, mark + text.encode())[0].data == {"na,me; x": "Ann, B; C"}


def test_a_cell_may_hold_lines_and_quotes_and_empty_rows_are_nothing(tmp_path: Path) -> None:
    rows = read(tmp_path, 'number,notes\n\n+14155550101,"one\ntwo ""three"""\n,\n')
    assert [row.known["notes"] for row in rows] == ['one\ntwo "three"']


def test_numbers_are_read_in_the_region(tmp_path: Path) -> None:
    assert read(tmp_path, "number\n020 7946 0018\n", "GB")[0].number == "+442079460018"


def test_every_wrong_row_is_named_with_its_number(tmp_path: Path) -> None:
    assert refusal(tmp_path, f"number,name\n12,x\n,y\n+14155550101,a,b\n+14155550101,{'n' * 201}\n") == [
        'c.csv: row 2: "12" is no telephone number in US: write it with + and country code',
        "c.csv: row 3: no number",
        "c.csv: row 4: 3 cells for 2 columns: quote a cell that holds the delimiter",
        "c.csv: row 5: the name is longer than 200 characters",
    ]


def test_a_cell_that_is_missing_a_language_in_words_and_a_number_without_area_code_are_refused(tmp_path: Path) -> None:
    content = "number,name,language\n+14155550101,Ann\n+14155550102,Bo,german\n555-1234,Cy,en\n+14155550103,Di,pt_br\n"
    assert refusal(tmp_path, content) == [
        "c.csv: row 2: 2 cells for 3 columns: without language",
        'c.csv: row 3: "german" is no language: write its code, such as en, es or pt-BR',
        'c.csv: row 4: "555-1234" is no telephone number in US: write it with + and country code',
    ]


def test_rows_behind_a_quote_that_is_never_closed_have_their_own_numbers(tmp_path: Path) -> None:
    rows = ['"Ann', "Bob", '"Cy', "x,y", '"Di"']
    content = "number,name\n" + "".join(f"+1415555010{number},{name}\n" for number, name in enumerate(rows))
    first, second, third, fourth = refusal(tmp_path, content + "x,Ed\n")
    assert first.startswith("c.csv: row 2: ")
    assert "a quote that is opened and never closed?" in first
    assert second.startswith("c.csv: row 4: ")
    assert third.startswith("c.csv: row 5: 3 cells for 2 columns")
    assert fourth.startswith('c.csv: row 7: "x" is no telephone number')


def test_of_many_wrong_rows_the_first_twenty_are_shown(tmp_path: Path) -> None:
    lines = refusal(tmp_path, "number\n" + "x\n" * 50)
    assert len(lines) == 21
    assert lines[19].startswith("c.csv: row 21:")
    assert lines[20] == "and 30 more"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 'c.csv is empty: its first row must name the columns, one of them "number"'),
        (b"\n\n", 'c.csv is empty: its first row must name the columns, one of them "number"'),
        (b"phone,name\n", 'c.csv has no column "number" (has: phone, name): rename the one with telephone numbers'),
        (b"number,,x\n", "c.csv: column 2 has no name in the first row"),
        (b"number,x,x\n", 'c.csv: two columns are named "x"'),
        (b"number,Name,name\n", 'c.csv: two columns are named "name"'),
        ("number\n".encode("utf-16"), "c.csv: line 1 is not UTF-8: save the file as CSV UTF-8"),
        ("number,name\n1,a\n2,José".encode("latin-1"), "c.csv: line 3 is not UTF-8: save the file as CSV UTF-8"),
    ],
)
def test_a_file_that_is_none_is_one_clear_line(tmp_path: Path, content: bytes, line: str) -> None:
    assert refusal(tmp_path, content) == [line]


def test_a_quote_that_never_closes_is_named(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, 'number,name\n+14155550101,"Ann\n+14155550102,Bob\n')
    assert line.startswith("c.csv: row 2: ")


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        open_customers(tmp_path / "none.csv", "US")
    with pytest.raises(BadFile, match="Is a directory"):
        open_customers(tmp_path, "US")


def test_what_postgresql_cannot_hold_is_left_out(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "number,name,x\n+14155550101,A\x00nn,b\x00\n")
    assert (row.known["name"], row.data["x"]) == ("Ann", "b")
