"""A call whose process died: who is sent to its caller, how often, and what its record says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
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

from switchboard.call.causes import Cause, Ending
from switchboard.call.reading import read_call
from switchboard.database.migrations import migrate
from switchboard.livekit_api.internals import LostJob
from switchboard.livekit_api.rescues import generation_of
from switchboard.records.read import latest
from switchboard.records.recorder import Recorder
from switchboard.records.row import id_of
from switchboard.records.spool import Spool
from switchboard.worker.bootstrap import Services, bootstrap
from switchboard.worker.rescue import MOST, WITHIN_S, Outcome, Rescue, close_record
from switchboard.worker.settings import Settings
from switchboard.worker.waiting import OFFERED_FOR_S
from tests.business import ROOT

DIED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
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

    async def rescue(self, lost: Job | None = None) -> Outcome:
        return await Rescue(self.api, LostJob(lost or job(), "dead"), self.clock, looks_every_s=0.0).run()


async def test_the_caller_gets_another_agent_with_all_that_the_dispatch_said_and_a_mark() -> None:
    server = Server()
    assert await server.rescue() is Outcome.GOES_ON
    (made,) = server.created
    assert (made.room, made.agent_name, made.metadata) == ("call", "switchboard", '{"order": 17}')
    assert made.attributes["tier"] == "gold"
    assert generation_of(made.attributes) == 2
    assert [person.identity for person in server.people] == ["caller", "rescuer"]
    assert server.is_there


@pytest.mark.parametrize(
    "people",
    [
        [agent("dead")],
        [caller("hangup"), agent("dead")],
        [agent("dead"), caller(kind=Kind.EGRESS)],
    ],
    ids=["gone", "hung up", "a recorder"],
)
async def test_nobody_is_sent_where_nobody_waits(people: list[ParticipantInfo]) -> None:
    server = Server(people=people)
    assert await server.rescue() is Outcome.NOBODY_WAITS
    assert server.created == []


async def test_a_room_that_is_gone_is_no_trouble() -> None:
    assert await Server(is_there=False).rescue() is Outcome.NOBODY_WAITS


def _living(server: Server) -> None:
    server.people.append(agent("another"))


def _taken(server: Server) -> None:
    server.dispatches.clear()


@pytest.mark.parametrize("what", [_living, _taken], ids=["an agent is there", "its dispatch was taken"])
async def test_a_call_that_somebody_else_sees_to_is_left_to_them(what: Callable[[Server], None]) -> None:
    server = Server()
    what(server)
    assert await server.rescue() is Outcome.ELSEWHERE
    assert server.created == []


async def test_another_business_s_agent_in_the_room_is_nobody_who_has_the_call() -> None:
    server = Server()
    server.people.append(agent("recorder", "another name"))
    assert await server.rescue() is Outcome.GOES_ON


async def test_a_dispatch_that_found_only_full_workers_is_made_again() -> None:
    server = Server(comes=[False, False, True])
    assert await server.rescue() is Outcome.GOES_ON
    assert len(server.created) == 3
    assert server.now > 2 * OFFERED_FOR_S
    assert len(server.dispatches) == 1


@pytest.mark.parametrize(
    "refused", ["list_participants", "list_dispatch", "delete_dispatch", "remove_participant", "create_dispatch"]
)
async def test_a_server_that_does_not_answer_once_is_asked_again(refused: str) -> None:
    server = Server(refuses=[refused])
    assert await server.rescue() is Outcome.GOES_ON
    assert len(server.created) == 1


async def test_where_no_agent_comes_the_caller_is_let_go() -> None:
    server = Server(comes=[False])
    assert await server.rescue() is Outcome.GIVEN_UP
    assert WITHIN_S < server.now < WITHIN_S + 1
    assert not server.is_there


async def test_a_call_is_rescued_twice_and_then_let_go() -> None:
    lost, count = job(), 0
    while (outcome := await (server := Server()).rescue(lost)) is Outcome.GOES_ON:
        lost = job(**server.created[0].attributes)
        count += 1
    assert (outcome, count) == (Outcome.GIVEN_UP, MOST)
    assert server.created == []
    assert not server.is_there


# --- the record ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def services(tmp_path: Any) -> Services:
    where = {"database_url": f"sqlite:///{tmp_path / 'calls.sqlite3'}", "spool": tmp_path / "spool"}
    services = bootstrap(ROOT, Settings().model_copy(update={**where, "config": ROOT / "switchboard.toml"}))
    await migrate(services.engine)
    return services


def _record(services: Services) -> Recorder:
    """What the process that died had noted."""
    record = Recorder(services.engine, Spool(services.settings.spool), "call", id_of("AJ_1"))
    record.begin(read_call(attributes={"sip.ruleID": "r", "sip.phoneNumber": "+14155550101"}, at=DIED))
    return record


async def test_the_record_of_a_lost_call_says_so_and_keeps_what_was_written(services: Services) -> None:
    await _record(services).aclose()
    await close_record(services, LostJob(job(), "dead"), DIED)
    (row,) = await latest(services.engine, 2)
    assert (row.cause, row.ended_at, row.from_number) == ("process_lost", DIED, "+14155550101")


async def test_what_waited_in_the_spool_is_not_written_over_the_end(services: Services) -> None:
    record = _record(services)
    await record.aclose()
    Spool(services.settings.spool).put({**record._copy(), "revision": 90})  # pyright: ignore[reportPrivateUsage]
    await close_record(services, LostJob(job(), "dead"), DIED)
    await Spool(services.settings.spool).drain(services.engine)
    (row,) = await latest(services.engine, 2)
    assert (row.cause, row.revision) == ("process_lost", 91)


async def test_a_call_that_had_ended_keeps_its_own_cause(services: Services) -> None:
    record = _record(services)
    record.ended(Ending(Cause.CALLER_HUNG_UP))
    await record.aclose()
    await close_record(services, LostJob(job(), "dead"), DIED)
    (row,) = await latest(services.engine, 2)
    assert row.cause == "caller_hung_up"


async def test_a_call_that_was_lost_before_anything_was_written_is_on_the_record(services: Services) -> None:
    await close_record(services, LostJob(job(), "dead"), DIED)
    (row,) = await latest(services.engine, 2)
    assert (row.id, row.cause, row.room, row.facts["order"]["value"]) == (id_of("AJ_1"), "process_lost", "call", 17)
