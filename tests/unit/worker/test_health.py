"""`/ready`: 200 only while calls come. `/live`: 200 as long as the worker works."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from livekit.agents import AgentServer
from typer.testing import CliRunner

from lab.stage.ports import free_port
from switchboard.cli import app
from switchboard.worker.health import Health


async def _ask(port: int, host: str = "127.0.0.1", what: str = "ready") -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{host}:{port}/{what}")
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


async def test_it_lives_before_it_is_registered_while_livekit_is_lost_and_while_it_drains() -> None:
    server: Any = AgentServer()
    health, port = Health(server), free_port()
    await health.start("127.0.0.1", port)
    try:
        assert await _ask(port, what="live") == (200, "live")
        server.emit("worker_registered", "AW_1", None)
        server._connecting = health.draining = True
        assert (await _ask(port))[0] == 503
        assert await _ask(port, what="live") == (200, "live")
        told = await asyncio.to_thread(CliRunner().invoke, app, ["health", "--live", "--port", str(port)])
        assert (told.exit_code, told.output) == (0, "live\n")
        told = await asyncio.to_thread(CliRunner().invoke, app, ["health", "--port", str(port)])
        assert told.exit_code == 1
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
