"""Calls that we make over a real SIP bridge to a telephone on UDP: `scripts/test --sip`."""

from __future__ import annotations

import asyncio
import json

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import DeleteRoomRequest, ListParticipantsRequest, RoomParticipantIdentity

from lab.telephone import Manner
from tests.sip.conftest import RealExchange, measured

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("nth", range(6))
async def test_who_picks_up_is_greeted(exchange: RealExchange, nth: int) -> None:
    before = exchange.calls
    ended, call = await exchange.dial(Manner())
    assert json.loads(ended.out)["outcome"] == "answered", ended.err
    greeting = await call.media.speech(0.0, 10)
    await call.media.silence(0.8, 20)
    assert call.media.last_heard - greeting.start > 2, "the greeting is heard whole"
    await call.hang_up()
    assert (await exchange.cause(before))["cause"] == "caller_hung_up"
    if nth:
        measured("called: 200 to the greeting's first audible sample", greeting.start - call.moments["200"])


async def test_keys_are_pressed_before_anybody_speaks(exchange: RealExchange) -> None:
    before = exchange.calls
    ended, call = await exchange.dial(Manner(), "--dtmf", "w1#A")
    assert json.loads(ended.out)["outcome"] == "answered", ended.err
    await call.media.speech(0.0, 10)
    assert call.media.keys == ["1", "#", "a"]
    await call.hang_up()
    assert (await exchange.cause(before))["cause"] == "caller_hung_up"


@pytest.mark.parametrize(
    ("manner", "outcome", "cause"),
    [
        (Manner(486, "Busy Here", rings_after=None), "busy", "declined"),
        (Manner(603, "Decline"), "declined", "declined"),
        (Manner(403, "Forbidden", rings_after=None), "carrier_error", "declined"),
        (Manner(404, "Not Found", rings_after=None), "wrong_number", "unreachable"),
        (Manner(480, "Temporarily Unavailable", rings_after=None), "no_answer", "unreachable"),
        (Manner(503, "Service Unavailable", rings_after=None), "carrier_error", "carrier_failed"),
        (Manner(0), "no_answer", "not_answered"),
        (Manner(0, rings_after=None), "carrier_error", "unreachable"),
    ],
    ids=["486", "603", "403", "404", "480", "503", "nobody picks up", "it never rings"],
)
async def test_who_does_not_pick_up(exchange: RealExchange, manner: Manner, outcome: str, cause: str) -> None:
    before = exchange.calls
    ended, _ = await exchange.dial(manner, "--ring-timeout", "3")
    assert (ended.code, json.loads(ended.out)["outcome"]) == (1, outcome)
    assert (await exchange.cause(before))["cause"] == cause


async def test_a_callee_whose_sound_stops_is_lost(exchange: RealExchange) -> None:
    before = exchange.calls
    _, call = await exchange.dial(Manner())
    await call.media.speech(0.0, 10)
    call.media.mute()
    await asyncio.wait_for(call.ended.wait(), 40)
    assert (await exchange.cause(before))["cause"] == "caller_lost"


@pytest.mark.parametrize("what", ["callee", "room"])
async def test_who_is_removed_was_removed(exchange: RealExchange, what: str) -> None:
    before = exchange.calls
    ended, call = await exchange.dial(Manner())
    room = json.loads(ended.out)["room"]
    livekit = exchange.livekit
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        if what == "room":
            await api.room.delete_room(DeleteRoomRequest(room=room))
        else:
            people = (await api.room.list_participants(ListParticipantsRequest(room=room))).participants
            [callee] = [one.identity for one in people if one.identity == "callee"]
            await api.room.remove_participant(RoomParticipantIdentity(room=room, identity=callee))
    await asyncio.wait_for(call.ended.wait(), 10)
    assert (await exchange.cause(before))["cause"] == "removed"
