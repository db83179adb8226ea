"""What is known about a call: each source routes it, late attributes are waited for, changes reach the agent, and a
database that is slow, dead or coming back costs no call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from livekit import api
from sqlalchemy import ColumnElement, select

from lab.softphone import Softphone
from switchboard.database.engine import make_engine
from switchboard.directory.sql import SqlDirectory
from switchboard.records.record import CallRecord
from tests.live.exchange import Exchange
from tests.live.postgres import Postgres

TABLE = """
[worker]
trusted_attributes = ["plan"]
wait_for_attributes_ms = 400
caller_timeout_s = 5

[[route]]
name = "gold customer"
when = { customer.tier = "gold" }
agent = "support"
greeting = "Welcome back {name}."

[[route]]
name = "job key"
when = { job.order = 1001 }
agent = "support"

[[route]]
name = "participant key"
when = { participant.plan = "pro" }
agent = "support"

[[route]]
name = "room key"
when = { room.campaign = "spring" }
agent = "sales"

[[route]]
name = "rule attribute"
when = { trusted.plan = "rule" }
agent = "sales"

[[route]]
name = "late hostname"
when = { to = "+18005550110", attribute."sip.hostname" = "sip.carrier.example" }
agent = "sales"

[[route]]
name = "late mapped header"
when = { to = "+18005550111", data.queue = "vip" }
agent = "sales"

[[route]]
name = "Twilio"
when = { to = "+18005550112", provider = "twilio" }
agent = "sales"

[[route]]
name = "Twilio's account"
when = { to = "+18005550113", attribute."sip.twilio.accountSid" = "AC1" }
agent = "sales"

[[route]]
name = "job of one text"
when = { job = "callback" }
agent = "sales"

[[route]]
name = "user"
when = { user_id = "u-7" }
agent = "sales"

[default]
agent = "front_desk"
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Postgres, str]]:
    server = Postgres(tmp_path_factory.mktemp("calls-database"))
    server.start()
    yield server, server.new_database()
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory, database: tuple[Postgres, str]) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("data"), TABLE, DATABASE_URL=database[1]) as exchange:
        yield exchange
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def _route(exchange: Exchange, **caller: Any) -> str:
    """The route that such a caller is taken by, once they were greeted."""
    async with exchange.phone(**caller) as phone:
        await _greeted(phone)
    return await _routed(exchange, phone)


async def _greeted(phone: Softphone) -> None:
    await phone.dial()
    await phone.heard_speech(20, after=0.0)


async def _routed(exchange: Exchange, phone: Softphone) -> str:
    return str((await exchange.worker.logged("routed", call=phone.caller.call_id))["route"])


