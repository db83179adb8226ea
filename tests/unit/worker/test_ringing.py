"""Calls that ring and were given to nobody: what a room is, and who takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState, CreateAgentDispatchRequest
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListParticipantsResponse,
    ListRoomsRequest,
    ListRoomsResponse,
)

from switchboard.livekit_api import attendants
from switchboard.livekit_api.rescues import generation_of
from switchboard.worker.overflow.full_house import FullHouse
from switchboard.worker.overflow.waiting_line import WaitingLine
from switchboard.worker.ringing import BEYOND_AFTER_S, LOOKS_INTO, RINGS_AT_MOST_S, RingingCalls, worth_a_look
from switchboard.worker.waiting import DESERTED_AFTER_S, OFFERED_FOR_S, Verdict, judge

NOW = 1_800_000_000.0
Kind = ParticipantInfo.Kind
OLD = NOW - OFFERED_FOR_S - 1
LONG_AGO = NOW - DESERTED_AFTER_S - 1


def dispatch(
    room: str = "call", *, agent: str = "switchboard", at: float = OLD, jobs: int = 0, metadata: str = ""
) -> AgentDispatch:
    state = AgentDispatchState(created_at=int(at * 1e9), jobs=[Job(id=f"AJ_{n}") for n in range(jobs)])
    return AgentDispatch(
        id=f"AD_{room}", agent_name=agent, room=room, metadata=metadata, state=state, attributes={"tier": "gold"}
    )


def attendant(*, keeps_waiting: bool) -> ParticipantInfo:
    marks = attendants.attributes(keeps_waiting=keeps_waiting)
    return ParticipantInfo(identity=attendants.IDENTITY, kind=Kind.STANDARD, attributes=marks)


def person(kind: Any = Kind.SIP, status: str = "ringing", came_at: float = OLD) -> ParticipantInfo:
    attributes = {"sip.callStatus": status, "sip.ruleID": "SDR_1"}
    return ParticipantInfo(identity=str(kind), kind=kind, attributes=attributes, joined_at_ms=int(came_at * 1000))


@pytest.mark.parametrize(
    ("dispatches", "people", "is_"),
    [
        ([dispatch()], [person()], Verdict.WAITING),
        ([dispatch()], [person(status="active")], Verdict.WAITING),  # a PIN was asked for, and then silence
        ([dispatch()], [person(Kind.STANDARD), person()], Verdict.WAITING),
        ([dispatch(jobs=1)], [person()], Verdict.SERVED),
        ([dispatch(jobs=1, at=LONG_AGO)], [person()], Verdict.DESERTED),
        ([dispatch(jobs=1, at=LONG_AGO), dispatch(jobs=1)], [person()], Verdict.SERVED),  # another is on its way
        ([dispatch(jobs=1, at=LONG_AGO)], [person(), person(Kind.AGENT)], Verdict.SERVED),
        ([dispatch(jobs=1, at=LONG_AGO)], [person(status="hangup")], Verdict.SERVED),
        ([dispatch(), dispatch(jobs=1)], [person()], Verdict.SERVED),
        ([dispatch()], [person(), person(Kind.AGENT)], Verdict.SERVED),
        ([], [person(), person(Kind.AGENT)], Verdict.SERVED),
        ([dispatch()], [person(), attendant(keeps_waiting=True)], Verdict.WAITING),
        ([dispatch()], [person(), attendant(keeps_waiting=False)], Verdict.TOLD),
        ([dispatch(jobs=1)], [person(), attendant(keeps_waiting=False)], Verdict.SERVED),
        ([dispatch(at=NOW - 1)], [person()], Verdict.OFFERED),
        ([dispatch(), dispatch(at=NOW - 1)], [person()], Verdict.OFFERED),  # somebody has just taken it
        ([dispatch(at=NOW + 60)], [person()], Verdict.OFFERED),  # their clock is ahead of ours
        ([dispatch(agent="another")], [person()], Verdict.NOT_OURS),
        ([dispatch(agent="")], [person()], Verdict.NOT_OURS),  # LiveKit's own, in every room
        ([], [person()], Verdict.NOT_OURS),
        ([dispatch()], [], Verdict.NOT_OURS),
        ([dispatch()], [person(status="hangup")], Verdict.NOT_OURS),
        ([dispatch()], [person(Kind.STANDARD)], Verdict.NOT_OURS),
        ([dispatch()], [person(Kind.EGRESS), person(Kind.INGRESS), person(Kind.BRIDGE)], Verdict.NOT_OURS),
    ],
)
def test_a_call_waits_where_a_telephone_rings_and_nobody_was_given_it(
    dispatches: Sequence[AgentDispatch], people: Sequence[ParticipantInfo], is_: Verdict
) -> None:
    assert judge(dispatches, people, "switchboard", NOW) is is_


def test_rooms_are_looked_into_oldest_first_and_neither_ancient_ones_nor_those_left_alone() -> None:
    too_old = RINGS_AT_MOST_S + 1
    ages = {"new": 1, "old": 20, "older": 90, "ancient": too_old, "served": 10, "again": 10, "known": too_old}
    rooms = [Room(sid=name, creation_time=int(NOW - age)) for name, age in ages.items()]
    left_alone = {"served": float("inf"), "again": NOW - 1, "known": NOW - 1}
    assert [room.sid for room in worth_a_look(rooms, left_alone, NOW)] == ["known", "older", "old", "again", "new"]


def test_rooms_of_one_second_are_told_apart_by_their_milliseconds() -> None:
    later, earlier = Room(sid="b", creation_time=100, creation_time_ms=100_900), Room(sid="a", creation_time_ms=100_100)
    earlier.creation_time = 100
    assert [room.sid for room in worth_a_look([later, earlier], {}, 101)] == ["a", "b"]


@dataclass
class Server:
    """livekit-server as far as a look asks it. `refuses` are the methods that fail next, once each."""

    dispatches: dict[str, list[AgentDispatch]] = field(default_factory=dict[str, list[AgentDispatch]])
    people: dict[str, list[ParticipantInfo]] = field(default_factory=dict[str, list[ParticipantInfo]])
    created: list[CreateAgentDispatchRequest] = field(default_factory=list[CreateAgentDispatchRequest])
    refuses: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])

    @property
    def api(self) -> LiveKitAPI:
        return cast("LiveKitAPI", SimpleNamespace(room=self, agent_dispatch=self))

    def ring(self, room: str, metadata: str = "") -> None:
        self.dispatches[room] = [dispatch(room, metadata=metadata)]
        self.people[room] = [person()]

    def hang_up(self, room: str) -> None:
        del self.dispatches[room], self.people[room]

    async def list_rooms(self, _: ListRoomsRequest) -> ListRoomsResponse:
        self._ask("list_rooms", None)
        return ListRoomsResponse(rooms=[Room(sid=f"RM_{r}", name=r, creation_time=int(OLD)) for r in self.people])

    async def list_dispatch(self, room: str) -> list[AgentDispatch]:
        self._ask("list_dispatch", room)
        return list(self.dispatches[room])

    async def list_participants(self, request: ListParticipantsRequest) -> ListParticipantsResponse:
        return ListParticipantsResponse(participants=self.people.get(request.room, []))

    async def delete_dispatch(self, id: str, room: str) -> None:
        self._ask("delete_dispatch", room)
        found = [one for one in self.dispatches[room] if one.id == id]
        if not found:
            raise ServerError("not_found", "dispatch ID not found", status=404)
        self.dispatches[room].remove(found[0])
        await asyncio.sleep(0)
        self._lose("delete_dispatch, and its answer is lost")

    async def delete_room(self, request: DeleteRoomRequest) -> None:
        self._ask("delete_room", request.room)
        self.hang_up(request.room)

    async def create_dispatch(self, request: CreateAgentDispatchRequest) -> None:
        self._ask("create_dispatch", None)
        self.created.append(request)
        self.people.setdefault(request.room, []).append(person(Kind.AGENT))

    def _ask(self, method: str, room: str | None) -> None:
        self.asked.append(method)
        self._lose(method)
        if room is not None and room not in self.dispatches:
            raise ServerError("unavailable", "twirp error unknown: no response from servers", status=503)

    def _lose(self, method: str) -> None:
        if method in self.refuses:
            self.refuses.remove(method)
            raise TimeoutError


class Full:
    """The house when it is full: the rooms whose callers it sees to, if it `acts` at all; with a queue if it keeps
    callers for some seconds."""

    def __init__(self, *, acts: bool = True, keeps_s: float = 0.0) -> None:
        self.acts = acts
        self.keeps_s = keeps_s
        self.line = WaitingLine()
        self.seen_to: list[str] = []

    @property
    def house(self) -> FullHouse:
        return cast("FullHouse", self)

    async def see_to(self, _: LiveKitAPI, room: Room) -> bool:
        self.seen_to.append(room.name)
        return True


def worker(server: Server, full: Full | None = None, now: float = NOW) -> RingingCalls:
    return RingingCalls(server.api, "switchboard", (full or Full()).house, lambda: now)


async def test_a_call_found_twice_is_taken_with_all_that_its_dispatch_said() -> None:
    server = Server()
    server.ring("call", metadata='{"order": 17}')
    ringing = worker(server)
    assert await ringing.look(1) == 0
    assert ringing.more_to_see
    assert await ringing.look(1) == 1
    assert len(server.created) == 1
    made = server.created[0]
    assert (made.room, made.agent_name, made.metadata) == ("call", "switchboard", '{"order": 17}')
    assert made.attributes["tier"] == "gold"
    assert attendants.waited_since(made.attributes) == OLD
    await ringing.look(1)
    assert not ringing.more_to_see
    assert len(server.created) == 1


async def test_three_workers_that_look_together_take_a_call_once() -> None:
    server = Server()
    server.ring("call")
    workers = [worker(server) for _ in range(3)]
    await asyncio.gather(*(one.look(1) for one in workers))
    taken = await asyncio.gather(*(one.look(1) for one in workers))
    assert sorted(taken) == [0, 0, 1]
    assert len(server.created) == 1


async def test_of_200_calls_it_takes_as_many_as_it_has_lines_and_looks_into_no_more_than_it_may() -> None:
    server = Server()
    for number in range(200):
        server.ring(f"call {number:03}")
    ringing = worker(server)
    await ringing.look(12)
    assert server.asked.count("list_dispatch") == LOOKS_INTO
    assert await ringing.look(12) == 12
    assert [request.room for request in server.created] == [f"call {number:03}" for number in range(12)]


async def test_a_call_whose_agent_is_no_more_gets_one_that_goes_on() -> None:
    server = Server()
    server.ring("call")
    server.dispatches["call"] = [dispatch("call", at=LONG_AGO, jobs=1)]
    ringing = worker(server)
    assert await ringing.look(1) == 0
    assert await ringing.look(1) == 1
    (made,) = server.created
    assert (generation_of(made.attributes), attendants.waited_since(made.attributes)) == (2, None)


async def test_a_served_room_is_looked_into_once() -> None:
    server = Server()
    server.ring("call")
    server.people["call"].append(person(Kind.AGENT))
    ringing = worker(server)
    for _ in range(3):
        await ringing.look(1)
    assert server.asked.count("list_dispatch") == 1


async def test_a_caller_who_hangs_up_meanwhile_is_no_trouble() -> None:
    server = Server()
    server.ring("call")
    server.ring("next")
    ringing = worker(server)
    await ringing.look(2)
    del server.dispatches["call"]  # the list of rooms is a moment old
    assert await ringing.look(2) == 1
    assert [request.room for request in server.created] == ["next"]


@pytest.mark.parametrize(
    "refused",
    ["list_rooms", "list_dispatch", "delete_dispatch", "delete_dispatch, and its answer is lost", "create_dispatch"],
)
async def test_a_call_is_not_lost_when_the_server_fails(refused: str) -> None:
    server = Server()
    server.ring("call")
    ringing = worker(server)
    await ringing.look(1)
    server.refuses.append(refused)
    with pytest.raises(TimeoutError):
        await ringing.look(1)
    for _ in range(2):
        await ringing.look(1)
    assert [request.room for request in server.created] == ["call"]
    assert not ringing.owes


async def test_a_call_that_was_taken_and_hung_up_while_the_server_failed_is_let_go() -> None:
    server = Server(refuses=["create_dispatch"])
    server.ring("call")
    ringing = worker(server)
    await ringing.look(1)
    with pytest.raises(TimeoutError):
        await ringing.look(1)
    assert ringing.owes
    server.hang_up("call")
    await ringing.look(1)
    assert not ringing.owes
    assert server.created == []


async def test_calls_that_no_worker_had_a_line_for_are_seen_to_after_a_while_the_others_are_taken() -> None:
    server = Server()
    server.ring("first")
    server.ring("second")
    full = Full()
    ringing = worker(server, full, now=OLD + BEYOND_AFTER_S + 1)
    await ringing.look(1)
    assert await ringing.look(1) == 1
    assert [request.room for request in server.created] == ["first"]
    assert full.seen_to == ["second"]


@pytest.mark.parametrize(("acts", "rang_s"), [(True, BEYOND_AFTER_S - 1), (False, BEYOND_AFTER_S + 60)])
async def test_a_call_waits_while_another_worker_may_take_it_and_for_ever_where_the_file_says_so(
    acts: bool, rang_s: float
) -> None:
    server, full = Server(), Full(acts=acts)
    server.ring("call")
    ringing = worker(server, full, now=OLD + rang_s)
    for _ in range(3):
        assert await ringing.look(0) == 0
    assert full.seen_to == []


async def test_who_waits_longest_is_served_first_whichever_room_is_older() -> None:
    server = Server()
    for name, came_at in (("later", OLD - 1), ("earlier", OLD - 9), ("last", OLD)):
        server.ring(name)
        server.people[name] = [person(status="active", came_at=came_at), attendant(keeps_waiting=True)]
    full = Full(keeps_s=600)
    ringing = worker(server, full)
    await ringing.look(0)
    came = {"earlier": OLD - 9, "later": OLD - 1, "last": OLD}
    assert [full.line.before(name, at) for name, at in came.items()] == [0, 1, 2]
    assert await ringing.look(1) == 1
    assert [request.room for request in server.created] == ["earlier"]
    assert full.seen_to == []


async def test_a_caller_whose_attendant_has_gone_with_its_worker_is_seen_to_by_another_at_once() -> None:
    server, full = Server(), Full(keeps_s=600)
    server.ring("call")
    server.people["call"] = [person(status="active")]
    ringing = worker(server, full)
    for _ in range(2):
        await ringing.look(0)
    assert full.seen_to == ["call"]


async def test_a_queue_is_looked_into_for_as_long_as_callers_may_wait_in_it() -> None:
    server, full = Server(), Full(keeps_s=600)
    server.ring("call")
    server.people["call"] = [person(status="active"), attendant(keeps_waiting=True)]
    late = worker(server, full, now=OLD + 599)
    await late.look(1)
    assert await late.look(1) == 1
