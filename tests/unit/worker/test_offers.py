"""What a worker answers to calls that it is offered."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from livekit.agents import JobRequest
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import Room

from switchboard.livekit_api.attendants import next_in_line
from switchboard.livekit_api.rescues import GENERATION, as_attribute
from switchboard.worker.lines import Lines
from switchboard.worker.offers import Offers
from switchboard.worker.overflow.full_house import FullHouse


class Told:
    """The house when it is full: the rooms whose callers it was to tell."""

    def __init__(self) -> None:
        self.rooms: list[str] = []
        self.kept_lines = 0

    @property
    def house(self) -> FullHouse:
        return cast("FullHouse", self)

    async def tell(self, room: Room) -> None:
        self.rooms.append(room.name)


class Offered:
    """A call as LiveKit offers it. `starts` lets an accepted one have its process."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.room = Room(name=f"room of {id}")
        self.job = Job(id=id)
        self.marks: dict[str, str] = {}
        self.answers: list[str] = []
        self.starts = asyncio.Event()
        self.fault: Exception | None = None

    @property
    def request(self) -> JobRequest:
        return cast("JobRequest", self)

    async def accept(self, *, attributes: dict[str, str]) -> None:
        self.answers.append("accepted")
        self.marks = attributes
        await self.starts.wait()
        if self.fault:
            raise self.fault

    async def reject(self, *, terminate: bool = True) -> None:
        self.answers.append("rejected for all" if terminate else "left to others")


async def test_of_ten_calls_offered_at_once_to_a_worker_of_three_lines_three_are_taken() -> None:
    told = Told()
    offers = Offers(Lines(3, list), told.house)
    calls = [Offered(f"AJ_{number}") for number in range(10)]
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(offers.answer(call.request))
        await asyncio.sleep(0)
        for call in calls:
            call.starts.set()
    assert [call.answers for call in calls] == [["accepted"]] * 3 + [["left to others"]] * 7
    assert told.rooms == [call.room.name for call in calls[3:]]


@pytest.mark.parametrize(("given", "shown"), [({}, "1"), ({GENERATION: "2"}, "2")], ids=["a first", "a rescuer"])
async def test_an_agent_shows_its_generation_to_all_in_the_room(given: dict[str, str], shown: str) -> None:
    call = Offered("AJ_1")
    call.job.attributes.update(given)
    call.starts.set()
    await Offers(Lines(1, list), Told().house).answer(call.request)
    assert call.marks == {GENERATION: shown}


async def test_the_call_after_one_that_never_started_is_taken() -> None:
    offers = Offers(Lines(1, list), Told().house)
    first, second = Offered("AJ_1"), Offered("AJ_2")
    first.fault = TimeoutError()
    for call in (first, second):
        call.starts.set()
    with pytest.raises(TimeoutError):
        await offers.answer(first.request)
    await offers.answer(second.request)
    assert second.answers == ["accepted"]


async def test_a_new_call_does_not_overtake_those_who_wait_and_they_get_the_line() -> None:
    told = Told()
    offers = Offers(Lines(2, list), told.house)
    told.kept_lines = 2
    new, waited, lost = Offered("AJ_1"), Offered("AJ_2"), Offered("AJ_3")
    waited.job.attributes.update(next_in_line(AgentDispatch(), 1_800_000_000.0).attributes)
    lost.job.attributes.update(as_attribute(2))
    for call in (new, waited, lost):
        call.starts.set()
        await offers.answer(call.request)
    assert (new.answers, waited.answers, lost.answers) == (["left to others"], ["accepted"], ["accepted"])
    told.kept_lines = 1
    next_one = Offered("AJ_4")
    next_one.starts.set()
    await offers.answer(next_one.request)
    assert next_one.answers == ["accepted"], "there are more free lines than callers who wait"
