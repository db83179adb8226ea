"""Asking the directory in a call: it never raises and never takes longer than its budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchboard.directory.directory import MOST, Directory, DirectoryError

BUDGET_S = 0.2

_abandoned: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a look-up found. `warning` says why it found nothing where the directory did not answer."""

    rows: tuple[Mapping[str, Any], ...]
    warning: str | None
    seconds: float


async def look_up(directory: Directory, number: str, budget_s: float = BUDGET_S) -> LookUp:
    """Ask for `number` (E.164) and wait at most `budget_s`. Never raises; a fault is a warning.

    A directory that has not answered in time is cancelled and left to tidy up behind our back: waiting for that
    would cost the caller what the budget saves.
    """
    start = time.monotonic()
    task = asyncio.ensure_future(_find(directory, number))
    _abandoned.add(task)  # the loop alone holds tasks weakly
    task.add_done_callback(_forget)
    try:
        await asyncio.wait((task,), timeout=budget_s)
    finally:
        task.cancel()
    seconds = time.monotonic() - start
    if not task.done():
        return LookUp((), f"customer directory: no answer within {budget_s * 1000:.0f} ms, went on without", seconds)
    if task.cancelled():
        return LookUp((), "customer directory: gave up, went on without", seconds)
    if error := task.exception():
        # Only the kind of error: its text may hold the number.
        reason = str(error) if isinstance(error, DirectoryError) else type(error).__name__
        return LookUp((), f"customer directory: {reason}, went on without", seconds)
    return LookUp(task.result(), None, seconds)


async def _find(directory: Directory, number: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(dict(row) for row in (await directory.find(number))[:MOST])


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # asked for, so that nobody complains about an error of an abandoned look-up
