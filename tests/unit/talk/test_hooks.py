"""Hooks that a business's agent overrides, and that raise: the caller is answered all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from livekit.agents import Agent, AgentSession, ChatContext, StopResponse, llm

from switchboard.call.reading import read_call
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.equipment import Equipment
from tests.behavior.scripted_llm import ScriptedLLM
from tests.business import ROSTER


class NoLine:
    async def hang_up(self, goodbye: str) -> None:
        raise AssertionError


class Enters(PhoneAgent):
    name = "front_desk"

    async def on_enter(self) -> None:
        raise RuntimeError("the diary is locked")


class Listens(PhoneAgent):
    name = "front_desk"
    raises: Exception = RuntimeError("the diary is locked")

    async def on_user_turn_completed(self, turn_ctx: ChatContext, new_message: llm.ChatMessage) -> None:
        raise self.raises


class Waits(PhoneAgent):
    """For something that is there only once the caller was told "one moment"."""

    name = "front_desk"
    has_waited = False

    async def on_user_turn_completed(self, turn_ctx: ChatContext, new_message: llm.ChatMessage) -> None:
        net: Any = self.conversation.equipment.never_silent
        await net.work.wait()
        self.has_waited = True


class Ignores(Listens):
    raises = StopResponse()


class Net:
    """What a caller hears in place of silence, as far as it is told that there shall be silence."""

    def __init__(self) -> None:
        self.owes = True
        self.moments = 0
        self.work = asyncio.Event()

    def owes_nothing(self) -> None:
        self.owes = False

    def say_moment(self) -> None:
        self.moments += 1
        self.work.set()

    def thinking(self, answer: Any) -> Any:
        return answer


def _conversation(net: Any = None) -> Conversation[None]:
    return Conversation[None](
        call=read_call(), line=NoLine(), roster=ROSTER, business=None, equipment=Equipment(never_silent=net)
    )


async def test_who_is_handed_the_call_speaks_although_their_on_enter_raised(caplog: pytest.LogCaptureFixture) -> None:
    model, conversation = ScriptedLLM(["Good morning, this is the workshop."]), _conversation()
    session = AgentSession[Conversation[None]](llm=model, userdata=conversation, vad=None)
    async with session:
        await session.start(Enters(conversation, handed_over=True), capture_run=True)
        assert [item.text_content for item in session.history.items if isinstance(item, llm.ChatMessage)] == [
            "Good morning, this is the workshop."
        ]
    assert "on_enter of agent front_desk failed" in caplog.text


async def _asked(agent: Agent, conversation: Conversation[None]) -> None:
    hook = agent.on_user_turn_completed
    await hook(ChatContext.empty(), llm.ChatMessage(role="user", content=["Are you open?"]))


async def test_a_turn_is_answered_although_the_agents_own_hook_raised(caplog: pytest.LogCaptureFixture) -> None:
    conversation = _conversation(net := Net())
    await _asked(Listens(conversation), conversation)
    assert "on_user_turn_completed of agent front_desk failed" in caplog.text
    assert net.owes


async def test_a_caller_whose_turn_is_looked_into_for_long_is_told_one_moment() -> None:
    conversation = _conversation(net := Net())
    agent = Waits(conversation)
    await _asked(agent, conversation)
    assert agent.has_waited
    assert net.moments == 1


async def test_an_agent_that_means_to_be_silent_may_be() -> None:
    conversation = _conversation(net := Net())
    with pytest.raises(StopResponse):
        await _asked(Ignores(conversation), conversation)
    assert not net.owes
