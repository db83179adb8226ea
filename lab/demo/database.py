"""The demonstration's own database: no call of it stands among those of the business, and no row that it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.directory.sql import SqlDirectory
from switchboard.records.read import Wanted, latest

if TYPE_CHECKING:
    from switchboard.records.record import CallRecord

_WRITTEN_WITHIN = 10.0  # s after the call
_LOOKS_EVERY = 0.1  # s


def database_in(folder: Path) -> str:
    """The DATABASE_URL of what is kept in `folder`."""
    return f"sqlite:///{folder / 'calls.sqlite3'}"


def variables(folder: Path, directory: str) -> dict[str, str]:
    """What tells a worker to keep its records in `folder`, and to ask `directory` who calls."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "DATABASE_URL": database_in(folder),
        "SWITCHBOARD_SPOOL": str(folder / "spool"),
        "DIRECTORY_URL": directory,
    }


async def write_customers(folder: Path, number: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """A directory in `folder` in which `rows`, and nobody else, are the customers of `number` (E.164): its URL."""
    engine = make_engine(database_in(folder))
    await migrate(engine)
    directory = SqlDirectory(engine)
    for row in rows:
        await directory.add(number, row)
    return database_in(folder)


async def record_of(folder: Path, room: str) -> CallRecord | None:
    """The record of the call in `room` once it says how that ended; as it is, or None, where it does not come."""
    engine = make_engine(database_in(folder))
    found: CallRecord | None = None
    for _ in range(round(_WRITTEN_WITHIN / _LOOKS_EVERY)):
        found = next(iter(await latest(engine, 1, Wanted(room=room))), None)
        if found is not None and found.ended_at is not None:
            break
        await asyncio.sleep(_LOOKS_EVERY)
    return found
