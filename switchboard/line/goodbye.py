"""Last words: heard to their end, unless nobody speaks them."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import AgentSession, AgentStateChangedEvent
from livekit.agents.voice import SpeechHandle


async def spoken_to_its_end(session: AgentSession[Any], speech: SpeechHandle, silence_s: float) -> None:
    """Returns when `speech` has been played. Raises TimeoutError when nothing is spoken for `silence_s` before that.

    What was being said before it takes the time that it takes, and so do long words: only silence is counted.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:

        def listen(is_speaking: bool) -> None:
            limit.reschedule(None if is_speaking else loop.time() + silence_s)

        def on_state(event: AgentStateChangedEvent) -> None:
            listen(event.new_state == "speaking")

        listen(session.agent_state == "speaking")
        session.on("agent_state_changed", on_state)
        try:
            await speech.wait_for_playout()
        finally:
            session.off("agent_state_changed", on_state)
