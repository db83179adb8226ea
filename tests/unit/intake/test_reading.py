"""Taking a caller in: what is waited for, and what is asked meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from livekit import rtc

from switchboard.call.call import Call
from switchboard.intake.reading import Reader, take_in

SIP = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
ATTRIBUTES = {"sip.ruleID": "r", "sip.phoneNumber": "+14155550101"}
NOTHING: Mapping[str, str] = {}


class WaitsForQueue:
    """A table with one route on the header x-queue."""

    needs = frozenset({"sip.h.x-queue"})

    def could_change(self, call: Call, missing: Collection[str]) -> Collection[str]:
        return () if call.is_complete else frozenset(missing)


class SlowDirectory:
    """Answers after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        await asyncio.sleep(self._seconds)
        return [{"name": "Ada"}]


def _caller(kind: int = SIP, identity: str = "caller", more: Mapping[str, str] = NOTHING) -> Any:
    permissions = SimpleNamespace(can_publish=True, hidden=False, can_update_metadata=True)
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
    await asyncio.sleep(0.01)
    caller.attributes = caller.attributes | {"sip.h.x-queue": "gold"}
    room.emit("participant_attributes_changed")
    assert (await asyncio.wait_for(taking, 5)).header("x-queue") == "gold"

    never, _ = _reader(_caller())
    call = await take_in(never, WaitsForQueue(), 0.01, None)
    assert call.warnings == ("decided without sip.h.x-queue: not there after 10 ms",)


async def test_the_directory_is_asked_while_attributes_may_come() -> None:
    reader, _ = _reader(_caller())
    loop = asyncio.get_running_loop()
    began = loop.time()
    call = await take_in(reader, WaitsForQueue(), 0.15, SlowDirectory(0.15))
    assert call.customer == {"name": "Ada"}
    assert loop.time() - began < 0.29, "one after the other they take 0.3 s"


async def test_a_caller_who_is_away_for_a_moment_is_taken_in_as_they_were() -> None:
    reader, room = _reader(_caller(more={"sip.callIDFull": "1@carrier"}))
    taking = asyncio.create_task(take_in(reader, WaitsForQueue(), 3600, SlowDirectory(0.02)))
    await asyncio.sleep(0.01)
    room.remote_participants.clear()  # as the SDK has it when it connects anew; whether they hung up, the leg knows
    room.emit("participant_disconnected")
    assert str((await asyncio.wait_for(taking, 5)).from_number) == "+14155550101"
