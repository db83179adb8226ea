"""A session's events, told to the call's own stream: who has the call, what was said, which tools were called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from livekit.agents import AgentSession, ConversationItemAddedEvent, FunctionToolsExecutedEvent, llm

from switchboard.call.events import AgentBegan, Events, Said, ToolCalled

_SPEAKERS = {"user": "caller", "assistant": "agent"}


def tell_of(session: AgentSession[Any], events: Events) -> None:
    """From now on, until the session closes."""

    def on_item(event: ConversationItemAddedEvent) -> None:
        item = event.item
        if isinstance(item, llm.AgentHandoff):
            agent = getattr(session.current_agent, "name", item.new_agent_id)
            events.tell(AgentBegan(at=_time(event.created_at), agent=agent))
        elif isinstance(item, llm.ChatMessage) and item.role in _SPEAKERS:
            events.tell(Said(at=_time(event.created_at), who=_SPEAKERS[item.role], text=item.text_content or ""))

    def on_tools(event: FunctionToolsExecutedEvent) -> None:
        for call, output in event.zipped():
            events.tell(
                ToolCalled(
                    at=_time(event.created_at),
                    tool=call.name,
                    arguments=call.arguments,
                    result=output.output,
                    failed=output.is_error,
                )
            )

    session.on("conversation_item_added", on_item)
    session.on("function_tools_executed", on_tools)


def _time(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
