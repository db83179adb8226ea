"""What a session tells the call's stream of the tools that the model called."""

from __future__ import annotations

import logging
from typing import Any

from livekit.agents import Agent, AgentSession, RunContext, ToolError, function_tool

from switchboard.call.events import Event, Events, ToolCalled
from switchboard.talk.telling import tell_of
from tests.behavior.scripted_llm import ScriptedLLM, Tool


class Workshop(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You repair bicycles.")

    @function_tool
    async def look_up(self, ctx: RunContext[Any], order: str) -> str:
        """Look an order up."""
        if order == "none":
            raise ToolError("there is no such order")
        return {"1001": "ready"}[order]


async def _called(*orders: str) -> list[ToolCalled]:
    heard: list[Event] = []
    events = Events()
    events.subscribe(heard.append)
    script = [reply for order in orders for reply in (Tool("look_up", {"order": order}), "Well.")]
    session = AgentSession[None](llm=ScriptedLLM(script), vad=None)
    tell_of(session, events)
    await session.start(Workshop())
    for order in orders:
        await session.run(user_input=f"Where is {order}?")
    await session.aclose()
    return [event for event in heard if isinstance(event, ToolCalled)]


async def test_what_a_tool_raised_is_told_with_its_line_and_what_it_refused_without() -> None:
    raised, refused, good, again = await _called("1002", "none", "1001", "1003")
    assert (raised.tool, raised.arguments, raised.failed) == ("look_up", '{"order": "1002"}', True)
    assert raised.fault.startswith("KeyError: '1002' (test_telling.py:")
    assert (refused.result, refused.failed, refused.fault) == ("there is no such order", True, "")
    assert (good.result, good.failed, good.fault) == ("ready", False, "")
    assert again.fault.startswith("KeyError: '1003'"), "each has its own"


async def test_nothing_listens_once_the_session_is_over() -> None:
    before = len(logging.getLogger("livekit.agents").handlers)
    await _called("1001")
    assert len(logging.getLogger("livekit.agents").handlers) == before
