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
    reader: Reader,
    conversation: Conversation[Any],
    session: AgentSession[Any],
    agent: PhoneAgent,
    events: Events,
) -> Changes:
    """From now on, while it rings as well; what changed since the decision is told first. `agent` begins the call."""

    async def on_change(now: Call, changes: Sequence[Change]) -> None:
        events.tell(Identified(at=events.now(), call=now))
        conversation.call = now
        for change in changes:
            events.tell(Changed(at=events.now(), what="data", key=change.key, value=change.value))
            talks = _current(session, agent)
            if change.key in conversation.route_data or not isinstance(talks, PhoneAgent):
                continue  # the route's own word stands, whatever else is said later
            if change.trusted:
                await talks.on_data_changed(change.key, change.value)
            else:
                await talks.on_unverified_changed(change.key, change.value)

    changes = Changes(reader, conversation.call, on_change)
    changes.follow()
    return changes


def _current(session: AgentSession[Any], begins: PhoneAgent) -> object:
    try:
        return session.current_agent
    except RuntimeError:  # it has not started yet
        return begins
