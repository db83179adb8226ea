"""Who picked up: livekit-agents' detector, driven by hand, with a scripted model as its judge."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from livekit.agents import Agent, AgentSession

from switchboard.call.causes import Cause
from switchboard.call.events import Events
from switchboard.call.reading import read_call
from switchboard.line.leg import LegEnded
from switchboard.outbound.answering import MachinePolicy, machine_policy, who_answered
from switchboard.routing.decision import Answer
from switchboard.speech.profile import BUILT_IN
from switchboard.talk.greeting import Greeting
from switchboard.talk.opening import open_conversation
from tests.behavior.scripted_llm import ScriptedLLM, Tool
from tests.unit.line.fakes import IMPATIENT, Phone, Reason
from tests.until import until


@asynccontextmanager
async def session(*replies: str | Tool) -> AsyncGenerator[AgentSession[Any], None]:
    session: AgentSession[Any] = AgentSession(llm=ScriptedLLM(replies))
    await session.start(Agent(instructions=""))
    yield session
    await session.aclose()


async def detector(session: AgentSession[Any]) -> Any:
    """The detector once it listens. It has no public way in: its audio comes from a room."""
    while not (found := vars(session).get("_amd")) or not found.started:
        await asyncio.sleep(0.01)
    return found


async def test_a_short_greeting_and_silence_is_a_person() -> None:
    async with session() as call:
        asking = asyncio.create_task(who_answered(call, identity="callee"))
        listens = await detector(call)
        listens._on_user_speech_started()
        listens._on_user_speech_ended(0.6)
        assert await asyncio.wait_for(asking, 10) == "human"


async def test_the_model_knows_a_mailbox() -> None:
    async with session(Tool("save_prediction", {"label": "machine-vm"})) as call:
        asking = asyncio.create_task(who_answered(call, identity="callee"))
        listens = await detector(call)
        listens._on_transcript("Please leave a message after the tone.")
        listens._on_end_of_turn(None)
        assert await asyncio.wait_for(asking, 10) == "machine"


async def test_silence_is_unknown_once_the_time_is_up() -> None:
    async with session() as call:
        assert await who_answered(call, identity="callee", decide_within=0.1) == "unknown"


async def test_the_clock_starts_with_the_answer() -> None:
    answered = asyncio.Event()
    async with session() as call:
        asking = asyncio.create_task(who_answered(call, identity="callee", answered=answered.wait(), decide_within=0.1))
        await asyncio.sleep(0.3)
        assert not asking.done()
        answered.set()
        assert await asyncio.wait_for(asking, 10) == "unknown"


SPOKEN = Answer(route="r", line=1, agent="front_desk", language="en", speech=BUILT_IN["phone"])
LINGERS = replace(IMPATIENT, tail_s=0.2)


def opening(call: AgentSession[Any], phone: Phone, **data: str) -> asyncio.Task[None]:
    """The first words of a call that we made, to whoever picks up."""
    phone.leg.attach(call)
    made = read_call(attributes={"sip.callStatus": "active"}, direction="outbound", identity="callee")
    decision = replace(SPOKEN, data=data)
    return asyncio.create_task(open_conversation(call, phone.leg, Greeting("Hello."), made, decision, Events(), 5))


def said(call: AgentSession[Any]) -> list[str | None]:
    return [message.text_content for message in call.history.messages() if message.role == "assistant"]


async def test_a_person_is_greeted_once_whatever_they_said_while_we_listened() -> None:
    phone = Phone(attributes={"sip.callStatus": "active"})
    async with session("How can I help you?") as call:
        asking = opening(call, phone, on_machine="hang_up")
        listens = await detector(call)
        call.generate_reply(user_input="Hello?")  # as their turn has it
        listens._on_user_speech_started()
        listens._on_user_speech_ended(0.6)
        await asyncio.wait_for(asking, 10)
        await until(lambda: said(call))
        await asyncio.wait_for(call.drain(), 10)
        assert said(call) == ["Hello."]


async def test_a_message_to_a_machine_is_heard_to_its_end_before_the_line_is_closed() -> None:
    phone = Phone(LINGERS, attributes={"sip.callStatus": "active"})
    loop = asyncio.get_running_loop()
    times: list[float] = []
    async with session(Tool("save_prediction", {"label": "machine-vm"})) as call:
        call.on("conversation_item_added", lambda _: times.append(loop.time()))  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]
        asking = opening(call, phone, on_machine="leave_message", message="Your bike is ready.")
        listens = await detector(call)
        listens._on_transcript("Please leave a message after the tone.")
        listens._on_end_of_turn(None)
        await asyncio.wait_for(asking, 10)
        await asyncio.wait_for(phone.leg.over(), 10)
        assert loop.time() - times[-1] >= LINGERS.tail_s
        assert said(call) == ["Your bike is ready."]
    assert phone.leg.ending is not None
    assert phone.leg.ending.cause is Cause.MACHINE


async def test_who_hangs_up_while_we_listen_to_them_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    phone = Phone(attributes={"sip.callStatus": "active"})
    async with session() as call:
        asking = opening(call, phone, on_machine="hang_up")
        await detector(call)
        phone.room.leave(phone.caller, Reason.CLIENT_INITIATED)
        await phone.leg.close()
        with pytest.raises(LegEnded):
            await asyncio.wait_for(asking, 10)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


NOTHING: dict[str, Any] = {}
CASES: list[tuple[tuple[dict[str, Any], ...], MachinePolicy | None, bool]] = [
    ((NOTHING, NOTHING), None, False),
    ((NOTHING, {"on_machine": "hang_up"}), MachinePolicy(), False),
    (({"on_machine": "leave_message", "message": "Hi."}, NOTHING), MachinePolicy("leave_message", "Hi."), False),
    (({"on_machine": "hang_up"}, {"on_machine": "leave_message", "message": "Hi."}), MachinePolicy(), False),
    (({"on_machine": "leave_message"},), MachinePolicy(), True),
    (({"on_machine": ["hang_up"]},), MachinePolicy(), True),
]


@pytest.mark.parametrize(("sources", "policy", "warned"), CASES)
def test_the_first_source_that_says_something_wins(
    sources: tuple[dict[str, Any], ...], policy: MachinePolicy | None, warned: bool
) -> None:
    found, warning = machine_policy(*sources)
    assert (found, warning is not None) == (policy, warned)
