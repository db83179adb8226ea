"""Reading a file's routes, default and tests into a table: every fault is in the source, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from switchboard.call.call import Call
from switchboard.call.spec import SpecError, read_spec
from switchboard.files.sections import Place, place_of
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.routing.decision import DEFAULT
from switchboard.routing.examples import Example, failures
from switchboard.routing.number_files import ListReader, NumbersSection
from switchboard.routing.routes import Known, RouteReader
from switchboard.routing.rows import DefaultRow, RouteRow, TestRow
from switchboard.routing.shadow import shadows
from switchboard.routing.table import Action, Route, Table


@dataclass(frozen=True, slots=True)
class Rows:
    """The sections that are routing's, as they are written."""

    numbers: NumbersSection
    routes: Sequence[RouteRow]
    default: DefaultRow | None
    tests: Sequence[TestRow]


@dataclass(frozen=True, slots=True)
class Routing:
    """What came of them. `contents` are the bytes of the number lists in files of their own."""

    table: Table
    tests: tuple[Example, ...]
    contents: tuple[bytes, ...]


def read_routing(source: Source, rows: Rows, known: Known, *, run_tests: bool = True) -> Routing:
    """The table of a file and its tests. What has faults (they are in `source`) is left out of them."""
    lists = ListReader(source, known.region)
    numbers = lists.read(rows.numbers)
    reader = RouteReader(source, known, source.table(("numbers",)))
    routes = [reader.route(index, row) for index, row in enumerate(rows.routes)]
    readable = [route for route in routes if route]
    table = Table(
        readable,
        reader.default(rows.default) or Action(),
        default_line=source.line(DEFAULT),
        language=known.language,
        speech=known.profiles,
        lists=numbers,
        agents=known.agent_speech,
    )
    is_complete = len(readable) == len(routes)
    tests = tuple(_tests(source, rows.tests, known, readable, is_complete))
    _report_shadows(source, table)
    # Faults that leave the conditions readable do not keep the rows from being run.
    if run_tests and is_complete and not reader.names_clash:
        for example, message in failures(table, tests):
            source.fault(("test", example.index), message)
    return Routing(table, tests, tuple(lists.contents))


def _tests(
    source: Source, rows: Sequence[TestRow], known: Known, routes: list[Route], is_complete: bool
) -> Iterator[Example]:
    names = [*(route.name for route in routes), DEFAULT]
    for index, row in enumerate(rows):
        place = place_of(source, TestRow, "test", index)
        for key in TestRow.needs:
            if key not in place.keys:
                place.fault(key, f"has no {key}")
        if row.expect is not None and row.expect not in names and is_complete:
            place.fault("expect", f'expects the unknown route "{row.expect}" {suggest(row.expect, names)}')
        elif row.expect is not None and row.call is not None:
            call = _call(place, row.call, known)
            if call:
                yield Example(index, source.line(*place.path), call, row.expect)


def _call(place: Place, spec: Mapping[str, Any], known: Known) -> Call | None:
    try:
        return read_spec(spec, known.region, trusted_attributes=known.trusted_attributes)
    except SpecError as error:
        for message in error.errors:
            place.fault("call", f"call: {message}")
        return None


def _report_shadows(source: Source, table: Table) -> None:
    for hidden, earlier in shadows(table.routes):
        message = (
            f'route "{hidden.name}": no call reaches it: route "{earlier.name}" in line {earlier.line} '
            "takes every call that it could: move it up, or narrow the earlier one"
        )
        source.fault_at(hidden.line, message)
