"""Commands that ask the LiveKit server: how they reach it, and how they end when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from switchboard.cli.output import NO, fail
from switchboard.worker.settings import MissingSettings, Settings

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

T = TypeVar("T")


def ask_server(settings: Settings, work: Callable[[LiveKitAPI], Awaitable[T]]) -> T:
    """Run `work` with the server's API. Exits 2 where the environment is wrong, 1 where the server fails."""
    from switchboard.livekit_api.address import WrongAddress
    from switchboard.livekit_api.client import ServerTrouble, open_api

    async def run() -> T:
        settings.require({})
        secret = settings.livekit_api_secret.get_secret_value()
        async with open_api(settings.livekit_url, settings.livekit_api_key, secret) as api:
            return await work(api)

    try:
        return asyncio.run(run())
    except (MissingSettings, WrongAddress) as error:
        fail(str(error))
    except ServerTrouble as error:
        fail(str(error), NO)
