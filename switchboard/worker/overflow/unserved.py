"""A caller whom no line is free for: who they are, where the table would have sent them, and their record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import ParticipantInfo, Room

from switchboard.call import attributes as names
from switchboard.call.call import Call
from switchboard.call.causes import Ending
from switchboard.call.reading import read_call
from switchboard.records.recorder import Recorder
from switchboard.routing.decision import Decision, Step
from switchboard.worker.routing_file import RoutingFile
from switchboard.worker.waiting import is_caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """What is known and decided of a call that has no agent. The directory was not asked."""

    room: str
    identity: str
    call: Call
    decision: Decision
    trace: tuple[Step, ...]
    fingerprint: str

    @property
    def came_at(self) -> float:
        """When they joined: Unix seconds, by LiveKit's clock."""
        return self.call.at.timestamp()

    @classmethod
    def of(cls, caller: ParticipantInfo, room: Room, dispatch: AgentDispatch, file: RoutingFile) -> Unserved:
        """By what LiveKit's API says of a caller on a telephone: all of it is there when they are."""
        call = read_call(
            at=datetime.fromtimestamp(came_at(caller), UTC),
            identity=caller.identity,
            attributes=caller.attributes,
            job=dispatch.metadata or None,
            participant=caller.metadata or None,
            room=room.metadata or None,
            region=file.worker.region,
            trusted_attributes=file.worker.trusted_attributes,
        )
        return cls(
            room=room.name,
            identity=caller.identity,
            call=call,
            decision=file.table.decide(call),
            trace=file.table.trace(call),
            fingerprint=file.fingerprint,
        )

    async def write(self, record: Recorder, ending: Ending, at: datetime) -> None:
        """The call's row: it has one when it is over without an agent. Never raises."""
        record.begin(self.call, self.decision, self.trace, self.fingerprint)
        record.ended(ending, at)
        await record.aclose()


def came_at(person: ParticipantInfo) -> float:
    """When they joined, by LiveKit's clock: Unix seconds."""
    return person.joined_at_ms / 1000 or float(person.joined_at)


def is_inbound(person: ParticipantInfo) -> bool:
    """Whether this is somebody on a telephone who called us, and has not hung up. Whom we call has no dispatch rule."""
    return is_caller(person) and bool(person.attributes.get(names.RULE))


def rings(person: ParticipantInfo) -> bool:
    """Whether nobody has answered them."""
    return is_inbound(person) and person.attributes.get(names.STATUS) == names.RINGING
