"""What was said in a call, written so that another agent can go on with it in another process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livekit.agents import AgentSession, ChatContext
from livekit.agents.llm import ChatMessage, FunctionCall, FunctionCallOutput

_MOST = 100  # items: a model that is given more knows no more of the call


def written(session: AgentSession[Any]) -> list[Any]:
    """What the agent who talks now would be given again, the oldest first; nothing before the session has started."""
    try:
        said = session.current_agent.chat_ctx
    except RuntimeError:
        return []
    said = said.copy(
        exclude_instructions=True, exclude_handoff=True, exclude_config_update=True, exclude_empty_message=True
    )
    return said.truncate(max_items=_MOST).to_dict(exclude_timestamp=False, exclude_metrics=True)["items"]


def recalled(items: Sequence[Any]) -> ChatContext:
    """What `written` wrote. Raises ValueError for what it did not."""
    return ChatContext.from_dict({"items": list(items)})


def waits_for_an_answer(said: ChatContext) -> bool:
    """Whether the caller had the last word."""
    match said.items[-1:]:
        case [FunctionCall() | FunctionCallOutput()]:  # whose result was to be told
            return True
        case [ChatMessage(role="user")]:
            return True
        case _:
            return False
