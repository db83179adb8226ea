"""The record: what was known about each call, what was decided and why, and how it went.

A call's process opens a `Recorder`; the worker's own process runs `keep`.
"""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from switchboard.records.recorder import Recorder
    from switchboard.records.spool import Spool
    from switchboard.settings import Settings

logger = logging.getLogger("switchboard")

_EVERY_S = 5.0


def recorder_from(settings: Settings) -> Recorder:
    """A recorder for one call, by `DATABASE_URL` and `SWITCHBOARD_SPOOL`. Opens nothing. Raises BadDatabaseURL."""
    from switchboard.records.recorder import Recorder
    from switchboard.records.spool import Spool

    return Recorder(_engine(settings.database_url), Spool(settings.spool))


@cache
def _engine(url: str) -> AsyncEngine:
    """Made once a process image, as `startup` is: a call finds the one that the fork server made."""
    from switchboard.database import make_engine

    return make_engine(url)


async def keep(engine: AsyncEngine, spool: Spool, every_s: float = _EVERY_S) -> None:
    """For the worker's process, for as long as it runs: bring the database up to date as soon as it answers, and
    write every few seconds what calls had to leave in the spool."""
    from switchboard.migrations import migrate

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
