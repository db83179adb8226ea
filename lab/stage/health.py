"""Whether a server that was started answers."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process

import httpx

_ASKS_EVERY = 0.05  # s


async def comes_up(process: Process, port: int, within: float) -> bool:
    """Wait until `GET /` on that port of the loopback interface is a 200; False when the process ended or `within`
    seconds are over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    async with httpx.AsyncClient(trust_env=False, timeout=1.0) as client:
        while process.returncode is None and loop.time() < deadline:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200:
                    return True
            except httpx.HTTPError:
                pass
            await asyncio.sleep(_ASKS_EVERY)
    return False
