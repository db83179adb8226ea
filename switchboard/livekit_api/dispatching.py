"""Calling our agent into a room, once: LiveKit itself adds one more agent with every dispatch."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent_dispatch import AgentDispatch, CreateAgentDispatchRequest
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest, ListRoomsRequest

# s. A dispatch whose agent has not joined by then never will: livekit-server tries once, and never again when
# no worker was there or the job died.
JOINS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Dispatched:
    """`is_new` tells whether an agent was called; if not, `reason` says which one the room has."""

    room: str
    agent: str
    dispatch_id: str
    is_new: bool
    reason: str = ""


async def ensure_agent(api: LiveKitAPI, room: str, agent: str, metadata: Mapping[str, Any]) -> Dispatched:
    """Dispatch `agent` into `room`, which is made if need be, unless an agent is there or on its way.

    Raises livekit.api's ServerError.
    """
    if not (await api.room.list_rooms(ListRoomsRequest(names=[room]))).rooms:
        return await _dispatch(api, room, agent, metadata)
    # A dispatch without a name is the server's own, for workers without one; it brings nobody here.
    dispatches = [one for one in await api.agent_dispatch.list_dispatch(room) if one.agent_name]
    if await has_agent(api, room):
        known = dispatches[0] if dispatches else AgentDispatch()
        return Dispatched(room, known.agent_name, known.id, False, "an agent is in the room")
    coming = next((one for one in dispatches if _age(one) < JOINS_WITHIN), None)
    if coming is not None:
        return Dispatched(room, coming.agent_name, coming.id, False, "an agent was called a moment ago")
    for lost in dispatches:
        if lost.agent_name == agent:
            await claim(api, lost)
    return await _dispatch(api, room, agent, metadata)


async def claim(api: LiveKitAPI, dispatch: AgentDispatch) -> bool:
    """Take a dispatch that brought nobody away. False where another has done so, or the room is gone.

    The server gives it to one alone, who may then `dispatch_again`. Raises livekit.api's ServerError.
    """
    try:
        await api.agent_dispatch.delete_dispatch(dispatch.id, dispatch.room)
    except ServerError as error:
        if not is_gone(error):
            raise
        return False
    return True


def with_attributes(lost: AgentDispatch, attributes: Mapping[str, str]) -> AgentDispatch:
    """`lost` as it is to be made again, with these attributes beside its own."""
    again = AgentDispatch()
    again.CopyFrom(lost)
    again.attributes.update(attributes)
    return again


async def dispatch_again(api: LiveKitAPI, lost: AgentDispatch) -> None:
    """Make a dispatch with all that `lost` said: the workers that are there now are asked. Raises ServerError.

    What nobody is given now will be given to nobody later.
    """
    request = CreateAgentDispatchRequest(
        room=lost.room,
        agent_name=lost.agent_name,
        metadata=lost.metadata,
        restart_policy=lost.restart_policy,
        deployment=lost.deployment,
        attributes=lost.attributes,
    )
    await api.agent_dispatch.create_dispatch(request)


def is_gone(error: ServerError) -> bool:
    """Whether the server means by it that the room, or the dispatch in it, is no more."""
    return error.code == "not_found" or (error.code == "unavailable" and "no response" in error.message)


async def has_agent(api: LiveKitAPI, room: str) -> bool:
    """Whether an agent, ours or another, is a participant of the room. Raises livekit.api's ServerError."""
    people = await api.room.list_participants(ListParticipantsRequest(room=room))
    return any(person.kind == ParticipantInfo.Kind.AGENT for person in people.participants)


async def _dispatch(api: LiveKitAPI, room: str, agent: str, metadata: Mapping[str, Any]) -> Dispatched:
    text = json.dumps(metadata, ensure_ascii=False) if metadata else ""
    request = CreateAgentDispatchRequest(room=room, agent_name=agent, metadata=text)
    made = await api.agent_dispatch.create_dispatch(request)
    return Dispatched(room, agent, made.id, True)


def _age(dispatch: AgentDispatch) -> float:
    return time.time() - dispatch.state.created_at / 1e9
