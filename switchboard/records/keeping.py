"""What the worker's own process does for the records: the database kept up to date, the spool emptied into it."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.migrations import migrate
from switchboard.records.spool import Spool

logger = logging.getLogger("switchboard")

_EVERY_S = 5.0


async def keep(engine: AsyncEngine, spool: Spool, every_s: float = _EVERY_S) -> None:
    """For the worker's process, for as long as it runs: bring the database up to date as soon as it answers, and
    write every few seconds what calls had to leave in the spool."""
    migrated, silent = False, False
    while True:
        try:
            if not migrated:
                await migrate(engine)
                migrated = True
            await spool.drain(engine)
            silent = False
        except Exception as error:
            if not silent:  # said once for each outage
                logger.warning(
                    "records: the database does not answer (%s): records wait in %s", type(error).__name__, spool.folder
                )
            silent = True
        await asyncio.sleep(every_s)
