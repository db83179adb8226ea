"""What happens to a call whose way is interrupted: the line is closed, and nothing goes on for nobody."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import JobContext, JobProcess

from switchboard.call.causes import Cause, Ending
from switchboard.call.reading import read_call
from switchboard.database.migrations import migrate
from switchboard.intake.caller import AnsweredElsewhere, NoCaller
from switchboard.livekit_api.rescues import GENERATION
from switchboard.records.read import latest
from switchboard.records.record import CallRecord
from switchboard.routing.decision import Answer
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.fixed_words import text_of
from switchboard.talk.greeting import Greeting
from switchboard.worker.bootstrap import bootstrap
from switchboard.worker.handing_on import hand_on_services
from switchboard.worker.launch import BUSINESS
from switchboard.worker.live_call import LiveCall, open_call
from switchboard.worker.settings import Settings
from tests.business import ROOT
from tests.unit.line.fakes import FakeCaller, FakeRoom, FakeSession, Reason

OFFERED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = OFFERED + timedelta(seconds=3)


class FakeJob:
    """A job, offered three seconds ago, as far as a call looks at it."""

    def __init__(self, tmp_path: Any, config: Path = ROOT / "switchboard.toml") -> None:
        where = {"database_url": f"sqlite:///{tmp_path / 'calls.sqlite3'}", "spool": tmp_path / "spool"}
        settings = Settings().model_copy(update={**where, "config": config})
        self.room = FakeRoom()
        self.room.name = ""  # type: ignore[attr-defined] - as `rtc.Room` before it is connected
        self.proc = SimpleNamespace(userdata={"services": bootstrap(ROOT, settings, lambda: LATER)})
        self.api = SimpleNamespace(room=SimpleNamespace(delete_room=self._delete))
        self.job = SimpleNamespace(
            id="AJ_1",
            dispatch_id="AD_1",
            agent_name="switchboard",
            metadata="",
            attributes=dict[str, str](),
            room=SimpleNamespace(sid="RM_1", name="room", metadata=""),
        )
        self.shut_down: list[str] = []
        pipe = SimpleNamespace(_reader=asyncio.StreamReader())  # to the worker
        self.inference_executor = SimpleNamespace(_client=SimpleNamespace(_acch=pipe))
        self.worker_dies = pipe._reader.feed_eof
        self._info = SimpleNamespace(received_at=OFFERED.timestamp(), accepted_at=0.0, assigned_at=0.0, launched_at=0.0)

    async def _delete(self, request: Any) -> None:
        assert request.room == "room"
        await self.room.delete()

    def shutdown(self, reason: str) -> None:
        self.shut_down.append(reason)


class SlowDirectory:
    """A directory that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def find(self, number: str) -> Any:
        self.asked.set()
        await asyncio.Event().wait()


async def _row(job: FakeJob) -> CallRecord:
    (row,) = await latest(job.proc.userdata["services"].engine, 2)
    return row


async def _ended(job: FakeJob, way: Any) -> Cause | None:
    """Run `way` within the call; why it ended."""
    found: list[LiveCall] = []

    async def answer() -> None:
        async with open_call(cast("JobContext", job)) as live:
            found.append(live)
            await way(live)

    await asyncio.wait_for(answer(), 10)
    (live,) = found
    assert not job.room.is_there
    assert job.shut_down == [str(live.leg.ending)]
    return live.leg.ending and live.leg.ending.cause


async def test_who_came_second_leaves_the_call_its_room_and_its_record_to_the_other(tmp_path: Any) -> None:
    job = FakeJob(tmp_path)
    await migrate(job.proc.userdata["services"].engine)
    async with open_call(cast("JobContext", job)) as live:
        raise AnsweredElsewhere
    assert live.leg.ending == Ending(Cause.ANSWERED_ELSEWHERE)
    assert job.shut_down == ["another agent has the call"]
    job.room.emit("disconnected", Reason.CLIENT_INITIATED)  # ours, as the job ends
    await live.leg.close()
    assert job.room.deletions == 0
    assert await latest(job.proc.userdata["services"].engine, 2) == []


