"""Waiting for the caller, and what becomes of a room where none is."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.intake.caller import AnsweredElsewhere, NoCaller, wait_for_caller
from tests.unit.intake.test_caller import LATER, agent, participant

PHONE, BROWSER = participant("SIP", "phone"), participant("STANDARD", "browser")


class Room(rtc.EventEmitter[Any]):
    """`rtc.Room` as far as one waits in it."""

    def __init__(self, *participants: Any) -> None:
        super().__init__()
        self.remote_participants = {one.identity: one for one in participants}
        self.local_participant = agent("ours", LATER)
        self.connected = True

    def isconnected(self) -> bool:
        return self.connected

    def join(self, participant: Any) -> None:
        self.remote_participants[participant.identity] = participant
        self.emit("participant_connected", participant)


async def _wait(room: Room, timeout_s: float = 30.0) -> Any:
    job = SimpleNamespace(room=room, job=SimpleNamespace(agent_name="switchboard"))
    return await wait_for_caller(cast("Any", job), timeout_s)


async def test_who_is_there_already_is_the_caller_at_once() -> None:
    assert await _wait(Room(BROWSER, PHONE), 0.0) is PHONE


async def test_who_comes_later_is_waited_for_past_those_who_are_none() -> None:
    room = Room(participant("EGRESS", "recorder"))
    waiting = asyncio.create_task(_wait(room))
    await asyncio.sleep(0)
    room.join(agent("notes", name="notes"))
    await asyncio.sleep(0)
    assert not waiting.done()
    room.join(PHONE)
    assert await waiting is PHONE


async def test_nobody_in_time_is_told_with_the_time() -> None:
    with pytest.raises(NoCaller, match=r"no caller came within 0\.01 seconds"):
        await _wait(Room(), 0.01)


async def test_a_room_that_is_closed_meanwhile_has_no_caller() -> None:
    room = Room()
    waiting = asyncio.create_task(_wait(room))
    await asyncio.sleep(0)
    room.connected = False
    room.emit("connection_state_changed", 0)
    with pytest.raises(NoCaller, match="the room was closed"):
        await waiting


async def test_nothing_is_listened_to_any_more_when_the_waiting_is_over() -> None:
    room = Room(PHONE)
    listening: dict[Any, Any] = cast("Any", room)._events  # it tells nobody else
    await _wait(room)
    assert listening.keys()
    assert not any(listening.values())


async def test_a_call_that_another_agent_of_our_name_has_is_left_to_it() -> None:
    with pytest.raises(AnsweredElsewhere):
        await _wait(Room(agent("theirs"), PHONE))
