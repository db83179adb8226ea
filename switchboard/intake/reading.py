"""Reading a caller: the Call of all that LiveKit and the directory know, and the wait for what comes late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Protocol

from livekit import rtc
from livekit.protocol.agent import Job

from switchboard.call.call import Call
from switchboard.call.events import now
from switchboard.call.reading import read_call
from switchboard.directory.directory import Directory
from switchboard.directory.look_up import LookUp, look_up
from switchboard.intake.caller import KINDS, ROOM_EVENTS, changes_of


def expected(job: Job, at: datetime, region: str) -> Call:
    """What a dispatch says of the call that it is for, where nobody has been seen."""
    metadata, room = job.metadata or None, job.room.metadata or None
    return read_call(at=at, direction="inbound", job=metadata, room=room, region=region)


class Waiting(Protocol):
    """What intake must know of the table: which late attributes could still change the decision for this call."""

    def could_change(self, call: Call, missing: Collection[str]) -> Collection[str]: ...

    @property
    def needs(self) -> Collection[str]: ...


@dataclass(frozen=True)
class Reader:
    """Makes the Call of a caller as it is now; the rest does not change meanwhile. `began_at` is the call's time."""

    room: rtc.Room
    caller: rtc.RemoteParticipant
    job_metadata: str
    region: str
    trusted_attributes: Iterable[str] = ()
    began_at: datetime = field(default_factory=now)

    def read(self, customers: Iterable[Mapping[str, Any]] = (), warnings: Iterable[str] = ()) -> Call:
        # Who rejoins is another object under the same identity.
        caller = self.room.remote_participants.get(self.caller.identity, self.caller)
        return read_call(
            at=self.began_at,
            kind=KINDS[caller.kind],
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
            participant_is_trusted=KINDS[caller.kind] == "sip" or not caller.permissions.can_update_metadata,
            warnings=warnings,
        )


async def take_in(reader: Reader, table: Waiting, wait_s: float, directory: Directory | None) -> Call:
    """The Call of a caller, with what the directory knows and the attributes that a route waits for.

    A caller who leaves meanwhile is the leg's affair: it may be a reconnect.
    """
    began = monotonic()
    number = reader.read().remote_number
    found = LookUp((), None, 0.0)
    if directory is not None and number is not None and number.e164:
        found = await look_up(directory, number.e164)
    warnings = [found.warning] if found.warning else []
    # Attributes come while the directory is asked: the wait for them has begun with it.
    missing = await _settle(reader, table, max(0.0, wait_s - (monotonic() - began)), found.rows)
    if missing:
        warnings.append(f"decided without {', '.join(sorted(missing))}: not there after {wait_s * 1000:.0f} ms")
    return reader.read(found.rows, warnings)


async def _settle(
    reader: Reader, table: Waiting, timeout_s: float, customers: Sequence[Mapping[str, Any]]
) -> Collection[str]:
    """Wait until no late attribute can change the route any more, at most `timeout_s`; returns what did not come.

    A call that no waiting route can concern does not wait at all, and neither does one of which all is known.
    """
    missing = _missing(reader.read(customers), table)
    if not missing:
        return ()
    async with changes_of(reader.room, (*ROOM_EVENTS, "participant_attributes_changed")) as changed:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while missing := _missing(reader.read(customers), table):
                    await changed.wait()
                    changed.clear()
    return missing


def _missing(call: Call, table: Waiting) -> Collection[str]:
    absent = [name for name in table.needs if name not in call.attributes]
    return table.could_change(call, absent) if absent and call.kind == "sip" else ()
