"""A call whose worker died: whom its own process calls to it."""

from __future__ import annotations

import pytest
from livekit.api import LiveKitAPI

from switchboard.livekit_api.rescues import generation_of
from switchboard.worker.rescue.succession import call_successor
from tests.unit.worker.one_room import Server, job


class Opened:
    """A way to `server`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def __aenter__(self) -> LiveKitAPI:
        return self._server.api

    async def __aexit__(self, *_: object) -> None:
        return None

    def __call__(self) -> LiveKitAPI:
        return self  # type: ignore[return-value]


async def test_another_agent_of_the_next_generation_is_called() -> None:
    server = Server()
    await call_successor(Opened(server), job())
    (made,) = server.created
    assert (made.agent_name, made.metadata, made.attributes["tier"]) == ("switchboard", '{"order": 17}', "gold")
    assert generation_of(made.attributes) == 2
    assert [one.id for one in server.dispatches] == ["AD_2"]


async def test_a_dispatch_that_somebody_else_took_is_not_made_twice() -> None:
    server = Server()
    server.dispatches.clear()
    await call_successor(Opened(server), job())
    assert server.created == []


async def test_a_server_that_does_not_answer_is_no_fault_of_the_call(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(refuses=["list_dispatch"])
    await call_successor(Opened(server), job())
    assert "no other agent could be called: TimeoutError" in caplog.text
