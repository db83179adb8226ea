"""The end of a worker: running calls have their time, and no more."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from livekit.agents import AgentServer

from switchboard.worker.serving import wind_up


class Server:
    """A server with a call that ends only with it."""

    def __init__(self) -> None:
        self.did: list[Any] = []

    async def drain(self, within_s: int) -> None:
        self.did.append(within_s)
        await asyncio.sleep(0)
        raise TimeoutError

    async def aclose(self) -> None:
        self.did.append("closed")


@pytest.mark.parametrize(
    ("within_s", "did"), [(30, [30, "closed"]), (0, ["closed"])], ids=["with time to finish", "with none"]
)
async def test_calls_that_do_not_finish_in_time_are_ended(within_s: int, did: list[Any]) -> None:
    server = Server()
    await wind_up(cast("AgentServer", server), within_s)
    assert server.did == did
