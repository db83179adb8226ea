"""A call whose process died: who is sent to its caller, how often, and what its record says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from livekit.protocol.agent import Job
from livekit.protocol.models import ParticipantInfo

from switchboard.call.causes import Cause, Ending
from switchboard.call.reading import read_call
from switchboard.database.migrations import migrate
from switchboard.livekit_api.rescues import generation_of
from switchboard.records.read import latest
from switchboard.records.recorder import Recorder
from switchboard.records.row import id_of
from switchboard.records.spool import Spool
from switchboard.worker.bootstrap import Services, bootstrap
from switchboard.worker.rescue.lost_calls import MOST, WITHIN_S, Outcome, Rescue, close_record
from switchboard.worker.settings import Settings
from switchboard.worker.waiting import OFFERED_FOR_S
from tests.business import ROOT
from tests.unit.worker.one_room import Kind, Server, agent, caller, job

DIED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


async def rescue(server: Server, lost: Job | None = None) -> Outcome:
    """What becomes of the call of `lost` there."""
    return await Rescue(server.api, lost or job(), {"dead"}, clock=server.clock, looks_every_s=0.0).run()


async def test_the_caller_gets_another_agent_with_all_that_the_dispatch_said_and_a_mark() -> None:
    server = Server()
    assert await rescue(server) is Outcome.GOES_ON
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
    assert await rescue(server) is Outcome.NOBODY_WAITS
    assert server.created == []


async def test_a_room_that_is_gone_is_no_trouble() -> None:
    assert await rescue(Server(is_there=False)) is Outcome.NOBODY_WAITS


def _living(server: Server) -> None:
    server.people.append(agent("another"))


def _taken(server: Server) -> None:
    server.dispatches.clear()


@pytest.mark.parametrize("what", [_living, _taken], ids=["an agent is there", "its dispatch was taken"])
async def test_a_call_that_somebody_else_sees_to_is_left_to_them(what: Callable[[Server], None]) -> None:
    server = Server()
    what(server)
    assert await rescue(server) is Outcome.ELSEWHERE
    assert server.created == []


async def test_another_business_s_agent_in_the_room_is_nobody_who_has_the_call() -> None:
    server = Server()
    server.people.append(agent("recorder", "another name"))
    assert await rescue(server) is Outcome.GOES_ON


async def test_a_dispatch_that_found_only_full_workers_is_made_again() -> None:
    server = Server(comes=[False, False, True])
    assert await rescue(server) is Outcome.GOES_ON
    assert len(server.created) == 3
    assert server.now > 2 * OFFERED_FOR_S
    assert len(server.dispatches) == 1


@pytest.mark.parametrize(
    "refused", ["list_participants", "list_dispatch", "delete_dispatch", "remove_participant", "create_dispatch"]
)
async def test_a_server_that_does_not_answer_once_is_asked_again(refused: str) -> None:
    server = Server(refuses=[refused])
    assert await rescue(server) is Outcome.GOES_ON
    assert len(server.created) == 1


async def test_where_no_agent_comes_the_caller_is_let_go() -> None:
    server = Server(comes=[False])
    assert await rescue(server) is Outcome.GIVEN_UP
    assert WITHIN_S < server.now < WITHIN_S + 1
    assert not server.is_there


async def test_a_call_is_rescued_twice_and_then_let_go() -> None:
    lost, count = job(), 0
    while (outcome := await rescue(server := Server(), lost)) is Outcome.GOES_ON:
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
    await close_record(services, job(), DIED)
    (row,) = await latest(services.engine, 2)
    assert (row.cause, row.ended_at, row.from_number) == ("process_lost", DIED, "+14155550101")


async def test_what_waited_in_the_spool_is_not_written_over_the_end(services: Services) -> None:
    record = _record(services)
    await record.aclose()
    Spool(services.settings.spool).put({**record._copy(), "revision": 90})  # pyright: ignore[reportPrivateUsage]
    await close_record(services, job(), DIED)
    await Spool(services.settings.spool).drain(services.engine)
    (row,) = await latest(services.engine, 2)
    assert (row.cause, row.revision) == ("process_lost", 91)


async def test_a_call_that_had_ended_keeps_its_own_cause(services: Services) -> None:
    record = _record(services)
    record.ended(Ending(Cause.CALLER_HUNG_UP))
    await record.aclose()
    await close_record(services, job(), DIED)
    (row,) = await latest(services.engine, 2)
    assert row.cause == "caller_hung_up"


async def test_a_call_that_was_lost_before_anything_was_written_is_on_the_record(services: Services) -> None:
    await close_record(services, job(), DIED)
    (row,) = await latest(services.engine, 2)
    assert (row.id, row.cause, row.room, row.facts["order"]["value"]) == (id_of("AJ_1"), "process_lost", "call", 17)
