"""Calls that we make, from `switchboard dial` through the business's own worker to who picks up, or does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit.api import LiveKitAPI
from livekit.protocol.room import ListRoomsRequest
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo

from lab.softphone import Line
from lab.softphone.caller import FarEnd
from tests.live.carrier import Carrier
from tests.live.command import Ended, switchboard
from tests.live.exchange import ExchangeWithTrunks

CALLEE = "+14155550123"
TABLE = """
[[route]]
name = "reminders"
when = { direction = "outbound", to = { prefix = "+1" }, job."task" = "remind", attribute."branch" = "Oakland" }
agent = "sales"
greeting = "This is Harbor Bikes. I am calling about your appointment."

[default]
agent = "front_desk"
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExchangeWithTrunks]:
    async with ExchangeWithTrunks(tmp_path_factory.mktemp("outbound"), TABLE) as exchange:
        async with LiveKitAPI(exchange.livekit.url, exchange.livekit.api_key, exchange.livekit.api_secret) as api:
            trunk = SIPOutboundTrunkInfo(name="main", address="sip.example.com", numbers=["+18005550100"])
            await api.sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=trunk))
        yield exchange
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


@pytest_asyncio.fixture(loop_scope="module")
async def carrier(exchange: ExchangeWithTrunks) -> AsyncIterator[Carrier]:
    async with Carrier(exchange.livekit) as carrier:
        yield carrier


async def _dial(folder: Path, carrier: Carrier, *more: str) -> Ended:
    return await switchboard(
        folder, carrier.environment, "dial", CALLEE, "--agent", "sales", "--task", "remind", "--attribute",
        "branch=Oakland", "--json", *more,
    )  # fmt: skip


async def test_who_picks_up_is_greeted_when_they_can_hear_and_not_before(
    exchange: ExchangeWithTrunks, carrier: Carrier, tmp_path: Path
) -> None:
    await exchange.forget()
    carrier.line = Line(picked_up_after=0.5)
    ended = await _dial(tmp_path, carrier, "--name", "Ann", "--dtmf", "w12")
    assert json.loads(ended.out)["outcome"] == "answered", ended.err
    callee = await carrier.callees.get()
    assert callee.caller.name == "Ann"
    await callee.heard_speech(20, after=0.0)
    assert callee.lost == 0, "the bridge presses three keys first, and nothing is said before"
    routed = await exchange.worker.logged("routed", call=callee.caller.call_id)
    assert (routed["route"], routed["agent"]) == ("reminders", "sales")
    await callee.heard_silence(0.8, 20)
    [greeting] = await exchange.spoken()
    assert "about your appointment" in greeting["body"]["input"]
    await callee.hang_up()
    over = await exchange.worker.logged("call ended", call=callee.caller.call_id)
    assert (over["cause"], over["reason"]) == ("caller_hung_up", "the caller hung up")


@pytest.mark.parametrize(
    ("far_end", "outcome", "cause"),
    [
        ("is busy", "busy", "declined"),
        ("declines", "declined", "declined"),
        ("does not answer", "no_answer", "not_answered"),
        ("is unknown", "wrong_number", "unreachable"),
        ("has a broken carrier", "carrier_error", "carrier_failed"),
    ],
)
async def test_who_does_not_pick_up_is_told_apart_by_the_command_and_on_the_record(
    exchange: ExchangeWithTrunks, carrier: Carrier, tmp_path: Path, far_end: FarEnd, outcome: str, cause: str
) -> None:
    await exchange.forget()
    carrier.line = Line(picked_up_after=0.5, far_end=far_end)
    ended = await _dial(tmp_path, carrier)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (1, outcome)
    callee = await carrier.callees.get()
    assert (await exchange.worker.logged("call ended", call=callee.caller.call_id))["cause"] == cause
    async with LiveKitAPI(exchange.livekit.url, exchange.livekit.api_key, exchange.livekit.api_secret) as api:
        async with asyncio.timeout(10):
            while (await api.room.list_rooms(ListRoomsRequest())).rooms:
                await asyncio.sleep(0.1)


async def test_a_callee_whose_sound_stops_has_not_hung_up(
    exchange: ExchangeWithTrunks, carrier: Carrier, tmp_path: Path
) -> None:
    carrier.line = Line(picked_up_after=0.2, media_timeout=0.5)
    await _dial(tmp_path, carrier)
    callee = await carrier.callees.get()
    await callee.heard_speech(20, after=0.0)
    await callee.lose_sound()
    assert (await exchange.worker.logged("call ended", call=callee.caller.call_id))["cause"] == "caller_lost"
