"""The table over any call: it always decides, and its index finds what reading row by row finds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.call.call import Call, Kind
from switchboard.call.reading import read_call
from switchboard.files.source import TableErrors
from switchboard.routing.decision import Answer
from switchboard.routing.table import Table
from tests.unit.routing.routing_files import DEFAULT, call, load_text

NUMBERS = ["+14155550101", "+14155550102", "+15105550101", "+442079460018", "anonymous", "101", ""]
WORDS = ["a", "b", "5", "es", "es-MX", ""]
_numbers, _words = st.sampled_from(NUMBERS), st.sampled_from(WORDS)
_names = ["department", "language", "n", "sip.h.x-q", "sip.h.x-department", "sip.callID", "sip.trunkID", "sip.ruleID"]
_texts = st.dictionaries(st.sampled_from(_names), _words)
_metadata = st.dictionaries(
    st.sampled_from(["department", "language", "n"]),
    st.one_of(_words, st.integers(4, 6), st.none(), st.booleans(), st.just(5.0)),
)


@st.composite
def _calls(draw: st.DrawFn) -> Call:
    numbers = draw(st.dictionaries(st.sampled_from(["sip.phoneNumber", "sip.trunkPhoneNumber"]), _numbers))
    return read_call(
        kind=draw(st.sampled_from(["sip", "standard"])),
        attributes=draw(_texts) | numbers,
        job=draw(_metadata),
        room=draw(_metadata),
        customers=draw(st.lists(_metadata, max_size=2)),
        trusted_attributes=["n"],
    )


def _either(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A value in quotes, or a list of them."""
    quoted = values.map(lambda value: f'"{value}"')
    return quoted | st.lists(quoted, min_size=1, max_size=3).map(lambda many: f"[{', '.join(many)}]")


_number_tests = st.one_of(
    _either(st.sampled_from([*NUMBERS[:-1], "@l1", "@l2"])),
    _either(st.sampled_from(["+1", "+1415", "+14155550101", "+44"])).map(lambda v: f"{{ prefix = {v} }}"),
    _either(st.sampled_from(["US", "GB"])).map(lambda v: f"{{ country = {v} }}"),
    st.sampled_from(["{ absent = true }", "{ absent = false }"]),
)
_value_tests = st.one_of(_either(_words), st.sampled_from(["5", "true", "{ absent = true }", "{ absent = false }"]))
_named = st.sampled_from(['header."x-q"', "attribute.n", "job.n", "room.n", "data.n", "trusted.n", "customer.n"])
_conditions = st.one_of(
    st.tuples(st.sampled_from(["to", "from"]), _number_tests),
    st.tuples(_named, _value_tests),
    st.tuples(st.just("department"), _value_tests),
    st.tuples(st.just("language"), _either(st.sampled_from(["es", "es-MX", "en"]))),
    st.tuples(st.sampled_from(["trunk", "rule"]), _either(st.sampled_from(["a", "b"]))),
    st.tuples(st.just("kind"), st.just('"sip"')),
    st.tuples(st.just("percent"), st.sampled_from(["0", "50", "100"])),
)
_rows = st.lists(st.lists(_conditions, max_size=3, unique_by=lambda pair: pair[0]), max_size=8)


def _tables(rows: list[list[tuple[str, str]]]) -> tuple[Table, tuple[str, ...]]:
    """The table of those rows that are not shadowed, and the names of those that are."""
    head = '[numbers]\nl1 = ["+14155550101", "101"]\nl2 = ["+14155550101", "+442079460018"]\n'
    shadowed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            whens = {f"r{n}": ", ".join(f"{key} = {test}" for key, test in row) for n, row in enumerate(rows)}
            text = "".join(
                f'[[route]]\nname = "{name}"\nwhen = {{ {when} }}\nagent = "support"\n'
                for name, when in whens.items()
                if name not in shadowed
            )
            try:
                return load_text(Path(folder), head + text + DEFAULT).table, tuple(shadowed)
            except TableErrors as error:
                found = [line.split('"')[1] for line in error.errors if "no call reaches it" in line]
                if len(found) != len(error.errors):
                    raise
                shadowed += found


