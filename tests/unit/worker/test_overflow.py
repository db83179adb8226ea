"""Callers whom no worker has a line for: who is told, and who is left alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.room import (
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListParticipantsResponse,
    RoomParticipantIdentity,
)

from switchboard.livekit_api import attendants
from switchboard.livekit_api.rescues import as_attribute
from switchboard.routing.decision import Answer
from switchboard.worker.overflow.full_house import TOLD_AT_ONCE, FullHouse
from switchboard.worker.overflow.unserved import Unserved
from tests.unit.routing.routing_files import load_text

Kind = ParticipantInfo.Kind
ROOM = "call-_+14155550123_x"
TABLE = """
[[route]]
name = "nuisance"
when = { from = "+1 202 555 0166" }
reject = "busy"

[[route]]
name = "insurer in Spanish"
when = { job.payer = "insurer", room.branch = "Oakland" }
agent = "sales"
language = "es"

[default]
agent = "front_desk"
"""


def somebody(
    identity: str, kind: Any = Kind.SIP, status: str = "ringing", rule: str = "SDR_1", number: str = "+14155550123"
) -> ParticipantInfo:
    attributes = {"sip.callStatus": status, "sip.ruleID": rule, "sip.phoneNumber": number}
    return ParticipantInfo(identity=identity, kind=kind, attributes=attributes, joined_at=1_800_000_000)


def attendant() -> ParticipantInfo:
    return ParticipantInfo(identity=attendants.IDENTITY, kind=Kind.STANDARD)


class Desk:
    """Whom it spoke to, in which language, and who is on the record as refused and why. `has_words` to speak."""

    def __init__(self, *, has_words: bool = True, takes_time: bool = False) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.waiting: list[int] = []
        self.transferred: list[str] = []
        self.hang_up = asyncio.Event()
        self.refused: list[tuple[str, str]] = []
        self._has_words = has_words
        self._takes_time = takes_time

    async def announce(self, caller: Unserved, answer: Answer) -> bool:
        if self._has_words:
            self.told.append((caller.room, caller.decision.route, answer.language))
        if self._takes_time:
            await self.hang_up.wait()
        return self._has_words

    async def transfer(self, caller: Unserved, answer: Answer) -> None:
        self.transferred.append(caller.room)

    async def keep_waiting(self, caller: Unserved, answer: Answer, place: Callable[[], int]) -> None:
        self.waiting.append(place())
        await self.hang_up.wait()

    async def record_refusal(self, caller: Unserved, why: str) -> None:
        self.refused.append((caller.identity, why))


class Server:
    """livekit-server with one room; `people` come one list a look, the last for good. None: the room is gone."""

    def __init__(
        self, *people: list[ParticipantInfo] | None, jobs: int = 0, agent: str = "switchboard", generation: int = 0
    ) -> None:
        state = AgentDispatchState(created_at=1, jobs=[Job(id=f"AJ_{n}") for n in range(jobs)])
        self.dispatch = AgentDispatch(id="AD", agent_name=agent, room=ROOM, state=state)
        if generation:
            self.dispatch.attributes.update(as_attribute(generation))
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


class House:
    """A full house whose file says `then`, and `more` of it."""

    def __init__(
        self, folder: Path, server: Server, then: str = "refuse", desk: Desk | None = None, more: str = ""
    ) -> None:
        self.desk = desk or Desk()
        self.server = server
        file = load_text(folder, f'[overflow]\nthen = "{then}"\n{more}\n{TABLE}')
        self.full = FullHouse(lambda: server.api, "switchboard", lambda: file, self.desk, (0, 0, 0), 0)

    async def tell(self, metadata: str = "", room: str = ROOM) -> None:
        """And wait for what it does beside."""
        await self.full.tell(Room(name=room, metadata=metadata))
        for _ in range(10):
            await asyncio.sleep(0)


async def test_a_caller_who_rings_and_whom_nobody_took_is_refused_with_the_room_and_on_the_record(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, Server([somebody("caller")]))
    await house.tell()
    assert house.server.deleted == [ROOM]
    assert house.desk.refused == [("caller", "all lines are taken")]


@pytest.mark.parametrize("then", ["wait", "announce"])
async def test_one_who_may_wait_or_is_told_is_not_refused(tmp_path: Path, then: str) -> None:
    house = House(tmp_path, Server([somebody("caller")]), then)
    await house.tell()
    assert house.server.deleted == []
    assert house.desk.told == ([(ROOM, "default", "en")] if then == "announce" else [])


async def test_a_caller_is_told_in_the_language_that_the_table_gives_the_call(tmp_path: Path) -> None:
    server = Server([somebody("caller")])
    server.dispatch.metadata = '{"payer": "insurer"}'
    house = House(tmp_path, server, "announce")
    await house.tell('{"branch": "Oakland"}')
    assert house.desk.told == [(ROOM, "insurer in Spanish", "es")]


async def test_whom_the_table_refuses_is_refused_and_not_told(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller", number="+12025550166")]), "announce")
    await house.tell()
    assert (house.server.deleted, house.desk.told) == ([ROOM], [])
    assert house.desk.refused == [("caller", "busy")]


async def test_while_twenty_are_told_the_next_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller")]), "announce", Desk(takes_time=True))
    for number in range(TOLD_AT_ONCE + 1):
        await house.tell(room=f"room {number}")
    assert len(house.desk.told) == TOLD_AT_ONCE
    assert house.server.deleted == [f"room {TOLD_AT_ONCE}"]
    house.desk.hang_up.set()
    await house.tell(room="later")
    await house.tell(room="last")
    assert [room for room, *_ in house.desk.told][-1] == "last"


async def test_where_nobody_can_say_the_words_the_caller_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller")]), "announce", Desk(has_words=False))
    await house.tell()
    assert house.server.deleted == [ROOM]
    assert house.desk.refused == [("caller", "all lines are taken")]


async def test_callers_are_transferred_where_the_file_says_to_whom(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller")]), "transfer", more='transfer = "tel:+14155550199"')
    await house.tell()
    assert (house.desk.transferred, house.server.deleted) == ([ROOM], [])


async def test_callers_wait_in_the_queue_each_with_a_place_until_it_is_full(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller")]), "queue", more="at_most = 2")
    for room in ("a", "b", "c"):
        await house.tell(room=room)
    assert house.desk.waiting == [1, 2]
    assert (house.server.deleted, house.full.kept_lines) == (["c"], 2)
    house.desk.hang_up.set()
    await house.tell(room="d")
    assert house.full.kept_lines == 0


async def test_beyond_the_queue_callers_are_told_where_the_file_has_words_for_them(tmp_path: Path) -> None:
    house = House(tmp_path, Server([somebody("caller")]), "queue", more='at_most = 1\nannounce = "Full."')
    for room in ("a", "b"):
        await house.tell(room=room)
    assert (house.desk.waiting, house.desk.told) == ([1], [("b", "default", "en")])


async def test_who_was_answered_and_finds_no_place_and_no_words_is_not_left_in_silence(tmp_path: Path) -> None:
    server = Server([somebody("caller", status="active")])
    house = House(tmp_path, server, "queue", Desk(has_words=False), more="at_most = 1")
    for room in ("a", "b"):
        await house.tell(room=room)
    assert server.deleted == ["b"]


@pytest.mark.parametrize(("others", "told"), [([attendant()], []), ([], [(ROOM, "default", "en")])])
async def test_a_worker_that_stops_leaves_those_who_wait_to_others_and_tells_whom_none_has_found(
    tmp_path: Path, others: list[ParticipantInfo], told: list[tuple[str, str, str]]
) -> None:
    server = Server([somebody("caller", status="active")], [somebody("caller", status="active"), *others])
    house = House(tmp_path, server, "queue")
    running = asyncio.create_task(house.full.run())
    await house.tell()
    assert house.full.kept_lines == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (house.full.kept_lines, house.server.deleted, house.desk.told) == (0, [], told)


@pytest.mark.parametrize("then", ["refuse", "announce", "queue"])
@pytest.mark.parametrize(
    "server",
    [
        Server([somebody("caller")], jobs=1),  # another worker took it
        Server([somebody("caller"), somebody("agent", Kind.AGENT)]),
        Server([somebody("caller"), attendant()]),  # another worker tells them
        Server([somebody("caller")], agent="another"),  # not for us: its own workers see to it
        Server([somebody("caller")], generation=2),  # their agent was lost: the rescue sends another
        Server([somebody("browser", Kind.STANDARD)]),
        Server([somebody("callee", rule="")]),  # whom we call
        Server([somebody("caller", status="hangup")]),
        Server([]),
        Server(None),
    ],
)
async def test_nobody_else_is_refused_or_told(tmp_path: Path, server: Server, then: str) -> None:
    house = House(tmp_path, server, then)
    await house.tell()
    desk = house.desk
    assert not any((server.deleted, server.removed, desk.told, desk.refused, desk.waiting))


async def test_a_caller_who_was_answered_by_a_pin_is_told_but_not_refused(tmp_path: Path) -> None:
    server = Server([somebody("caller", status="active")])
    await House(tmp_path, server).tell()
    assert server.deleted == []
    house = House(tmp_path, server, "announce")
    await house.tell()
    assert len(house.desk.told) == 1


async def test_a_room_with_others_in_it_stays_when_its_caller_is_refused(tmp_path: Path) -> None:
    server = Server([somebody("caller"), somebody("browser", Kind.STANDARD)])
    await House(tmp_path, server).tell()
    assert (server.deleted, server.removed) == ([], ["caller"])


async def test_a_caller_who_comes_after_the_dispatch_is_refused_too(tmp_path: Path) -> None:
    server = Server([], [], [somebody("caller")])
    await House(tmp_path, server).tell()
    assert server.deleted == [ROOM]


async def test_a_server_that_fails_once_is_asked_again_and_one_that_goes_on_failing_is_named_without_the_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server([somebody("caller")])
    server.fails = 1
    await House(tmp_path, server).tell()
    assert server.deleted == [ROOM]
    assert ROOM not in caplog.text
    server.fails = 99
    with caplog.at_level(logging.WARNING):
        await House(tmp_path, server).tell()
    assert "could not be seen to: ServerError" in caplog.text
    assert ROOM not in caplog.text
