"""Intake: waits for the caller and makes the Call of everything LiveKit knows about them.

A SIP caller is the one who is answered, whoever else is in the room. Without one, a participant who may speak (a
browser, an app) is. Agents, recorders and listeners never are.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from livekit import rtc
from livekit.agents import JobContext

from switchboard.call import Call, Kind, read_call
from switchboard.directory import Directory, LookUp, look_up

_KINDS: dict[int, Kind] = {
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD: "standard",
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP: "sip",
    rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR: "connector",
}
_ROOM_EVENTS = ("participant_connected", "participant_disconnected", "connection_state_changed")


class NoCaller(Exception):
    """Nobody to answer: no one came in time, or the room closed first. The message says which."""


class CallerHungUp(Exception):
    """The caller left before the call was answered."""


class Waiting(Protocol):
    """What intake must know of the table: which late attributes could still change the decision for this call."""

    def could_change(self, call: Call, missing: Collection[str]) -> Collection[str]: ...

    @property
    def needs(self) -> Collection[str]: ...


@dataclass(frozen=True)
class Reader:
    """Makes the Call of a caller as it is now; `job_metadata`, `region` and the rest do not change meanwhile."""

    room: rtc.Room
    caller: rtc.RemoteParticipant
    job_metadata: str
    region: str
    trusted_attributes: Iterable[str] = ()

    def read(self, customers: Iterable[Mapping[str, Any]] = (), warnings: Iterable[str] = ()) -> Call:
        caller = self.caller
        return read_call(
            kind=_KINDS[caller.kind],
            identity=caller.identity,
            attributes=caller.attributes,
            # LiveKit has no difference between empty and absent metadata; empty is the ordinary case.
            job=self.job_metadata or None,
            participant=caller.metadata or None,
            room=self.room.metadata or None,
            customers=customers,
            region=self.region,
            trusted_attributes=self.trusted_attributes,
            # The bridge may update its participant, the person on the telephone behind it cannot.
            participant_is_trusted=_KINDS[caller.kind] == "sip" or not caller.permissions.can_update_metadata,
            warnings=warnings,
        )


async def wait_for_caller(ctx: JobContext, timeout_s: float) -> rtc.RemoteParticipant:
    """The participant to answer. Raises NoCaller when none comes within `timeout_s` or the room closes."""
    async with _changes(ctx.room, _ROOM_EVENTS) as changed:
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
    candidates = [p for p in participants if p.kind in _KINDS and _may_speak(p)]
    return min(candidates, key=lambda p: _KINDS[p.kind] != "sip", default=None)


def _may_speak(participant: rtc.RemoteParticipant) -> bool:
    permissions = participant.permissions
    return permissions.can_publish and not permissions.hidden


async def take_in(reader: Reader, table: Waiting, wait_s: float, directory: Directory | None) -> Call:
    """The Call of a caller, with what the directory knows and the attributes that a route waits for.

    Raises CallerHungUp when the caller leaves meanwhile.
    """
    number = reader.read().remote_number
    found = LookUp((), None, 0.0)
    if directory is not None and number is not None and number.e164:
        found = await look_up(directory, number.e164)
    warnings = [found.warning] if found.warning else []
    missing = await _settle(reader, table, wait_s, found.rows)
    if missing:
        warnings.append(f"decided without {', '.join(sorted(missing))}: not there after {wait_s * 1000:.0f} ms")
    return reader.read(found.rows, warnings)


async def _settle(
    reader: Reader, table: Waiting, timeout_s: float, customers: Sequence[Mapping[str, Any]]
) -> Collection[str]:
    """Wait until no late attribute can change the route any more, at most `timeout_s`; returns what did not come.

    A call that no waiting route can concern does not wait at all.
    """
    missing = _missing(reader.read(customers), table)
    if not missing:
        return ()
    async with _changes(reader.room, (*_ROOM_EVENTS, "participant_attributes_changed")) as changed:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while missing := _missing(reader.read(customers), table):
                    await changed.wait()
                    changed.clear()
                    require_present(reader.room, reader.caller.identity)
    return missing


def _missing(call: Call, table: Waiting) -> Collection[str]:
    absent = [name for name in table.needs if name not in call.attributes]
    return table.could_change(call, absent) if absent and call.kind == "sip" else ()


def require_present(room: rtc.Room, identity: str) -> None:
    """Raises CallerHungUp unless the caller is still in the room."""
    if identity not in room.remote_participants:
        raise CallerHungUp


@asynccontextmanager
async def _changes(room: rtc.Room, events: Iterable[Any]) -> AsyncGenerator[asyncio.Event]:
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
