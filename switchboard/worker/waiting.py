"""Who is in a room, and whether a caller waits there for somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum, auto

from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from switchboard.call import attributes as names
from switchboard.livekit_api.attendants import is_told
from switchboard.livekit_api.dispatching import is_gone

DESERTED_AFTER_S = 30.0  # an agent who was given the call has joined by then
OFFERED_FOR_S = 3.5  # livekit-server waits 3 s for a worker to take a job, and never offers it again


class Verdict(Enum):
    """What a room is to a worker that looks for ringing calls."""

    SERVED = auto()  # an agent is there, or was given the call
    TOLD = auto()  # an attendant tells the caller that nobody comes
    OFFERED = auto()  # its dispatch is so young that a worker may yet take it
    WAITING = auto()  # a caller waits, and nobody is coming
    DESERTED = auto()  # an agent was given the call, and there is none any more
    NOT_OURS = auto()  # nobody waits for us there


def judge(
    dispatches: Iterable[AgentDispatch], people: Iterable[ParticipantInfo], agent_name: str, now_s: float
) -> Verdict:
    """What a room with these dispatches and participants is to the workers of `agent_name`. `now_s` is Unix time, or
    infinite: then no offer is young, and none is so old that its agent must have come."""
    ours = dispatches_of(agent_name, dispatches)
    present = list(people)
    if any(map(is_agent, present)):
        return Verdict.SERVED
    if any(one.state.jobs for one in ours):
        age_s = now_s - ours[-1].state.created_at / 1e9
        is_deserted = any(map(is_caller, present)) and DESERTED_AFTER_S < age_s < float("inf")
        return Verdict.DESERTED if is_deserted else Verdict.SERVED
    if not ours or not any(map(is_caller, present)):
        return Verdict.NOT_OURS
    if is_told(present):
        return Verdict.TOLD
    return Verdict.OFFERED if now_s - ours[-1].state.created_at / 1e9 < OFFERED_FOR_S else Verdict.WAITING


def dispatches_of(agent_name: str, dispatches: Iterable[AgentDispatch]) -> list[AgentDispatch]:
    """Those of that name, the oldest first."""
    return sorted((one for one in dispatches if one.agent_name == agent_name), key=lambda one: one.state.created_at)


def is_agent(person: ParticipantInfo) -> bool:
    """Whether this is an agent, ours or another."""
    return person.kind == ParticipantInfo.Kind.AGENT


def is_caller(person: ParticipantInfo) -> bool:
    """Whether this is somebody on a telephone who has not hung up."""
    return person.kind == ParticipantInfo.Kind.SIP and person.attributes.get(names.STATUS) != names.HANGUP


async def state_of(api: LiveKitAPI, room: str) -> tuple[list[AgentDispatch], list[ParticipantInfo]] | None:
    """Dispatches and participants; None of a room that is gone. Raises livekit.api's ServerError."""
    try:
        dispatches, people = await asyncio.gather(
            api.agent_dispatch.list_dispatch(room),
            api.room.list_participants(ListParticipantsRequest(room=room)),
        )
    except ServerError as error:
        if not is_gone(error):
            raise
        return None
    return dispatches, list(people.participants)
