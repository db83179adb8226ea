"""Taking a caller in: what is waited for, and what is asked meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.call.call import Call
from switchboard.intake.reading import Reader, take_in
from tests.until import until

SIP = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
STANDARD = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
ATTRIBUTES = {"sip.ruleID": "r", "sip.phoneNumber": "+14155550101"}
NOTHING: Mapping[str, str] = {}


class WaitsForQueue:
    """A table with one route on the header x-queue."""

    needs = frozenset({"sip.h.x-queue"})

    def could_change(self, call: Call, missing: Collection[str]) -> Collection[str]:
        return () if call.is_complete else frozenset(missing)


class SlowDirectory:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        self.asked.set()
        await self.answers.wait()
        return [{"name": "Ada"}]


def _caller(
    kind: int = SIP, identity: str = "caller", can_publish: bool = True, more: Mapping[str, str] = NOTHING
) -> Any:
    permissions = SimpleNamespace(can_publish=can_publish, hidden=False, can_update_metadata=True)
    return SimpleNamespace(
        identity=identity, kind=kind, attributes={**ATTRIBUTES, **more}, metadata="", permissions=permissions
    )


def _reader(caller: Any) -> tuple[Reader, Any]:
    room: Any = rtc.EventEmitter[Any]()
    room.metadata, room.remote_participants = "", {caller.identity: caller}
    return Reader(cast("rtc.Room", room), caller, "", "US"), room


async def test_a_caller_whose_bridge_has_said_everything_is_not_waited_for() -> None:
    reader, _ = _reader(_caller(more={"sip.callIDFull": "1@carrier"}))
    async with asyncio.timeout(5):
        call = await take_in(reader, WaitsForQueue(), 3600, None)
    assert call.warnings == ()


async def test_a_late_header_is_waited_for_and_what_does_not_come_is_a_warning() -> None:
    caller = _caller()
    reader, room = _reader(caller)
    taking = asyncio.create_task(take_in(reader, WaitsForQueue(), 3600, None))
    await until(lambda: room._events.get("participant_attributes_changed"))  # it listens
    caller.attributes = caller.attributes | {"sip.h.x-queue": "gold"}
    room.emit("participant_attributes_changed")
    assert (await asyncio.wait_for(taking, 5)).header("x-queue") == "gold"

    never, _ = _reader(_caller())
    call = await take_in(never, WaitsForQueue(), 0.01, None)
    assert call.warnings == ("decided without sip.h.x-queue: not there after 10 ms",)


async def test_what_comes_while_the_directory_is_asked_is_waited_for_no_more() -> None:
    caller, directory = _caller(), SlowDirectory()
    reader, room = _reader(caller)
    taking = asyncio.create_task(take_in(reader, WaitsForQueue(), 3600, directory))
    await directory.asked.wait()
    caller.attributes = caller.attributes | {"sip.h.x-queue": "gold"}
    room.emit("participant_attributes_changed")
    directory.answers.set()
    call = await asyncio.wait_for(taking, 5)
    assert (call.customer, call.header("x-queue"), call.warnings) == ({"name": "Ada"}, "gold", ())


async def test_the_time_for_attributes_runs_while_the_directory_is_asked() -> None:
    caller, directory = _caller(), SlowDirectory()
    reader, room = _reader(caller)
    taking = asyncio.create_task(take_in(reader, WaitsForQueue(), 0.1, directory))
    await asyncio.sleep(0.12)
    directory.answers.set()

    def comes() -> None:
        caller.attributes = caller.attributes | {"sip.h.x-queue": "gold"}
        room.emit("participant_attributes_changed")

    # One after the other there were 0.1 s left for it.
    asyncio.get_running_loop().call_later(0.05, comes)
    call = await asyncio.wait_for(taking, 5)
    assert "decided without sip.h.x-queue: not there after 100 ms" in call.warnings


async def test_a_caller_who_is_away_for_a_moment_is_taken_in_as_they_were() -> None:
    reader, room = _reader(_caller(more={"sip.callIDFull": "1@carrier"}))
    directory = SlowDirectory()
    taking = asyncio.create_task(take_in(reader, WaitsForQueue(), 3600, directory))
    await directory.asked.wait()
    room.remote_participants.clear()  # as the SDK has it when it connects anew; whether they hung up, the leg knows
    room.emit("participant_disconnected")
    directory.answers.set()
    assert str((await asyncio.wait_for(taking, 5)).from_number) == "+14155550101"


@pytest.mark.parametrize(
    ("kind", "may_change_it", "is_ours"),
    [(STANDARD, True, False), (STANDARD, False, True), (SIP, True, True)],
    ids=["a browser that may", "a browser that may not", "a telephone, whose bridge may"],
)
def test_metadata_that_a_participant_may_change_itself_is_its_own_word(
    kind: int, may_change_it: bool, is_ours: bool
) -> None:
    caller = _caller(kind)
    caller.metadata, caller.permissions.can_update_metadata = '{"plan": "pro"}', may_change_it
    call = _reader(caller)[0].read()
    assert call.value("plan") == "pro"
    assert call.trusted() == ({"plan": "pro"} if is_ours else {})
