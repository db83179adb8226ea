"""The end of a room: whoever is left in it would ring on, or listen to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from switchboard.line.patience import Patience

logger = logging.getLogger("switchboard")


async def empty_room(delete: Callable[[], Awaitable[None]], patience: Patience) -> None:
    """Delete the room, and try again where that fails. Never raises.

    `delete` raises where the room may still be there.
    """
    for wait_s in (*patience.retries_s, None):
        try:
            async with asyncio.timeout(patience.deletes_within_s):
                await delete()
            return
        except Exception as error:
            if wait_s is None:
                # Only the kind: the text may name the room, which may hold the caller's number.
                logger.error("the room could not be deleted (%s): it ends when it is empty", type(error).__name__)
                return
            await asyncio.sleep(wait_s)
