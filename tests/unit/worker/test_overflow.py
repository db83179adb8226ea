"""Callers whom no worker has a line for: who is told, and who is left alone."""

from __future__ import annotations

import logging
from typing import Any, Literal, cast

import pytest
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListParticipantsResponse,
    RoomParticipantIdentity,
)

from switchboard.worker.options import Overflow
from switchboard.worker.overflow import FullHouse, settle

Kind = ParticipantInfo.Kind
ROOM = "call-_+14155550123_x"


def somebody(identity: str, kind: Any = Kind.SIP, status: str = "ringing", rule: str = "SDR_1") -> ParticipantInfo:
    return ParticipantInfo(identity=identity, kind=kind, attributes={"sip.callStatus": status, "sip.ruleID": rule})


class Server:
    """livekit-server with one room; `people` come one list a look, the last for good. None: the room is gone."""

    def __init__(self, *people: list[ParticipantInfo] | None, jobs: int = 0, agent: str = "switchboard") -> None:
        state = AgentDispatchState(created_at=1, jobs=[Job(id=f"AJ_{n}") for n in range(jobs)])
        self.dispatch = AgentDispatch(id="AD", agent_name=agent, room=ROOM, state=state)
        self.people = list(people)
        self.deleted: list[str] = []
        self.removed: list[str] = []
        self.fails = 0
        self.room = self.agent_dispatch = self

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    @property
    def api(self) -> LiveKitAPI:
        return cast("LiveKitAPI", self)

    async def list_dispatch(self, _: str) -> list[AgentDispatch]:
        if self.people[0] is None:
            raise ServerError("not_found", "no such room", status=404)
        return [self.dispatch]

    async def list_participants(self, _: ListParticipantsRequest) -> ListParticipantsResponse:
        if self.fails:
            self.fails -= 1
            raise ServerError("internal", f"cannot say who is in {ROOM}", status=500)
        there = self.people.pop(0) if len(self.people) > 1 else self.people[0]
        return ListParticipantsResponse(participants=there)

    async def delete_room(self, request: DeleteRoomRequest) -> None:
        self.deleted.append(request.room)

    async def remove_participant(self, request: RoomParticipantIdentity) -> None:
        self.removed.append(request.identity)


def house(server: Server, then: Literal["refuse", "wait"] = "refuse") -> FullHouse:
    return FullHouse(lambda: server.api, "switchboard", lambda: Overflow(then=then), (0, 0, 0))


async def test_a_caller_who_rings_and_whom_nobody_took_is_refused_with_the_room() -> None:
    server = Server([somebody("caller")])
    await house(server).tell(ROOM)
    assert server.deleted == [ROOM]


async def test_one_who_may_wait_is_left_alone() -> None:
    server = Server([somebody("caller")])
    await house(server, "wait").tell(ROOM)
    assert server.deleted == []


@pytest.mark.parametrize(
    "server",
    [
        Server([somebody("caller")], jobs=1),  # another worker took it
        Server([somebody("caller"), somebody("agent", Kind.AGENT)]),
        Server([somebody("caller")], agent="another"),  # not for us: its own workers see to it
        Server([somebody("browser", Kind.STANDARD)]),
        Server([somebody("callee", rule="")]),  # whom we call
        Server([somebody("caller", status="active")]),
        Server([somebody("caller", status="hangup")]),
        Server([]),
        Server(None),
    ],
)
async def test_nobody_else_is_refused(server: Server) -> None:
    await house(server).tell(ROOM)
    assert (server.deleted, server.removed) == ([], [])


async def test_a_room_with_others_in_it_stays_when_its_caller_is_refused() -> None:
    server = Server([somebody("caller"), somebody("browser", Kind.STANDARD)])
    assert await settle(server.api, ROOM, "switchboard")
    assert (server.deleted, server.removed) == ([], ["caller"])


async def test_a_caller_who_comes_after_the_dispatch_is_refused_too() -> None:
    server = Server([], [], [somebody("caller")])
    await house(server).tell(ROOM)
    assert server.deleted == [ROOM]


async def test_a_server_that_fails_once_is_asked_again_and_one_that_goes_on_failing_is_named_without_the_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server([somebody("caller")])
    server.fails = 1
    await house(server).tell(ROOM)
    assert server.deleted == [ROOM]
    assert ROOM not in caplog.text
    server.fails = 99
    with caplog.at_level(logging.WARNING):
        await house(server).tell(ROOM)
    assert "could not be refused: ServerError" in caplog.text
    assert ROOM not in caplog.text
