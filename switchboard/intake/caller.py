"""Waits for the caller.

A SIP caller is the one who is answered, whoever else is in the room. Without one, a participant who may speak (a
browser, an app) is. Agents, recorders and listeners never are. A call has one agent: of two, the later one leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from livekit import rtc
from livekit.agents import JobContext
from livekit.agents.types import ATTRIBUTE_AGENT_NAME

from switchboard.call import attributes as names
from switchboard.call.call import Kind
from switchboard.livekit_api.attendants import is_attendant
from switchboard.livekit_api.rescues import generation_of

KINDS: dict[int, Kind] = {
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD: "standard",
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP: "sip",
    rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR: "connector",
}


ROOM_EVENTS = ("participant_connected", "participant_disconnected", "connection_state_changed")


OTHER_CALLER = (
    "another call was put into this one's room: they hear each other, and the other is not answered. "
    "A dispatch rule should make a room for each call (docs/provisioning.md)"
)


class NoCaller(Exception):
    """Nobody to answer: no one came in time, or the room closed first. The message says which."""


class AnsweredElsewhere(Exception):
    """Another agent has this call: two dispatches, and that one came first."""


async def wait_for_caller(
    ctx: JobContext, timeout_s: float, kinds: Collection[Kind] = tuple(KINDS.values())
) -> rtc.RemoteParticipant:
    """The participant to answer, of one of `kinds`.

    Raises NoCaller when none comes within `timeout_s` or the room closes, AnsweredElsewhere when another agent of our
    name was here first.
    """
    async with changes_of(ctx.room, ROOM_EVENTS) as changed:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    others = ctx.room.remote_participants.values()
                    if came_second(ctx.room.local_participant, others, ctx.job.agent_name):
                        raise AnsweredElsewhere
                    if (caller := pick_caller(others, kinds)) is not None:
                        return caller
                    await changed.wait()
                    changed.clear()
                    if not ctx.room.isconnected():
                        raise NoCaller("the room was closed before a caller came")
        except TimeoutError:
            raise NoCaller(f"no caller came within {timeout_s:g} seconds") from None


def pick_caller(
    participants: Iterable[rtc.RemoteParticipant], kinds: Collection[Kind] = tuple(KINDS.values())
) -> rtc.RemoteParticipant | None:
    """The caller among those in the room: SIP before all others, then whoever of `kinds` may speak."""
    candidates = [p for p in participants if KINDS.get(p.kind) in kinds and _may_speak(p) and not is_attendant(p)]
    return min(candidates, key=lambda p: KINDS[p.kind] != "sip", default=None)


def came_second(me: rtc.Participant, others: Iterable[rtc.Participant], agent_name: str) -> bool:
    """Whether one of `others` is an agent of this name that has the call, and not `me`. Of two, one alone comes second.

    A later generation was sent because the earlier one is lost; of one generation, who joined first has the call.
    """
    return any(
        other.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        and other.attributes.get(ATTRIBUTE_AGENT_NAME) == agent_name
        and _order(other) < _order(me)
        for other in others
    )


def _order(participant: rtc.Participant) -> tuple[int, datetime, str]:
    """The last generation first, then LiveKit's order of joining, to the millisecond; the identity tells apart who
    joined in the same one."""
    joined_at = participant.joined_at or datetime.max.replace(tzinfo=UTC)
    return -generation_of(participant.attributes), joined_at, participant.identity


def warn_of_other_callers(room: rtc.Room, caller: rtc.RemoteParticipant, warn: Callable[[str], None]) -> None:
    """`warn`, once, when a telephone call is put into the room in which `caller` is served, or was before.

    The session hears `caller` alone. Who we called ourselves (to be transferred to) belongs to the call.
    """
    warned = False

    def look(participant: rtc.RemoteParticipant) -> None:
        nonlocal warned
        is_call = participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP and participant.attributes.get(
            names.RULE
        )
        if is_call and participant.identity != caller.identity and not warned:
            warned = True
            warn(OTHER_CALLER)

    room.on("participant_connected", look)
    for participant in room.remote_participants.values():
        look(participant)


def _may_speak(participant: rtc.RemoteParticipant) -> bool:
    permissions = participant.permissions
    return permissions.can_publish and not permissions.hidden


@asynccontextmanager
async def changes_of(room: rtc.Room, events: Iterable[Any]) -> AsyncGenerator[asyncio.Event]:
    """An event that is set whenever one of the room's `events` happens."""
    changed = asyncio.Event()

    def on_change(*_: object) -> None:
        changed.set()

    handlers: list[tuple[Any, Callable[..., None]]] = [(event, on_change) for event in events]
    for event, handler in handlers:
        room.on(event, handler)
    try:
        yield changed
    finally:
        for event, handler in handlers:
            room.off(event, handler)
