"""Waits for the caller.

A SIP caller is the one who is answered, whoever else is in the room. Without one, a participant who may speak (a
browser, an app) is. Agents, recorders and listeners never are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from livekit import rtc
from livekit.agents import JobContext

from switchboard.call.call import Kind

KINDS: dict[int, Kind] = {
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD: "standard",
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP: "sip",
    rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR: "connector",
}


ROOM_EVENTS = ("participant_connected", "participant_disconnected", "connection_state_changed")


class NoCaller(Exception):
    """Nobody to answer: no one came in time, or the room closed first. The message says which."""


async def wait_for_caller(ctx: JobContext, timeout_s: float) -> rtc.RemoteParticipant:
    """The participant to answer. Raises NoCaller when none comes within `timeout_s` or the room closes."""
    async with changes_of(ctx.room, ROOM_EVENTS) as changed:
        try:
            async with asyncio.timeout(timeout_s):
                while (caller := pick_caller(ctx.room.remote_participants.values())) is None:
                    await changed.wait()
                    changed.clear()
                    if not ctx.room.isconnected():
                        raise NoCaller("the room was closed before a caller came")
        except TimeoutError:
            raise NoCaller(f"no caller came within {timeout_s:g} seconds") from None
    return caller


def pick_caller(participants: Iterable[rtc.RemoteParticipant]) -> rtc.RemoteParticipant | None:
    """The caller among those in the room: SIP before all others, then whoever may speak."""
    candidates = [p for p in participants if p.kind in KINDS and _may_speak(p)]
    return min(candidates, key=lambda p: KINDS[p.kind] != "sip", default=None)


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
