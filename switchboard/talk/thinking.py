"""The first words as the route asks for them, thought out by the model while it still rings.

It may call the agent's tools for them. When it fails, or takes long, the greeting that is written is said: a caller
is never left to ring, and never hears nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from livekit.agents import Agent, AgentSession, llm

from switchboard.call.events import Events, Warned
from switchboard.routing.decision import Answer
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.greeting import asked_opening
from switchboard.talk.telling import tell_of_tools

logger = logging.getLogger("switchboard")

WITHIN_S = 4.0  # a ring and a half
_CLOSES_WITHIN_S = 0.5  # a tool that cannot be broken off goes on behind the greeting


async def think_of_opening(
    agent: PhoneAgent,
    decision: Answer,
    conversation: Conversation[Any],
    model: llm.LLM[Any] | llm.RealtimeModel | None,
    events: Events,
    within_s: float = WITHIN_S,
) -> str | None:
    """The first words; None where the written greeting is to be said. Takes `within_s` seconds at most.

    A model that speaks by itself thinks aloud: it is told when somebody can hear it.
    """
    asked = asked_opening(decision, conversation.call, conversation.area)
    if asked is None or not isinstance(model, llm.LLM):
        return None
    try:
        async with asyncio.timeout(within_s):
            if words := await _think(agent, asked, conversation, model, events):
                return words
        why = "no words"
    except Exception as error:  # whatever it is, the caller is greeted
        why = type(error).__name__
    text = f"the opening was not thought out in time or at all ({why}): the written greeting is said"
    logger.warning(text)
    events.tell(Warned(at=events.now(), text=text))
    return None


async def _think(
    agent: PhoneAgent, asked: str, conversation: Conversation[Any], model: llm.LLM[Any], events: Events
) -> str:
    """A turn of the agent's without a line: nobody hears it, and it can neither end the call nor hand it over."""
    session = AgentSession[Conversation[Any]](llm=model, userdata=conversation, vad=None)
    tell_of_tools(session, events)
    try:
        await session.start(Agent(instructions=agent.instructions, tools=agent.tools_of_its_trade()), record=False)
        turn = session.generate_reply(instructions=asked)
        await turn
        said = [item.text_content for item in turn.chat_items if isinstance(item, llm.ChatMessage)]
        return (said[-1] or "").strip() if said else ""
    finally:
        await asyncio.wait({asyncio.create_task(session.aclose())}, timeout=_CLOSES_WITHIN_S)
