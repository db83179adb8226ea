"""Whether a call is still ours, by who is in its room."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import JobContext
from livekit.agents.types import ATTRIBUTE_AGENT_NAME
from livekit.api import TwirpError

from switchboard.livekit_api.rescues import GENERATION
from switchboard.worker.rescue.tenure import Tenure
from tests.unit.line.fakes import FakeCaller, FakeRoom

AGENT = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


def agent(generation: str | None, name: str = "switchboard", identity: str = "agent-AJ_2") -> FakeCaller:
    mark = {GENERATION: generation} if generation else {}
    return FakeCaller(identity=identity, kind=AGENT, attributes={ATTRIBUTE_AGENT_NAME: name, **mark})


class Job:
    """A job of the second generation, in a room, on a server that tells who is there, or cannot."""

    def __init__(self) -> None:
        self.room = FakeRoom()
        self.room.disconnect = self._disconnect  # type: ignore[attr-defined]
        self.job = SimpleNamespace(
            attributes={GENERATION: "2"}, agent_name="switchboard", room=SimpleNamespace(name="room")
        )
        self.api = SimpleNamespace(room=SimpleNamespace(list_participants=self._list))
        self.people: list[FakeCaller] = []
        self.fault: Exception | None = None
        self.lost = self.left = 0
        self.now, self.seconds_a_look = 100.0, 0.0

    async def _list(self, request: Any) -> Any:
        assert request.room == "room"
        self.now += self.seconds_a_look
        if self.fault:
            raise self.fault
        return SimpleNamespace(participants=self.people)

    async def _disconnect(self) -> None:
        self.left += 1

    def _on_lost(self) -> None:
        self.lost += 1

    def tenure(self) -> Tenure:
        return Tenure(cast("JobContext", self), self._on_lost, lambda: self.now)


@pytest.mark.parametrize(
    ("other", "lost"),
    [
        pytest.param(agent("3"), 1, id="a later one of ours"),
        pytest.param(agent("2"), 0, id="one of the same generation"),
        pytest.param(agent(None), 0, id="a first one"),
        pytest.param(agent("3", name="another"), 0, id="somebody else's"),
        pytest.param(FakeCaller(attributes={ATTRIBUTE_AGENT_NAME: "switchboard", GENERATION: "3"}), 0, id="no agent"),
    ],
)
async def test_whoever_sees_a_later_agent_come_leaves_the_room_to_it(other: FakeCaller, lost: int) -> None:
    job = Job()
    tenure = job.tenure()
    job.room.join(other)
    assert job.lost == lost
    await tenure.aclose()
    assert job.left == lost


async def test_an_agent_that_shows_its_generation_late_is_seen_too() -> None:
    job = Job()
    tenure = job.tenure()
    other = agent(None)
    job.room.join(other)
    other.attributes[GENERATION] = "3"
    job.room.emit("participant_attributes_changed", {GENERATION: "3"}, other)
    assert job.lost == 1
    await tenure.aclose()


@pytest.mark.parametrize(
    ("people", "fault", "has_one"),
    [
        pytest.param([agent("3"), agent("2", identity="agent-AJ_1")], None, True, id="one not told of"),
        pytest.param([agent("2", identity="agent-AJ_1")], None, False, id="ourselves"),
        pytest.param([], TwirpError("not_found", "requested room does not exist", status=404), False, id="no room"),
    ],
)
async def test_after_a_gap_livekit_server_is_asked(people: list[Any], fault: Exception | None, has_one: bool) -> None:
    job = Job()
    tenure = job.tenure()
    job.people, job.fault = people, fault
    assert await tenure.has_successor() is has_one
    await tenure.aclose()


async def test_who_is_put_out_of_the_room_looks_for_a_successor_before_the_call_is_over() -> None:
    job = Job()
    tenure = job.tenure()
    assert await tenure.is_ours()
    job.room.is_there = False
    asking = asyncio.create_task(tenure.is_ours())
    await asyncio.sleep(0)
    job.people = [agent("3")]
    assert not await asking
    assert job.lost == 1
    await tenure.aclose()


@pytest.mark.parametrize(
    "fault",
    [ConnectionError("no answer"), TwirpError("not_found", "requested room does not exist", status=404), None],
    ids=["no server", "no room", "nobody comes"],
)
async def test_a_call_that_nobody_else_takes_is_ours_to_end(fault: Exception | None) -> None:
    job = Job()
    tenure = job.tenure()
    job.fault, job.room.is_there = fault, False
    job.seconds_a_look = 2.0
    assert await tenure.is_ours()
    assert not job.lost
    await tenure.aclose()


async def test_a_server_that_does_not_answer_for_seconds_leaves_what_the_room_tells() -> None:
    job = Job()
    tenure = job.tenure()
    job.fault = ConnectionError("no answer")
    with pytest.raises(ConnectionError):
        await tenure.has_successor()
    job.now += 4.0
    assert not await tenure.has_successor()
    await tenure.aclose()
