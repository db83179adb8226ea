"""livekit-server, as the worker's own process knows it: its API, and whether it has this worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from livekit.agents import AgentServer
from livekit.api import LiveKitAPI

from switchboard.worker.settings import Settings

_TIMEOUT_S = 10.0


def api_of(settings: Settings) -> Callable[[], LiveKitAPI]:
    """What makes the API, for an `async with`."""
    secret, timeout = settings.livekit_api_secret.get_secret_value(), aiohttp.ClientTimeout(total=_TIMEOUT_S)
    return lambda: LiveKitAPI(settings.livekit_url, settings.livekit_api_key, secret, timeout=timeout)


async def registered(server: AgentServer) -> None:
    """Returns when livekit-server has taken the worker on; wait for it before it may."""
    event = asyncio.Event()

    def on_registered(*_: object) -> None:
        event.set()

    server.on("worker_registered", on_registered)
    await event.wait()
