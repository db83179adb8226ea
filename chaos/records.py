"""What the record says of a call."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_WRITTEN_WITHIN_S = 15.0


async def cause_of(database: Path, room: str) -> str | None:
    """Why the call in `room` ended, as the SQLite file says; None where it does not, in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _WRITTEN_WITHIN_S
    while loop.time() < deadline:
        if cause := await asyncio.to_thread(_read, database, room):
            return cause
        await asyncio.sleep(0.1)
    return None


def _read(database: Path, room: str) -> str | None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows: list[tuple[Any]] = connection.execute("SELECT cause FROM calls WHERE room = ?", (room,)).fetchall()
    return rows[0][0] if rows else None
