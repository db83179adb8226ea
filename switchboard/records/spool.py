"""Records that the database could not take, as files, until it can. Nobody but their owner can read them."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.records.row import Row, from_json, to_json, write

logger = logging.getLogger("switchboard")

_WRITE_S = 10.0


class Spool:
    """A folder of rows, one file a call, named by its ID and revision. Made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, row: Row) -> None:
        """Keep `row` instead of its earlier revisions. It is whole on the disk or not there. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.folder / f"{row['id']}.{row['revision']}.json"
        unfinished = file.with_suffix(".tmp")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(to_json(row))
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(file)
        self.discard(row["id"], row["revision"] - 1)

    def discard(self, call: UUID, revision: int) -> None:
        """Remove the rows of this call up to that revision: the database has them."""
        for file in self.folder.glob(f"{call}.*.json"):
            if int(file.name.split(".")[1]) <= revision:
                file.unlink(missing_ok=True)

    async def drain(self, engine: AsyncEngine) -> int:
        """Write what waits here into the database; how many rows it took. Raises what a dead database raises.

        Any process may drain at any time: a row is written once, however often it is tried.
        """
        written = 0
        for file in sorted(self.folder.glob("*.json")):
            written += await self._write(engine, file)
        if written:
            logger.info("records: %d that had waited are in the database", written)
        return written

    async def _write(self, engine: AsyncEngine, file: Path) -> bool:
        try:
            row = from_json(await asyncio.to_thread(file.read_text, encoding="utf-8"))
        except FileNotFoundError:
            return False  # its own call has written it meanwhile
        except ValueError:
            self._set_aside(file, "cannot be read")
            return False
        try:
            async with asyncio.timeout(_WRITE_S):
                await write(engine, row)
        except (DataError, IntegrityError):
            self._set_aside(file, "was refused by the database")
            return False
        self._done(file)
        return True

    def _done(self, file: Path) -> None:
        file.unlink(missing_ok=True)

    def _set_aside(self, file: Path, why: str) -> None:
        """One bad file must not keep the others waiting; it stays for a person to look at."""
        logger.error("records: %s %s, set aside as .bad", file, why)
        file.rename(file.with_suffix(".bad"))