async def test_what_would_wait_for_ever_is_given_up_when_the_call_ends(tmp_path: Any) -> None:
    async def way(live: LiveCall) -> None:
        asyncio.get_running_loop().call_soon(live.leg.end, Cause.CALLER_HUNG_UP)
        await asyncio.Event().wait()  # a session that never starts

    assert await _ended(FakeJob(tmp_path), way) is Cause.CALLER_HUNG_UP


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (RuntimeError("broken"), Cause.FAULT),
        (NoCaller("no caller came within 5 seconds"), Cause.NO_CALLER),
    ],
    ids=["a fault", "nobody"],
)
async def test_whatever_is_raised_on_the_way_ends_the_call_and_its_room(
    tmp_path: Any, fault: Exception, cause: Cause
) -> None:
    async def way(_: LiveCall) -> None:
        raise fault

    assert await _ended(FakeJob(tmp_path), way) is cause


async def test_a_job_that_is_cancelled_ends_as_the_worker_stops(tmp_path: Any) -> None:
    job, inside = FakeJob(tmp_path), asyncio.Event()

    async def answer() -> None:
        async with open_call(cast("JobContext", job)):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(answer())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert job.shut_down == ["the worker stopped"]
    assert not job.room.is_there


@pytest.mark.parametrize("ends", ["cancelled", "by its session"])
async def test_a_call_whose_worker_dies_keeps_its_room_and_is_left_to_another_agent(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    job, inside, called = FakeJob(tmp_path), asyncio.Event(), list[str]()
    services = job.proc.userdata["services"]
    await migrate(services.engine)

    async def call_successor(_: Any, job: Any) -> None:
        called.append(job.id)

    monkeypatch.setattr("switchboard.worker.live_call.call_successor", call_successor)

    async def answer() -> None:
        async with open_call(cast("JobContext", job)) as live:
            inside.set()
            if ends == "by its session":
                await asyncio.sleep(0)
                live.leg.end(Cause.WORKER_STOPPED)
            await asyncio.Event().wait()

    task = asyncio.create_task(answer())
    await inside.wait()
    job.worker_dies()
    if ends == "cancelled":
        task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert (job.room.is_there, job.room.deletions) == (True, 0)
    assert called == ["AJ_1"]
    assert job.room.left
    assert (await _row(job)).cause == ("process_lost" if ends == "cancelled" else "worker_stopped")


async def test_a_dispatch_that_nobody_called_behind_leaves_a_row(tmp_path: Any) -> None:
    job = FakeJob(tmp_path)
    job.job.metadata = '{"order": 7}'
    await migrate(job.proc.userdata["services"].engine)

    async def way(_: LiveCall) -> None:
        raise NoCaller("no caller came within 5 seconds")

    assert await _ended(job, way) is Cause.NO_CALLER
    row = await _row(job)
    assert (row.cause, row.route, row.room) == ("no_caller", None, "room")
    assert row.facts["order"]["value"] == 7
    assert (row.started_at, row.ended_at) == (OFFERED, LATER)


@pytest.mark.parametrize(
    ("joined", "started"),
    [
        (OFFERED - timedelta(seconds=1), OFFERED),
        (OFFERED + timedelta(seconds=1), OFFERED + timedelta(seconds=1)),
        (LATER + timedelta(seconds=1), LATER),
        (None, LATER),
    ],
    ids=["before the job", "after it", "by a clock that is ahead", "unknown"],
)
async def test_a_caller_who_leaves_before_the_decision_leaves_a_row_of_when_they_began_to_ring(
    tmp_path: Any, joined: datetime | None, started: datetime
) -> None:
    job = FakeJob(tmp_path)
    services = job.proc.userdata["services"]
    await migrate(services.engine)
    directory = SlowDirectory()
    job.proc.userdata["services"] = replace(services, directory=directory)
    job.room.metadata = ""  # type: ignore[attr-defined]
    caller = FakeCaller(attributes={"sip.ruleID": "r", "sip.phoneNumber": "+14155550101"})
    caller.metadata, caller.joined_at = "", joined  # type: ignore[attr-defined]
    job.room.join(caller)

    async def way(live: LiveCall) -> None:
        live.leg.watch(cast("Any", caller))
        taking = asyncio.create_task(live.take_in(cast("Any", caller)))
        await directory.asked.wait()
        job.room.leave(caller, Reason.CLIENT_INITIATED)
        await taking

    assert await _ended(job, way) is Cause.CALLER_HUNG_UP
    row = await _row(job)
    assert (row.from_number, row.route, row.end_reason) == (
        "+14155550101",
        None,
        "the caller hung up: before the call was answered",
    )
    assert row.started_at == started


async def test_a_room_that_cannot_be_connected_to_is_deleted_by_the_jobs_name_and_the_record_says_why(
    tmp_path: Any,
) -> None:
    job = FakeJob(tmp_path)
    await migrate(job.proc.userdata["services"].engine)

    async def way(_: LiveCall) -> None:
        raise rtc.ConnectError("the text may be anything")

    assert await _ended(job, way) is Cause.FAULT
    row = await _row(job)
    assert (row.cause, row.room) == ("fault", "room")
    assert (row.end_reason or "").endswith(": ConnectError")


async def test_a_session_that_fails_once_it_is_heard_leaves_nobody_on_the_line(tmp_path: Any) -> None:
    job, session = FakeJob(tmp_path), FakeSession()

    async def way(live: LiveCall) -> None:
        live.leg.attach(cast("Any", session))
        raise RuntimeError("after its track was published")

    assert await _ended(job, way) is Cause.FAULT
    assert session.closed


def test_a_process_whose_making_fails_stays_to_turn_its_call_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "switchboard.worker.preload", SimpleNamespace(services=None))
    monkeypatch.delenv(BUSINESS, raising=False)
    process = SimpleNamespace(userdata=dict[str, Any]())
    hand_on_services(cast("JobProcess", process))
    assert process.userdata == {"services": None}
    assert "callers are told goodbye until this is mended" in caplog.text


