"""What happens to a call whose way is interrupted: the line is closed, and nothing goes on for nobody."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.agents import JobContext

from switchboard.call.causes import Cause
from switchboard.intake.caller import NoCaller
from switchboard.worker.bootstrap import bootstrap
from switchboard.worker.live_call import LiveCall, open_call
from switchboard.worker.settings import Settings
from tests.business import ROOT
from tests.unit.line.fakes import FakeRoom


class FakeJob:
    """A job as far as a call looks at it."""

    def __init__(self, tmp_path: Any) -> None:
        where = {"database_url": f"sqlite:///{tmp_path / 'calls.sqlite3'}", "spool": tmp_path / "spool"}
        settings = Settings().model_copy(update={**where, "config": ROOT / "switchboard.toml"})
        self.room = FakeRoom()
        self.room.name = "room"  # type: ignore[attr-defined]
        self.proc = SimpleNamespace(userdata={"services": bootstrap(ROOT, settings)})
        self.api = SimpleNamespace(room=SimpleNamespace(delete_room=self._delete))
        self.job = SimpleNamespace(id="AJ_1", metadata="")
        self.shut_down: list[str] = []
        self._info = SimpleNamespace(received_at=0.0, accepted_at=0.0, assigned_at=0.0, launched_at=0.0)

    async def _delete(self, _: Any) -> None:
        await self.room.delete()

    def shutdown(self, reason: str) -> None:
        self.shut_down.append(reason)


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


async def test_what_would_wait_for_ever_is_given_up_when_the_call_ends(tmp_path: Any) -> None:
    async def way(live: LiveCall) -> None:
        asyncio.get_running_loop().call_later(0.05, live.leg.end, Cause.CALLER_HUNG_UP)
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
    job = FakeJob(tmp_path)

    async def answer() -> None:
        async with open_call(cast("JobContext", job)):
            await asyncio.Event().wait()

    task = asyncio.create_task(answer())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert job.shut_down == ["the worker stopped"]
    assert not job.room.is_there


async def test_a_call_that_cannot_be_taken_at_all_is_refused_and_not_left_ringing(tmp_path: Any) -> None:
    job = FakeJob(tmp_path)
    job.proc.userdata["services"] = None  # the routing file is at fault
    job.job.room = SimpleNamespace(name="room")

    async def answer() -> None:
        async with open_call(cast("JobContext", job)):
            raise AssertionError("there is nothing to answer with")

    with pytest.raises(AttributeError):
        await answer()
    assert not job.room.is_there
    assert job.shut_down == ["the call could not be taken"]
