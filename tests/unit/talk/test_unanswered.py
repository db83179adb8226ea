"""A model that owes an answer is asked again, and then the call ends: whatever it is that does not come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    ToolExecutionUpdatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)
from livekit.plugins.openai.realtime import RealtimeModel

from switchboard.call.causes import Cause
from switchboard.talk import unanswered
from switchboard.talk.unanswered import expect_answers
from tests.unit.line.fakes import Phone

WITHIN_S = 0.2
SOON = 3.0  # s


class Session(rtc.EventEmitter[Any]):
    """`AgentSession` as far as it is listened to."""

    def __init__(self, model: object) -> None:
        super().__init__()
        self.llm = model
        self.agent_state = self.user_state = "listening"
        self.asked = asyncio.Event()
        self.closing = False

    def interrupt(self, *, force: bool) -> None: ...

    def generate_reply(self, *, instructions: str) -> None:
        if self.closing:
            raise RuntimeError("AgentSession is closing")
        self.asked.set()

    def agent(self, state: Any) -> None:
        old, self.agent_state = self.agent_state, state
        self.emit("agent_state_changed", AgentStateChangedEvent(old_state=cast("Any", old), new_state=state))

    def caller(self, state: Any) -> None:
        old, self.user_state = self.user_state, state
        self.emit("user_state_changed", UserStateChangedEvent(old_state=cast("Any", old), new_state=state))


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "_LOOKS_EVERY_S", 0.02)


def expecting(phone: Phone, model: object | None = None) -> Session:
    session = Session(model or RealtimeModel(api_key="none"))
    expect_answers(cast("AgentSession[Any]", session), phone.leg, WITHIN_S)
    return session


async def test_a_greeting_that_does_not_come_is_asked_for_again_and_then_the_call_ends() -> None:
    phone = Phone()
    session = expecting(phone)
    await asyncio.wait_for(session.asked.wait(), SOON)
    await asyncio.wait_for(phone.leg.over(), SOON)
    assert phone.leg.ending is not None
    assert phone.leg.ending.cause is Cause.PROVIDER_FAILED


async def test_who_answers_when_asked_again_is_waited_for_no_longer() -> None:
    phone = Phone()
    session = expecting(phone)
    await asyncio.wait_for(session.asked.wait(), SOON)
    session.agent("speaking")
    session.agent("listening")
    await asyncio.sleep(3 * WITHIN_S)
    assert phone.leg.ending is None
    phone.leg.end(Cause.AGENT_ENDED)


async def test_a_caller_who_keeps_saying_hello_does_not_keep_a_dead_line_open() -> None:
    phone = Phone()
    session = expecting(phone)
    async with asyncio.timeout(SOON):
        while phone.leg.ending is None:
            session.caller("speaking")
            session.caller("listening")
            await asyncio.sleep(WITHIN_S)
    assert phone.leg.ending.cause is Cause.PROVIDER_FAILED


async def test_a_model_that_hears_is_alive_and_has_its_time_anew() -> None:
    phone = Phone()
    session = expecting(phone)
    for _ in range(20):
        session.emit("user_input_transcribed", UserInputTranscribedEvent(transcript="well,", is_final=False))
        await asyncio.sleep(WITHIN_S / 5)
    assert not session.asked.is_set()
    phone.leg.end(Cause.AGENT_ENDED)


async def test_a_tool_may_take_its_time() -> None:
    phone = Phone()
    session = expecting(phone)
    call = llm.FunctionCall(call_id="1", name="look_up", arguments="{}")
    started = {"type": "tool_call_started", "function_call": call}
    session.emit("tool_execution_updated", ToolExecutionUpdatedEvent.model_validate({"update": started}))
    await asyncio.sleep(3 * WITHIN_S)
    assert not session.asked.is_set()
    phone.leg.end(Cause.AGENT_ENDED)


async def test_a_connection_that_drops_while_it_speaks_owes_the_rest() -> None:
    phone = Phone()
    session = expecting(phone)
    session.agent("speaking")
    error = llm.RealtimeModelError(timestamp=0.0, label="x", error=ConnectionError(), recoverable=True)
    session.emit("error", SimpleNamespace(error=error))
    await asyncio.sleep(2 * WITHIN_S)
    assert not session.asked.is_set()
    session.agent("listening")
    await asyncio.wait_for(session.asked.wait(), SOON)
    phone.leg.end(Cause.AGENT_ENDED)


async def test_a_session_that_can_no_longer_be_asked_ends_the_call() -> None:
    phone = Phone()
    session = expecting(phone)
    session.closing = True
    await asyncio.wait_for(phone.leg.over(), SOON)


async def test_three_providers_have_time_outs_of_their_own() -> None:
    phone = Phone()
    session = expecting(phone, object())
    await asyncio.sleep(3 * WITHIN_S)
    assert not session.asked.is_set()
    phone.leg.end(Cause.AGENT_ENDED)
