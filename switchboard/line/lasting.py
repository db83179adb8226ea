"""Work that is for the caller alone: without them there is no use in finishing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from switchboard.line.leg import Leg, LegEnded


@asynccontextmanager
async def as_long_as(leg: Leg) -> AsyncGenerator[None]:
    """What is done within is given up when the leg ends: a session that is being started, for nobody, would hold the
    worker's slot until it is. Raises LegEnded then."""
    task = asyncio.current_task()
    assert task is not None

    async def give_up() -> None:
        await leg.over()
        task.cancel()

    watching = asyncio.create_task(give_up())
    try:
        yield
    except asyncio.CancelledError:
        if watching.done() and not watching.cancelled() and task.uncancel() == 0:
            raise LegEnded from None
        raise
    finally:
        watching.cancel()
