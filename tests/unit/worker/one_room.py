"""livekit-server with one room, as far as whoever sends agents into it looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from livekit.agents.types import ATTRIBUTE_AGENT_NAME
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState, CreateAgentDispatchRequest
from livekit.protocol.models import ParticipantInfo, ParticipantPermission, Room
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListParticipantsResponse,
    RoomParticipantIdentity,
)

Kind = ParticipantInfo.Kind


def job(**attributes: str) -> Job:
    room = Room(sid="RM_1", name="call")
    return Job(
        id="AJ_1",
        dispatch_id="AD_1",
        agent_name="switchboard",
        room=room,
        metadata='{"order": 17}',
        attributes={"tier": "gold", **attributes},
    )


def caller(status: str = "active", kind: Any = Kind.SIP) -> ParticipantInfo:
    may_speak = ParticipantPermission(can_publish=True)
    return ParticipantInfo(
        identity="caller", kind=kind, attributes={"sip.callStatus": status}, permission=may_speak
    )  # fmt: skip


def agent(identity: str, name: str = "switchboard") -> ParticipantInfo:
    return ParticipantInfo(identity=identity, kind=Kind.AGENT, attributes={ATTRIBUTE_AGENT_NAME: name})


@dataclass
class Server:
    """livekit-server with one room. Each of `comes` is whether a dispatch finds a free worker; the last holds on."""

    people: list[ParticipantInfo] = field(default_factory=lambda: [caller(), agent("dead")])
    comes: list[bool] = field(default_factory=lambda: [True])
    refuses: list[str] = field(default_factory=list[str])
    created: list[CreateAgentDispatchRequest] = field(default_factory=list[CreateAgentDispatchRequest])
    is_there: bool = True
    now: float = 0.0

    def __post_init__(self) -> None:
        lost = AgentDispatchState(jobs=[job()])
        self.dispatches = [
            AgentDispatch(
                id="AD_1",
                agent_name="switchboard",
                room="call",
                metadata='{"order": 17}',
                attributes={"tier": "gold"},
                state=lost,
            )
        ]

    @property
    def api(self) -> LiveKitAPI:
        return cast("LiveKitAPI", SimpleNamespace(room=self, agent_dispatch=self))

    def clock(self) -> float:
        """Time goes on with each look at it."""
        self.now += 0.25
        return self.now

    async def list_participants(self, _: ListParticipantsRequest) -> ListParticipantsResponse:
        self._ask("list_participants")
        if not self.is_there:
            raise ServerError("not_found", "no such room", status=404)
        return ListParticipantsResponse(participants=self.people)

    async def list_dispatch(self, _: str) -> list[AgentDispatch]:
        self._ask("list_dispatch")
        return list(self.dispatches)

    async def delete_dispatch(self, id: str, _: str) -> None:
        self._ask("delete_dispatch")
        found = [one for one in self.dispatches if one.id == id]
        if not found:
            raise ServerError("not_found", "dispatch ID not found", status=404)
        self.dispatches.remove(found[0])

    async def create_dispatch(self, request: CreateAgentDispatchRequest) -> None:
        self._ask("create_dispatch")
        self.created.append(request)
        comes = self.comes.pop(0) if len(self.comes) > 1 else self.comes[0]
        state = AgentDispatchState(jobs=[Job(id="AJ_2")] if comes else [])
        made = AgentDispatch(
            id=f"AD_{len(self.created) + 1}", agent_name=request.agent_name, attributes=request.attributes, state=state
        )
        self.dispatches.append(made)
        if comes:
            self.people.append(agent("rescuer"))

    async def remove_participant(self, request: RoomParticipantIdentity) -> None:
        self._ask("remove_participant")
        self.people = [person for person in self.people if person.identity != request.identity]

    async def delete_room(self, _: DeleteRoomRequest) -> None:
        self._ask("delete_room")
        self.is_there = False

    def _ask(self, method: str) -> None:
        if method in self.refuses:
            self.refuses.remove(method)
            raise TimeoutError
