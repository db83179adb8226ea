"""The desk: whatever it does can be made to fail."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import ChatContext, function_tool, llm

from switchboard.talk.agent import PhoneAgent

from . import trouble


class Desk(PhoneAgent):
    tool_within_s = 4.0

    def __init__(self, *given: Any, **more: Any) -> None:
        trouble.at("desk")
        super().__init__(*given, **more)

    async def on_user_turn_completed(self, turn_ctx: ChatContext, new_message: llm.ChatMessage) -> None:
        trouble.at("turn")
        if trouble.is_at("turn hangs"):
            await asyncio.Event().wait()

    @function_tool
    async def count_stamps(self) -> str:
        """Count the stamps: it raises."""
        raise RuntimeError("the stamps are gone")

    @function_tool
    async def weigh_parcels(self) -> str:
        """Weigh the parcels: it hangs."""
        await asyncio.Event().wait()
        return "never"

    @function_tool
    async def list_streets(self) -> str:
        """List the streets: a megabyte."""
        return "We bring letters to all streets." + " " * 2**20

    @function_tool
    async def note_visits(self) -> None:
        """Note the visits: it gives nothing to say."""
