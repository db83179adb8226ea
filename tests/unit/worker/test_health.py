"""`/ready`: 200 only while calls come."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from livekit.agents import AgentServer

from lab.stage.ports import free_port
from switchboard.worker.health import Health


async def _ask(port: int, host: str = "127.0.0.1") -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{host}:{port}/ready")
    return answer.status_code, answer.text.strip()


async def test_it_is_ready_from_its_registration_on_and_not_while_livekit_is_lost() -> None:
    server: Any = AgentServer()
    health, port = Health(server), free_port()
    await health.start("127.0.0.1", port)
    try:
        assert await _ask(port) == (503, "not registered with LiveKit yet")
        server._connecting = False
        server.emit("worker_registered", "AW_1", None)
        assert await _ask(port) == (200, "ready")
        server._connecting = True
        assert await _ask(port) == (503, "LiveKit is lost: connecting anew")
        server._connecting = False
        assert await _ask(port) == (200, "ready")
        health.draining = True
        assert await _ask(port) == (503, "draining: no new calls")
    finally:
        await health.stop()


async def test_it_listens_where_it_is_told_and_nowhere_else() -> None:
    health, port = Health(AgentServer()), free_port()
    await health.start("127.0.0.2", port)
    try:
        assert (await _ask(port, "127.0.0.2"))[0] == 503
        with pytest.raises(httpx.ConnectError):
            await _ask(port)
    finally:
        await health.stop()
