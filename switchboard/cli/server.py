"""Commands that ask the LiveKit server: how they reach it, and how they end when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from switchboard.cli.output import NO, fail
from switchboard.settings import MissingSettings, Settings

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

T = TypeVar("T")


def read_settings() -> Settings:
    """The environment; exits 2 with a line for each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        fail("\n".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_url=False)))


def ask_server(settings: Settings, work: Callable[[LiveKitAPI], Awaitable[T]]) -> T:
    """Run `work` with the server's API. Exits 2 where the environment is wrong, 1 where the server fails."""
    from switchboard.server import ServerTrouble, WrongAddress, open_api

    async def run() -> T:
        async with open_api(settings) as api:
            return await work(api)

    try:
        return asyncio.run(run())
    except (MissingSettings, WrongAddress) as error:
        fail(str(error))
    except ServerTrouble as error:
        fail(str(error), NO)