@pytest.mark.parametrize(
    ("caller", "route"),
    [
        ({"job_metadata": {"order": 1001}}, "job key"),
        ({"metadata": '{"plan": "pro"}'}, "participant key"),
        ({"room_metadata": '{"campaign": "spring"}'}, "room key"),
        ({"attributes": {"plan": "rule"}}, "rule attribute"),
        ({"to_number": "+18005550110", "late_after": 0.1}, "late hostname"),
        ({"to_number": "+18005550111", "late_attributes": {"queue": "vip"}, "late_after": 0.1}, "late mapped header"),
        ({"to_number": "+18005550112", "headers": {"X-Twilio-CallSid": "CA1"}, "late_after": 0.1}, "Twilio"),
        (
            {"to_number": "+18005550113", "headers": {"X-Twilio-AccountSid": "AC1", "X-Twilio-CallSid": "CA1"}},
            "Twilio's account",
        ),
        ({"job_metadata": "callback"}, "job of one text"),
        ({"attributes": {"user_id": "u-7"}}, "user"),
        ({"job_metadata": "not json"}, "default"),
        ({"job_metadata": "[" * 1000}, "default"),
        ({"attributes": {"x": "y" * 10_000}}, "default"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_source_routes_a_call(exchange: Exchange, caller: dict[str, Any], route: str) -> None:
    assert await _route(exchange, **caller) == route


async def test_what_came_too_late_is_on_the_record_and_the_call_went_on(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    late: dict[str, Any] = {"late_attributes": {"queue": "vip"}, "late_after": 2.0, "to_number": "+18005550111"}
    async with exchange.phone(**late) as phone:
        await _greeted(phone)
        await asyncio.sleep(2.5)
    assert await _routed(exchange, phone) == "default"
    record = await _record(database[1], phone)
    assert any("queue" in warning for warning in record.warnings)
    assert any(change["key"] == "queue" and change["value"] == "vip" for change in record.changes)


async def test_metadata_that_changes_during_the_call_reaches_the_agent_and_the_record(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    await exchange.forget()
    await exchange.script("What are your opening hours?")
    livekit = exchange.livekit
    async with exchange.phone() as phone:
        await _greeted(phone)
        await phone.heard_silence(0.8, 20)
        async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
            await lk.room.update_room_metadata(
                api.UpdateRoomMetadataRequest(room=phone.caller.room_name, metadata=json.dumps({"loyalty": "platinum"}))
            )
        await asyncio.sleep(0.5)
        await phone.say("What are your opening hours?")
        await phone.heard_speech(20)
    asked = (await exchange.requests("llm"))[-1]["body"]["messages"]
    assert "platinum" in str(asked[0])
    record = await _record(database[1], phone)
    assert any(change["key"] == "loyalty" and change["value"] == "platinum" for change in record.changes)


async def test_metadata_of_the_caller_that_changes_while_it_lasts_is_on_the_record(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    livekit = exchange.livekit
    async with exchange.phone() as phone:
        await _greeted(phone)
        async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
            await lk.room.update_participant(
                api.UpdateParticipantRequest(
                    room=phone.caller.room_name, identity=phone.caller.identity, metadata='{"plan": "pro"}'
                )
            )
        await asyncio.sleep(1)
    record = await _record(database[1], phone)
    assert [(change["key"], change["value"]) for change in record.changes if change["what"] == "data"] == [
        ("plan", "pro")
    ]


async def test_the_record_says_who_called_what_was_decided_and_how_it_ended(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    async with exchange.phone(job_metadata={"order": 1001}, headers={"X-Twilio-CallSid": "CA77"}) as phone:
        await _greeted(phone)
    record = await _record(database[1], phone)
    assert (record.route, record.agent, record.language) == ("job key", "support", "en")
    assert record.from_number == phone.caller.from_number
    assert record.provider_call_id == "CA77"
    assert (await exchange.worker.logged("routed", call=phone.caller.call_id))["provider_call"] == "CA77"
    assert record.facts["order"] == {"value": 1001, "source": "job", "trusted": True}
    assert [step["route"] for step in record.trace] == ["gold customer", "job key"]
    assert record.end_reason == "the caller hung up"
    assert record.rang_at is not None
    assert record.answered_at is not None
    assert record.ended_at is not None
    assert record.started_at <= record.rang_at <= record.answered_at <= record.ended_at


async def test_a_dispatch_that_nobody_calls_behind_is_on_the_record(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    livekit, room = exchange.livekit, "call-nobody"
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
        await lk.room.create_room(api.CreateRoomRequest(name=room))
        dispatch = api.CreateAgentDispatchRequest(agent_name="switchboard", room=room, metadata='{"order": 7}')
        await lk.agent_dispatch.create_dispatch(dispatch)
    record = await _found(database[1], CallRecord.room == room)
    assert (record.cause, record.end_reason) == ("no_caller", "no caller came: no caller came within 5 seconds")
    assert record.facts["order"]["value"] == 7
    assert record.ended_at is not None
    assert (record.ended_at - record.started_at).total_seconds() > 5


async def test_a_known_customer_is_routed_by_their_tier_and_greeted_by_name(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    directory = SqlDirectory(make_engine(database[1]))
    await directory.add("+13035550101", {"name": "Ada", "tier": "gold"})
    await exchange.forget()
    assert await _route(exchange, from_number="+13035550101") == "gold customer"
    assert "Welcome back Ada." in str((await exchange.spoken())[0]["body"]["input"])


async def test_no_call_is_lost_when_the_database_stops_and_every_record_is_there_when_it_is_back(
    exchange: Exchange, database: tuple[Postgres, str]
) -> None:
    server, url = database
    phones: list[Softphone] = []
    async with exchange.phone() as running:
        await _greeted(running)
        server.stop()
        async with exchange.phone() as phone:
            await _greeted(phone)
            assert phone.first_audio_after_join is not None
        assert await _routed(exchange, phone) == "default"
        phones.append(phone)
    phones.append(running)
    server.start()
    for phone in phones:
        record = await _record(url, phone)
        assert record.end_reason == "the caller hung up"
    assert any("customer directory" in warning for warning in (await _record(url, phones[0])).warnings)


async def _record(url: str, phone: Softphone) -> CallRecord:
    """The finished record of this call, once it is written."""
    return await _found(url, CallRecord.sip_call_id == phone.caller.call_id)


async def _found(url: str, which: ColumnElement[bool], within: float = 40.0) -> CallRecord:
    engine = make_engine(url)
    query = select(CallRecord).where(which, CallRecord.ended_at.is_not(None))
    try:
        async with asyncio.timeout(within):
            while True:
                async with engine.connect() as connection:
                    row = (await connection.execute(query)).one_or_none()
                if row is not None:
                    return CallRecord(**row._mapping)  # pyright: ignore[reportPrivateUsage] - SQLAlchemy's public name
                await asyncio.sleep(0.2)
    finally:
        await engine.dispose()
