"""An explanation on a terminal: what came of the call, then the rows that were looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from switchboard.call.call import Call
from switchboard.cli.directory import Customers
from switchboard.routing.decision import Refuse, Step
from switchboard.routing.explain import Explanation

_LONG = 5  # misses in a row that are still shown one by one
_NOT_OURS = ", the caller's word"
_Row = tuple[str, Text, Text]


def show(
    console: Console, file: str, call: Call, explanation: Explanation, customers: Customers, *, every_row: bool = False
) -> None:
    """Print `explanation` of `call`; `file` is the routing file's name. Long runs of rows of which nothing fits are
    one line, unless `every_row`."""
    result = Grid.grid(padding=(0, 2, 0, 0))
    result.add_column(style="dim", no_wrap=True)
    result.add_column(overflow="fold")
    for name, value in _result(file, explanation, customers):
        result.add_row(name, value)
    looked_at = rows(explanation.trace, every_row=every_row)
    console.print(Text(_headline(call), "bold"), Text(), result, Text(), looked_at, sep="\n")


def rows(trace: Iterable[Step], *, every_row: bool = False) -> Grid:
    """The rows that were looked at, each with what held and what did not."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(max_width=28)
    grid.add_column(overflow="fold")
    for row in map(_row, trace) if every_row else _folded(trace):
        grid.add_row(*row)
    return grid


def fact(key: str, value: Any, source: str, trusted: bool) -> Text:
    """A value of the call's data, and whose word it is."""
    written = json.dumps(value, ensure_ascii=False, default=str)
    return Text.assemble(f"{key} = {written}", (f"  from {source}{'' if trusted else _NOT_OURS}", "dim"))


def _headline(call: Call) -> str:
    ends = f"{call.from_number or 'number hidden'} → {call.to_number or 'no number'}"
    return f"{call.kind} {call.direction}: {ends}" if call.kind == "sip" else f"{call.kind} caller"


def _folded(trace: Iterable[Step]) -> Iterator[_Row]:
    for misses, steps in groupby(trace, lambda step: step.failed is not None and not step.matched):
        run = list(steps)
        if misses and len(run) > _LONG:
            what = Text.assemble(("✗ ", "red"), "their first condition does not hold", ("  (--all shows them)", "dim"))
            yield f"{run[0].line}-{run[-1].line}", Text(f"{len(run):,} routes"), what
        else:
            yield from map(_row, run)


def _row(step: Step) -> _Row:
    return str(step.line), Text(step.route, "bold" if step.failed is None else ""), _conditions(step)


def _conditions(step: Step) -> Text:
    lines = [Text.assemble(("✓ ", "green"), text) for text in step.matched]
    if step.failed is None:
        lines.append(Text("takes the call", "bold green"))
    else:
        lines.append(Text.assemble(("✗ ", "red"), step.failed))
    return Text("\n").join(lines)


def _result(file: str, explanation: Explanation, customers: Customers) -> Iterator[tuple[str, RenderableType]]:
    decision = explanation.decision
    yield "route", Text.assemble((decision.route, "bold"), (f"  {file}:{decision.line}", "dim"))
    if isinstance(decision, Refuse):
        yield "refused", Text(f"{decision.reason}, while it still rings")
    else:
        yield "agent", Text(decision.agent)
        yield "language", Text(decision.language)
        yield "speech", Text(decision.speech.name)
        for part, model in decision.speech.models().items():
            yield f"  {part}", Text(model)
        if decision.opening:
            yield "opening", Text(decision.opening)
        yield "greeting", Text(decision.greeting) if decision.greeting else Text("the agent's own", "dim")
    for index, (who, source) in enumerate(customers.told()):
        yield "" if index else "customer", Text.assemble(who, (f"  ({source})", "dim"))
    for index, (key, datum) in enumerate(explanation.data.items()):
        yield "" if index else "data", fact(key, datum.value, datum.source, datum.trusted)
    for index, name in enumerate(explanation.waits_for):
        yield "" if index else "waits for", Text(name)
    for warning in explanation.warnings:
        yield "warning", Text(warning, "yellow")
