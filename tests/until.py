"""Waiting for what must become so, however busy the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_GIVES_UP_S = 60.0  # only a broken test waits that long


async def until(condition: Callable[[], object]) -> None:
    """Returns as soon as `condition` holds. Raises TimeoutError where it never does."""
    async with asyncio.timeout(_GIVES_UP_S):
        while not condition():
            await asyncio.sleep(0.005)
