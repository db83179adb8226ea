"""What all who watch a session need: looking every so often for as long as something is awaited, and tools at work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from livekit.agents import AgentSession, ToolExecutionUpdatedEvent


class Looks:
    """Calls `look` in `every_s` seconds, once for each `again`, unless it is stopped before. One event loop's own."""

    def __init__(self, look: Callable[[], None], every_s: float) -> None:
        self._look = look
        self._every_s = every_s
        self._timer: asyncio.TimerHandle | None = None

    @property
    def are_due(self) -> bool:
        return self._timer is not None

    def again(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._now)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> None:
        self._timer = None
        self._look()


class ToolsAtWork:
    """How many tools of `session` are at work: true while there are any."""

    def __init__(self, session: AgentSession[Any]) -> None:
        self._count = 0
        session.on("tool_execution_updated", self._on_tool)

    def __bool__(self) -> bool:
        return self._count > 0

    def _on_tool(self, event: ToolExecutionUpdatedEvent) -> None:
        if event.update.type == "tool_call_started":
            self._count += 1
        elif event.update.type == "tool_call_ended":
            self._count = max(0, self._count - 1)