@settings(deadline=None, max_examples=150)
@given(_rows, st.lists(_calls(), min_size=1, max_size=12))
def test_the_index_finds_what_reading_row_by_row_finds(rows: list[list[tuple[str, str]]], calls: list[Call]) -> None:
    table, _ = _tables(rows)
    for one in calls:
        view = table.view(one)
        naive = next((r for r in table.routes if all(c.holds(view) for c in r.conditions)), table.default)
        assert table.decide(one).route == naive.name
        steps = table.trace(one)
        assert (steps[-1].route, steps[-1].failed) == (naive.name, None)
        assert all(step.failed for step in steps[:-1])


@settings(deadline=None, max_examples=150)
@given(_rows, st.lists(_calls(), min_size=1, max_size=12))
def test_a_route_reported_as_shadowed_is_never_reached(rows: list[list[tuple[str, str]]], calls: list[Call]) -> None:
    table, shadowed = _tables(rows)
    for name in shadowed:
        number = int(name[1:])
        alone, _ = _tables([rows[number]])
        for one in calls:
            if alone.match(one) is not alone.default:
                assert int(table.match(one).name[1:]) < number


@settings(deadline=None, max_examples=150)
@given(_rows, _calls(), _texts)
def test_what_could_not_change_the_decision_does_not(
    rows: list[list[tuple[str, str]]], early: Call, late: dict[str, str]
) -> None:
    table, _ = _tables(rows)
    waits = table.could_change(early)
    arrived = {
        name: value
        for name, value in late.items()
        if name not in early.attributes
        and name not in waits
        and name not in ("sip.callID", "sip.trunkID", "sip.ruleID")
    }
    later = read_call(
        kind=early.kind,
        direction=early.direction,
        attributes={**early.attributes, **arrived},
        job=early.job,
        room=early.room,
        customers=early.customers,
        trusted_attributes=["n"],
    )
    if early.kind == "sip":
        assert table.match(later).name == table.match(early).name


_columns = st.none() | st.text() | st.floats() | st.integers() | st.dates() | st.decimals() | st.lists(st.text())
_column_names = st.sampled_from(["language", "department", "n"]) | st.text()


@settings(deadline=None)
@given(
    st.sampled_from(["sip", "standard", "agent"]),
    st.dictionaries(st.text() | st.sampled_from(["sip.phoneNumber", "language", "sip.h.x-q"]), st.text()),
    *[st.binary() | st.text()] * 3,
    st.lists(st.dictionaries(_column_names, _columns)),
)
def test_any_call_gets_a_decision(
    kind: Kind,
    attributes: dict[str, str],
    job: bytes | str,
    participant: bytes | str,
    room: bytes | str,
    customers: list[dict[str, Any]],
) -> None:
    one = read_call(kind=kind, attributes=attributes, job=job, participant=participant, room=room, customers=customers)
    assert isinstance(ALL_KEYS.decide(one), Answer)
    assert ALL_KEYS.trace(one)[-1].failed is None
    assert ALL_KEYS.could_change(one) <= ALL_KEYS.needs


def _one_of_each() -> Table:
    rows = [
        [("to", '"+14155550101"')],
        [("from", '{ prefix = "+1415" }')],
        [("from", '{ country = "DE" }')],
        *[[(f"{group}.n", "5")] for group in ("header", "attribute", "job", "room", "data", "trusted", "customer")],
        *[[(f"{group}.m", "{ absent = false }")] for group in ("header", "attribute", "job", "data", "customer")],
        [("provider", '"twilio"')],
        [("language", '"es"')],
        [("percent", "10")],
    ]
    return _tables(rows)[0]


ALL_KEYS = _one_of_each()


def test_nothing_about_ten_thousand_characters_is_an_exception() -> None:
    long = "9" * 10_000
    one = call(caller=long, to=long, job={"n": int("9" * 4_000), "language": long}, attributes={"n": long})
    assert isinstance(ALL_KEYS.decide(one), Answer)
    assert all(len(step.failed or "") < 300 for step in ALL_KEYS.trace(one))
