"""What a business's agent overrides to be told of things. A hook that raises must not leave the caller unanswered."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from livekit.agents import ChatContext, StopResponse, llm

from switchboard.talk.watched_words import done_within

logger = logging.getLogger("switchboard")

_MOMENT_AFTER_S = 0.7  # the turn is known to be over: a look-up of something takes less
_WITHIN_S = 4.0  # more; after that they are answered without it

Hook = Callable[..., Awaitable[None]]


def _entered(hook: Hook, usual: Hook) -> Hook:
    """`on_enter` that goes on as `usual` where `hook` raises: livekit-agents would leave it at that, without a word."""

    @functools.wraps(hook)
    async def on_enter(agent: Any) -> None:
        try:
            await hook(agent)
        except Exception:
            logger.exception("on_enter of agent %s failed: it begins as agents do", agent.name)
            await usual(agent)

    return on_enter


def _turn_completed(hook: Hook, _usual: Hook) -> Hook:
    """`on_user_turn_completed` after which the caller is answered all the same: livekit-agents would drop the turn
    where it raises, and wait without end where it hangs. They are told "one moment" meanwhile.

    StopResponse says that they are not to be answered: then nothing is owed to them.
    """

    @functools.wraps(hook)
    async def on_user_turn_completed(agent: Any, turn_ctx: ChatContext, new_message: llm.ChatMessage) -> None:
        net = agent.conversation.equipment.never_silent
        work = asyncio.ensure_future(hook(agent, turn_ctx, new_message))
        try:
            if not await done_within(work, _MOMENT_AFTER_S) and net:
                net.say_moment()
            await asyncio.wait_for(work, _WITHIN_S)
        except StopResponse:
            if net:
                net.owes_nothing()
            raise
        except Exception:
            logger.exception("on_user_turn_completed of agent %s failed: the caller is answered without it", agent.name)
        finally:
            work.cancel()

    return on_user_turn_completed


# By the name of the hook: what stands around a class's own, given that and the one that all agents have.
GUARDS: Mapping[str, Callable[[Hook, Hook], Hook]] = {
    "on_enter": _entered,
    "on_user_turn_completed": _turn_completed,
}
