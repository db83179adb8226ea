"""The matrix as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from chaos.result import Result
from chaos.waits import LIMIT_S, Wait

_COLUMNS = ("part", "fault", "phase", "heard", "after", "longest silence", "record", "")


def row(result: Result) -> tuple[str, ...]:
    """One cell in words."""
    cell, waits = result.cell, _told(result)
    return (
        cell.part,
        cell.fault,
        cell.phase,
        "; ".join(", ".join(wait.heard) for wait in waits),
        "; ".join("-" if wait.first_s is None else f"{wait.first_s:.1f} s" for wait in waits),
        f"{max((wait.longest_s for wait in result.waits), default=0.0):.1f} s",
        "none looked for" if result.cause is None and result.has_record else result.cause or "LOST",
        "" if result.passed else "FAILED",
    )


def line(result: Result) -> str:
    """For a terminal, as cells come in."""
    part, fault, phase, heard, after, longest, cause, failed = row(result)
    return f"{failed:6} {part} {fault:8} {phase:9} {heard} | after {after} | longest silence {longest} | {cause}"


def markdown(results: Sequence[Result]) -> str:
    """A table for each part, and a line about all."""
    lines: list[str] = []
    for part, of_part in groupby(sorted(results, key=lambda one: one.cell.part), key=lambda one: one.cell.part):
        lines += [f"### {part}", "", f"| {' | '.join(_COLUMNS[1:])} |", f"|{'---|' * len(_COLUMNS[1:])}"]
        lines += [f"| {' | '.join(row(result)[1:])} |" for result in of_part]
        lines.append("")
    return "\n".join([*lines, summary(results)])


def summary(results: Sequence[Result]) -> str:
    failed = [result for result in results if not result.passed]
    lost = sum(not result.has_record for result in results)
    waits = sorted(wait.longest_s for result in results for wait in result.waits)
    if not waits:
        return "No cell was run."
    at = [waits[round(share * (len(waits) - 1))] for share in (0.5, 0.95, 1.0)]
    return (
        f"{len(results)} cells: {len(failed)} silent for more than {LIMIT_S:.0f} s or without a record ({lost} lost). "
        f"Longest silence of a wait: p50 {at[0]:.1f} s, p95 {at[1]:.1f} s, worst {at[2]:.1f} s."
    )


def _told(result: Result) -> Iterable[Wait]:
    """The waits in which the fault could be noticed: a greeting that came before it is left out."""
    return result.waits if result.cell.phase == "ringing" else result.waits[1:] or result.waits
