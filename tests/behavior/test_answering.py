"""Who picked up: livekit-agents' detector, driven by hand, with a scripted model as its judge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from livekit.agents import Agent, AgentSession

from switchboard.outbound.answering import MachinePolicy, machine_policy, who_answered
from tests.behavior.scripted_llm import ScriptedLLM, Tool


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