class Prepared:
    """A greeting's sound that is there at once."""

    def __init__(self) -> None:
        self.given_up = False

    def frames(self) -> Any:
        raise AssertionError("nobody listens")

    async def has_begun(self, within_s: float) -> bool:
        return True

    def cancel(self) -> None:
        self.given_up = True


@pytest.mark.parametrize(
    ("generation", "status", "goes_on"),
    [("2", "active", True), ("2", "ringing", False), ("1", "active", False)],
    ids=["a rescue", "a rescue while it rings", "a first agent"],
)
async def test_who_was_greeted_before_is_asked_to_go_on_and_who_was_not_is_greeted(
    tmp_path: Any, generation: str, status: str, goes_on: bool
) -> None:
    job, sound = FakeJob(tmp_path), Prepared()
    job.job.attributes[GENERATION] = generation
    caller = FakeCaller(attributes={"sip.ruleID": "r", "sip.callStatus": status})
    job.room.join(caller)
    answered: list[Greeting] = []

    async def way(live: LiveCall) -> None:
        live.leg.watch(cast("Any", caller))
        call = read_call(attributes={"sip.ruleID": "r", "sip.phoneNumber": "+14155550101"}, at=OFFERED)
        decision = live.decide(call)
        assert isinstance(decision, Answer)
        live.equip(call, decision)
        answered.append(await live.ready(Greeting("Good morning.", sound)))
        live.leg.end(Cause.CALLER_HUNG_UP)

    await _ended(job, way)
    (greeting,) = answered
    assert (greeting.goes_on, sound.given_up) == (goes_on, goes_on)
    assert greeting.words == (text_of("interrupted", "en") if goes_on else "Good morning.")


class Broken(PhoneAgent):
    """An agent whose class was fine when the worker began."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise OSError("the price list is gone")


@pytest.mark.parametrize(("name", "answers"), [("sales", "front_desk"), ("front_desk", None)])
async def test_where_an_agent_cannot_be_made_the_default_one_answers(
    tmp_path: Any, name: str, answers: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    job = FakeJob(tmp_path)
    services = job.proc.userdata["services"]
    await migrate(services.engine)
    services.roster.agent_class(name)
    services.roster._classes[name] = Broken
    conversation = Conversation(call=read_call(), line=cast("Any", None), roster=services.roster, business=None)
    made: list[PhoneAgent] = []

    async def way(live: LiveCall) -> None:
        made.append(live.agent(name, conversation))
        live.leg.end(Cause.CALLER_HUNG_UP)

    assert await _ended(job, way) is (Cause.CALLER_HUNG_UP if answers else Cause.FAULT)
    assert [agent.name for agent in made] == ([answers] if answers else [])
    row = await _row(job)
    assert row.warnings == ([f"agent {name} could not be made (OSError): {answers} answers"] if answers else [])
    assert "price list" not in str(row.warnings) + str(row.end_reason)
