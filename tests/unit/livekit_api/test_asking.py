"""Asking an agent whether it lives: what livekit-server's answers mean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.api import LiveKitAPI, ServerError
from livekit.api.room_service import RoomService
from livekit.protocol.room import PerformRpcRequest, PerformRpcResponse

from switchboard.livekit_api.asking import METHOD, answers


class Client:
    """livekit-server behind livekit-api's own room service."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.asked: list[tuple[str, PerformRpcRequest]] = []

    async def request(self, service: str, method: str, request: Any, headers: Any, response: Any) -> Any:
        assert headers["authorization"].startswith("Bearer ")
        self.asked.append((f"{service}.{method}", request))
        if self._fault:
            raise self._fault
        return PerformRpcResponse(payload="yes")


def api(client: Client) -> LiveKitAPI:
    room: Any = RoomService(cast("Any", None), "http://127.0.0.1", "key", "a secret of thirty-two characters")
    room._client = client
    return cast("LiveKitAPI", SimpleNamespace(room=room))


async def test_who_answers_lives() -> None:
    client = Client()
    assert await answers(api(client), "room", "agent")
    ((method, request),) = client.asked
    assert method == "RoomService.PerformRpc"
    asked = (request.room, request.destination_identity, request.method, request.response_timeout_ms)
    assert asked == ("room", "agent", METHOD, 500)


@pytest.mark.parametrize(
    ("fault", "lives"),
    [
        (ServerError("deadline_exceeded", "Response timeout", status=408), False),
        (ServerError("unavailable", "Connection timeout", status=503), False),
        (ServerError("not_found", "participant does not exist", status=404), False),
        (ServerError("internal", "data channel is not available", status=500), False),
        (TimeoutError(), False),
        (ServerError("unimplemented", "Method not supported at destination", status=501), True),
    ],
    ids=["silent", "not reached", "gone", "no way to them", "no server in time", "an agent of another version"],
)
async def test_what_else_is_said_of_them(fault: Exception, lives: bool) -> None:
    assert await answers(api(Client(fault)), "room", "agent") is lives


async def test_a_server_that_fails_says_nothing_of_the_agent() -> None:
    with pytest.raises(ConnectionError):
        await answers(api(Client(ConnectionError())), "room", "agent")
