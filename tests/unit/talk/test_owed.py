"""An answer that nobody gives, for whatever reason: noticed once it is late, and not before."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)

from switchboard.talk.owed import Owed

PAUSE_S = 1.8


class Session(rtc.EventEmitter[Any]):
    """`AgentSession` as far as it is watched, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.agent_state = self.user_state = "listening"
        self.now = 100.0
        self.missed = self.asked_to_go_on = 0
        self.owed = Owed(cast("AgentSession[Any]", self), PAUSE_S, self._miss, self._go_on, lambda: self.now, 0.0)

    def _miss(self) -> None:
        self.missed += 1

    def _go_on(self) -> None:
        self.asked_to_go_on += 1

    def agent(self, state: Any) -> None:
        old: Any = self.agent_state
        self.agent_state = state
        self.emit("agent_state_changed", AgentStateChangedEvent(old_state=old, new_state=state))

    def greet(self) -> None:
        self.agent("speaking")
        self.agent("listening")

    def caller(self, state: Any) -> None:
        old: Any = self.user_state
        self.user_state = state
        self.emit("user_state_changed", UserStateChangedEvent(old_state=old, new_state=state))

    def ask(self, words: str = "Are you open?") -> None:
        self.caller("speaking")
        self.caller("listening")
        self.emit("user_input_transcribed", UserInputTranscribedEvent(transcript=words, is_final=True))

    def tool(self, kind: str) -> None:
        self.emit("tool_execution_updated", SimpleNamespace(update=SimpleNamespace(type=kind)))

    async def after(self, seconds: float) -> int:
        """How often an answer was missed by then."""
        self.now += seconds
        for _ in range(5):  # looks follow one another at once
            await asyncio.sleep(0)
        return self.missed


async def test_a_turn_that_nobody_answers_is_noticed_once_within_three_seconds() -> None:
    session = Session()
    session.greet()
    session.ask()
    assert await session.after(PAUSE_S + 0.9) == 0, "the caller may go on until then, and then it is thought about"
    assert await session.after(0.3) == 1
    assert await session.after(60) == 1


async def test_words_that_come_late_are_given_time() -> None:
    session = Session()
    session.greet()
    session.caller("speaking")
    session.caller("listening")
    session.now += 2.5
    session.emit("user_input_transcribed", UserInputTranscribedEvent(transcript="Yes.", is_final=True))
    assert await session.after(1.0) == 0
    assert await session.after(0.5) == 1


@pytest.mark.parametrize("what", ["answered", "meant to be silent", "closed"])
async def test_nothing_is_missed_where_nothing_is_owed_any_more(what: str) -> None:
    session = Session()
    session.greet()
    session.ask()
    match what:
        case "answered":
            session.greet()
        case "closed":
            session.emit("close", SimpleNamespace())
        case _:
            session.owed.excuse()
    assert await session.after(60) == 0


async def test_a_caller_who_speaks_before_the_first_words_or_over_the_agent_is_owed_nothing() -> None:
    session = Session()
    session.ask()
    assert await session.after(60) == 0
    session.agent("speaking")
    session.ask("Yes.")
    session.agent("listening")
    assert await session.after(60) == 0


async def test_a_caller_who_goes_on_speaking_is_not_interrupted() -> None:
    session = Session()
    session.greet()
    session.ask()
    session.caller("speaking")
    assert await session.after(60) == 0


def _done(reply_required: bool) -> FunctionToolsExecutedEvent:
    call = llm.FunctionCall(call_id="1", name="note", arguments="{}")
    output = llm.FunctionCallOutput(call_id="1", output="", is_error=False, reply_required=reply_required)
    return FunctionToolsExecutedEvent(function_calls=[call], function_call_outputs=[output])


async def test_a_tool_takes_its_time_and_an_answer_is_owed_after_it() -> None:
    session = Session()
    session.greet()
    session.ask()
    session.tool("tool_call_started")
    assert await session.after(60) == 0
    session.tool("tool_call_ended")
    session.emit("function_tools_executed", _done(True))
    assert await session.after(PAUSE_S + 1.0) == 0
    assert await session.after(0.2) == 1
    assert session.asked_to_go_on == 0


async def test_after_a_tool_that_gave_nothing_to_say_the_model_is_asked_to_go_on() -> None:
    session = Session()
    session.greet()
    session.ask()
    session.emit("function_tools_executed", _done(False))
    await session.after(0.7)
    assert session.asked_to_go_on == 0, "it may have spoken by itself"
    await session.after(0.2)
    assert (session.asked_to_go_on, session.missed) == (1, 0)


async def test_an_agent_whose_tool_says_that_nothing_is_to_follow_is_not_asked_to_go_on() -> None:
    session = Session()
    session.greet()
    session.ask()
    session.owed.excuse()
    session.emit("function_tools_executed", _done(False))
    assert await session.after(60) == 0
    assert session.asked_to_go_on == 0
    session.ask("Hello?")
    assert await session.after(60) == 1
