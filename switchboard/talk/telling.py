"""A session's events, told to the call's own stream: who has the call, what was said, which tools were called."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from livekit.agents import AgentSession, CloseEvent, ConversationItemAddedEvent, FunctionToolsExecutedEvent, llm

from switchboard.call.events import AgentBegan, Events, Said, ToolCalled
from switchboard.livekit_api.internals import ToolFaults

_SPEAKERS = {"user": "caller", "assistant": "agent"}

_PRODUCT = str(Path(__file__).parents[1])  # whose line it is: the business's own, and not of what stands around it


def tell_of(session: AgentSession[Any], events: Events) -> None:
    """From now on, until the session closes."""

    def on_item(event: ConversationItemAddedEvent) -> None:
        item = event.item
        if isinstance(item, llm.AgentHandoff):
            agent = getattr(session.current_agent, "name", item.new_agent_id)
            events.tell(AgentBegan(at=_time(event.created_at), agent=agent))
        elif isinstance(item, llm.ChatMessage) and item.role in _SPEAKERS:
            events.tell(Said(at=_time(event.created_at), who=_SPEAKERS[item.role], text=item.text_content or ""))

    session.on("conversation_item_added", on_item)
    tell_of_tools(session, events)


def tell_of_tools(session: AgentSession[Any], events: Events) -> None:
    """The tools alone."""
    faults = ToolFaults()

    def on_tools(event: FunctionToolsExecutedEvent) -> None:
        for call, output in event.zipped():
            events.tell(
                ToolCalled(
                    at=_time(event.created_at),
                    tool=call.name,
                    arguments=call.arguments,
                    result=output.output,
                    failed=output.is_error,
                    fault=_written(faults.take(call.name)) if output.is_error else "",
                )
            )

    def on_close(_: CloseEvent) -> None:
        faults.close()

    session.on("function_tools_executed", on_tools)
    session.on("close", on_close)


def _written(raised: BaseException | None) -> str:
    """What was raised, and the line of the tool that it came through: that is where its writer looks first."""
    if raised is None:
        return ""
    text = "".join(traceback.format_exception_only(raised)).strip()
    steps = traceback.extract_tb(raised.__traceback__)
    ours = [step for step in steps if "site-packages" not in step.filename and not step.filename.startswith(_PRODUCT)]
    return f"{text} ({Path(ours[0].filename).name}:{ours[0].lineno})" if ours else text


def _time(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
