"""Tools of one's own that take too long, give too much or raise: what the model is told."""

from __future__ import annotations

import asyncio

import pytest
from livekit.agents import AgentSession, function_tool

from switchboard.call.reading import read_call
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from tests.behavior.scripted_llm import ScriptedLLM, Tool
from tests.business import ROSTER


class _NoLine:
    async def hang_up(self, goodbye: str) -> None:
        raise AssertionError


class _Trying(PhoneAgent):
    """Tools as they should not be."""

    name = "front_desk"
    tool_within_s = 0.2

    @function_tool
    async def hang(self) -> str:
        """Never comes back."""
        await asyncio.Event().wait()
        return "never"

    @function_tool
    async def flood(self, what: str, times: int) -> str:
        """A megabyte."""
        return what * times

    @function_tool
    async def list_all(self, count: int) -> list[str]:
        """As data, which the model gets as text."""
        return ["order"] * count

    @function_tool
    async def fail(self) -> str:
        """Raises."""
        raise ValueError("postgres://user:secret@host")


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        (Tool("hang"), "It took too long and was given up"),
        (Tool("flood", {"what": "x", "times": 1_000_000}), "xxx"),
        (Tool("list_all", {"count": 100_000}), "['order', 'order', "),
        (Tool("fail"), "internal error"),
    ],
)
async def test_a_tool_that_hangs_floods_or_fails_is_something_to_speak_about(tool: Tool, told: str) -> None:
    model = ScriptedLLM([tool, "I am sorry."])
    conversation = Conversation[None](call=read_call(), line=_NoLine(), roster=ROSTER, business=None)
    session = AgentSession[Conversation[None]](llm=model, userdata=conversation, vad=None)
    async with session:
        await session.start(_Trying(conversation))
        await session.run(user_input="please")
        outputs = [item.output for item in model.asked[-1].items if item.type == "function_call_output"]
    assert told in outputs[0]
    assert "secret" not in outputs[0]
    assert len(outputs[0]) < 9_000
