"""The customer directory: who calls from this number. A door that any directory fits through.

`look_up` is how a call asks: it never raises and never takes longer than its budget.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from switchboard.settings import Settings

BUDGET_S = 0.2
MOST = 20  # rows of one number that a call carries: more is a switchboard, not a household

_abandoned: set[asyncio.Task[Any]] = set()


class Directory(Protocol):
    """Finds customers by number. Bring your own: one method."""

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        """The customers who call from `number` (E.164), best match first, none for an unknown number.

        Each is a flat mapping of columns; `name`, `language`, `tier`, `company` and `notes` are known to agents,
        any other column can route (`customer."column"`). May raise and may take its time: `look_up` bears it.
        """
        ...


class DirectoryError(Exception):
    """A directory that cannot be used or asked. The message holds no personal data."""


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


def directory_from(settings: Settings, url: str | None = None) -> Directory:
    """The directory that `url`, `DIRECTORY_URL` or else `DATABASE_URL` names. Opens nothing yet.

    Raises BadDatabaseURL or DirectoryError where the URL cannot be one.
    """
    place = url or settings.directory_url or settings.database_url
    if place.startswith(("http://", "https://")):
        from switchboard.directory.http import HttpDirectory

        return HttpDirectory(place, token=settings.directory_token.get_secret_value() or None)
    from switchboard.database import make_engine
    from switchboard.directory.sql import SqlDirectory

    # A look-up has long been given up when this patience ends: it only bounds what is left behind.
    return SqlDirectory(make_engine(place, patience_s=0.5))
