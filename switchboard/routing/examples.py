"""Running the `[[test]]` rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from switchboard.call.call import Call
from switchboard.routing.table import Table


@dataclass(frozen=True, slots=True)
class Example:
    """One `[[test]]` row: a call and the route that must take it."""

    index: int
    line: int
    call: Call
    expect: str


def failures(table: Table, tests: Iterable[Example]) -> Iterator[tuple[Example, str]]:
    """The rows whose call another route takes, and why."""
    for test in tests:
        got = table.match(test.call)
        if got.name != test.expect:
            yield test, f'test {test.index + 1}: expected "{test.expect}", got "{got.name}"{_why(table, test)}'


def _why(table: Table, test: Example) -> str:
    """The first condition of the expected route that does not hold."""
    step = next((step for step in table.trace(test.call) if step.route == test.expect), None)
    if step is not None:
        return f": {step.failed} does not hold"
    return f" in line {table.match(test.call).line}, which stands before it"


def unreached(table: Table, tests: Iterable[Example]) -> tuple[str, ...]:
    """The routes that no row reaches, the default included."""
    reached = {table.match(test.call).name for test in tests}
    return tuple(route.name for route in (*table.routes, table.default) if route.name not in reached)
