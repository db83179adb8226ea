"""Number lists: read from files, whatever is in them, and asked by the million."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.call.numbers import read_e164
from switchboard.routing.number_lists import NumberLists, normalise
from tests.unit.routing.routing_files import call, errors, load_text, routes

FILE = '[numbers]\nblocked = { file = "blocked.txt" }\n' + routes('from = "@blocked"')
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@given(st.sampled_from(CODES), st.text("0123456789", min_size=6, max_size=11))
def test_a_number_is_read_as_phonenumbers_reads_it(code: int, digits: str) -> None:
    text = f"+{code}{digits}"
    e164 = read_e164(text, "US")
    if e164:
        assert normalise(text, "US") == e164


@given(st.lists(st.frozensets(st.sampled_from([f"+1415555{n:04d}" for n in range(6)] + ["anonymous", "101"]))))
def test_a_number_is_on_the_lists_that_hold_it(lists: list[frozenset[str]]) -> None:
    named = {f"l{n}": numbers for n, numbers in enumerate(lists)}
    asked = NumberLists(named)
    for number in ("+14155550000", "+14155550005", "+14155559999", "anonymous", "102"):
        assert asked.holding(number) == [name for name, numbers in named.items() if number in numbers]


def test_a_file_has_one_number_a_line_comments_and_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_text(
        "\ufeff# bad ones\r\n\r\n+1 (415) 555-0101  # Bob\r\n020 7946 0018\r\n101\r\n"
    )
    table = load_text(tmp_path, '[worker]\nregion = "GB"\n' + FILE).table
    for number in ("+14155550101", "+442079460018", "101"):
        assert table.decide(call(caller=number)).route == "r1"
    assert table.decide(call(caller="+14155550102")).route == "default"


def test_bad_lines_of_a_file_are_reported_with_their_line_and_not_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_text("+14155550101\n" + "+12\n" * 30)
    found = errors(tmp_path, FILE)
    assert found[0] == 'blocked.txt:2: "+12" is no telephone number: write it as +14155550101'
    assert (len(found), found[-1]) == (21, "blocked.txt: and 10 more")


def test_too_many_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="the most is 16384"):
        NumberLists({str(n): [] for n in range(16_385)})
