"""What changes during a call reaches whoever talks, and the call's events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livekit.agents import AgentSession

from switchboard.call.call import Call
from switchboard.call.events import Changed, Events, Identified
from switchboard.intake.changes import Change, Changes
from switchboard.intake.reading import Reader
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation


def follow_changes(
    reader: Reader, conversation: Conversation[Any], session: AgentSession[Any], events: Events
) -> Changes:
    """From now on; what changed since the decision is told first."""

    async def on_change(now: Call, changes: Sequence[Change]) -> None:
        events.tell(Identified(at=events.now(), call=now))
        conversation.call = now
        for change in changes:
            events.tell(Changed(at=events.now(), what="data", key=change.key, value=change.value))
            if change.key in conversation.route_data:
                continue  # the route's own word stands, whatever the caller's side sends later
            if change.fact is None:
                conversation.data.pop(change.key, None)
            else:
                conversation.data[change.key] = change.value
            if isinstance(session.current_agent, PhoneAgent):
                await session.current_agent.on_data_changed(change.key, change.value)

    changes = Changes(reader, conversation.call, on_change)
    changes.follow()
    return changes
