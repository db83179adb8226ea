"""`agent.py`'s way of a call: who calls, what the table says, and that."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.agents import JobContext

from agent import answer
from switchboard.database.migrations import migrate
from switchboard.records.read import latest
from tests.unit.intake.test_caller import agent
from tests.unit.line.fakes import FakeCaller, FakeRoom
from tests.unit.worker.test_live_call import FakeJob

BUSY = """
[worker]
caller_timeout_s = 1

[[route]]
name = "nuisance"
when = { from = "+12025550166" }
reject = "busy"

[default]
agent = "front_desk"
"""


class Job(FakeJob):
    """A job whose room a caller may be in when it is connected to."""

    def __init__(self, tmp_path: Any, caller: FakeCaller | None = None, reachable: bool = True) -> None:
        (tmp_path / "switchboard.toml").write_text(BUSY, encoding="utf-8")
        super().__init__(tmp_path, config=tmp_path / "switchboard.toml")
        self._caller = caller
        self._reachable = reachable
        room: Any = self.room
        room.metadata, room.isconnected = "", lambda: True
        vars(room.local_participant).update(vars(agent("ours")))
        self.job.agent_name = "switchboard"

    async def connect(self, **_: Any) -> None:
        if not self._reachable:
            raise ConnectionError("no LiveKit")
        if self._caller is not None:
            self.room.join(self._caller)


def _nuisance() -> FakeCaller:
    caller: Any = FakeCaller(attributes={"sip.ruleID": "r", "sip.phoneNumber": "+12025550166"})
    caller.metadata, caller.joined_at = "", None
    caller.permissions = SimpleNamespace(can_publish=True, hidden=False, can_update_metadata=False)
    return caller


async def _ended(job: Job) -> tuple[str, str | None]:
    """Answer the call of `job`: why it says that it is over, and the route on its record."""
    engine = job.proc.userdata["services"].engine
    await migrate(engine)
    await asyncio.wait_for(answer(cast("JobContext", job)), 30)
    assert isinstance(job.room, FakeRoom)
    assert not job.room.is_there
    (row,) = await latest(engine, 2)
    (reason,) = job.shut_down
    assert row.end_reason == reason
    return reason, row.route


async def test_a_caller_whom_the_table_refuses_is_refused_while_it_rings(tmp_path: Any) -> None:
    assert await _ended(Job(tmp_path, _nuisance())) == ("refused: busy", "nuisance")


async def test_a_room_where_nobody_comes_is_closed_and_on_the_record(tmp_path: Any) -> None:
    assert await _ended(Job(tmp_path)) == ("no caller came: no caller came within 1 seconds", None)


async def test_a_room_that_cannot_be_joined_is_closed_and_on_the_record(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reason, route = await _ended(Job(tmp_path, reachable=False))
    assert (reason.startswith("a fault in the worker"), route) == (True, None)
    assert "could not be answered" in caplog.text
