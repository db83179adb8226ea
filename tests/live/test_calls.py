"""Calls over a real livekit-server, through the worker as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from livekit import api

from lab.providers.speaking import speak
from lab.softphone import Softphone
from tests.live.exchange import Exchange

TABLE = """
[worker]
caller_timeout_s = 5

[agent.front_desk]
hand_over = { sales = "prices, stock, buying a bike" }

[[route]]
name = "refused"
when = { from = "+12025550166" }
reject = "busy"

[[route]]
name = "workshop"
when = { to = "+18005550102" }
agent = "support"

[[route]]
name = "Texas"
when = { from = { prefix = "+1512" } }
agent = "sales"
greeting = "Howdy, this is the Texas desk."

[[route]]
name = "insurer"
when = { trunk = "ST_insurer" }
agent = "support"
greeting = "Insurance desk."

[[route]]
name = "queue"
when = { header.x-queue = "gold", to = "+18005550177" }
agent = "sales"
greeting = "The gold queue."

[[route]]
name = "Spanish support"
when = { department = "support", language = "es" }
agent = "support"
language = "es"

[[route]]
name = "sales"
when = { department = "sales" }
agent = "sales"

[default]
agent = "front_desk"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("calls"), TABLE) as exchange:
        yield exchange
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _greeted(exchange: Exchange, **caller: Any) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """Call, hear the greeting to its end, hang up: the route taken, and what reached STT and TTS."""
    await exchange.forget_greetings()
    await exchange.forget()
    async with exchange.phone(**caller) as phone:
        await phone.dial()
        assert await phone.answered(20)
        await phone.heard_speech(20, after=0.0)
        route = await exchange.worker.logged("routed", call=_call_id(phone))
        await phone.heard_silence(0.5, 20)
    await exchange.worker.logged("call ended", call=_call_id(phone))
    return route["route"], await exchange.requests("stt"), await exchange.spoken()


def _call_id(phone: Softphone) -> str:
    return phone.caller.call_id


async def test_a_telephone_is_heard_by_the_phonecall_model_and_a_browser_by_the_general_one(
    exchange: Exchange,
) -> None:
    _, telephone, _ = await _greeted(exchange)
    assert telephone[0]["query"]["model"] == "nova-2-phonecall"
    await exchange.forget()
    async with exchange.phone(kind="standard") as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        browser = await exchange.requests("stt")
    assert browser[0]["query"]["model"] == "nova-2-general"


async def test_job_metadata_reaches_a_spanish_speaking_support_agent(exchange: Exchange) -> None:
    await exchange.script("¿Dónde está mi pedido?", language="es")
    await exchange.forget()
    async with exchange.phone(job_metadata={"department": "support", "language": "es"}) as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(0.8, 20)
        await phone.say("¿Dónde está mi pedido?", "es")
        await phone.heard_speech(20)
        await phone.heard_silence(0.8, 20)
    stt, llm, tts = [await exchange.requests(kind) for kind in ("stt", "llm", "tts")]
    assert (stt[0]["query"]["language"], stt[0]["query"]["model"]) == ("es", "nova-2-general")
    assert "Eres el soporte" in str(llm[-1]["body"]["messages"][0])
    assert "¿Dónde está mi pedido?" in str(llm[-1]["body"]["messages"][-1])
    assert "Soporte de Harbor Bikes" in str(tts[0]["body"]["input"])


@pytest.mark.parametrize(
    ("caller", "route", "words"),
    [
        ({"job_metadata": {"department": "sales"}}, "sales", "Harbor Bikes, sales"),
        ({"to_number": "+18005550102"}, "workshop", "Harbor Bikes support"),
        ({"from_number": "+15125550101"}, "Texas", "Texas desk"),
        ({"trunk_id": "ST_insurer"}, "insurer", "Insurance desk"),
        ({"to_number": "+18005550177", "headers": {"X-Queue": "gold"}, "late_after": 0.1}, "queue", "gold queue"),
        # A rule's hide_phone_number hides the number dialled too: the workshop's line does not know itself.
        ({"hide_number": True, "to_number": "+18005550102"}, "default", "Thanks for calling"),
        ({}, "default", "Thanks for calling"),
    ],
    ids=["job metadata", "number", "prefix", "trunk", "late header", "anonymous", "default"],
)
async def test_each_kind_of_route_brings_the_caller_to_its_agent(
    exchange: Exchange, tmp_path_factory: pytest.TempPathFactory, caller: dict[str, Any], route: str, words: str
) -> None:
    taken, _, tts = await _greeted(exchange, **caller)
    assert taken == route
    assert words in str(tts[0]["body"]["input"])


async def test_a_caller_is_handed_over_with_all_that_was_said(exchange: Exchange) -> None:
    await exchange.script("Can I talk to sales please?")
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(0.8, 20)
        await phone.say("Can I talk to sales please?")
        await phone.heard_speech(20)
        await phone.heard_silence(0.8, 20)
    llm = await exchange.requests("llm")
    assert "You are sales" in str(llm[-1]["body"]["messages"])
    assert "Can I talk to sales please?" in str(llm[-1]["body"]["messages"])


async def test_a_goodbye_is_heard_to_its_end_and_then_the_agent_hangs_up(exchange: Exchange) -> None:
    await exchange.script("Thank you and goodbye.")
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(0.8, 20)
        said = await phone.say("Thank you and goodbye.")
        await asyncio.wait_for(phone.ended.wait(), 20)
        assert phone.outcome == "room closed by the agent"
        goodbye = [turn for turn in phone.turns if turn.who == "agent" and turn.end > said.end]
        assert goodbye
        words = (await exchange.spoken())[-1]["body"]
        whole = len(await asyncio.to_thread(speak, words["input"], "en", words["voice"], 8000)) / 2 / 8000
        assert goodbye[-1].end - goodbye[0].start > 0.9 * whole
        assert phone.ended_at is not None
        assert phone.ended_at > goodbye[-1].end
    record = await exchange.worker.logged("call ended", call=_call_id(phone))
    assert record["reason"] == "the agent ended the call"


async def test_a_caller_whose_words_never_come_is_asked_to_say_them_again_but_not_for_ever(exchange: Exchange) -> None:
    caller = exchange.mute_recogniser()
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(0.8, 20)
        for _ in range(2):
            await phone.say("Purple mountains under a silver moon.")
            await phone.heard_speech(10)
            await phone.heard_silence(0.8, 20)
        assert not await exchange.requests("llm")  # nobody thought of these words: they were spoken ahead
        await phone.say("Purple mountains under a silver moon.")
        with pytest.raises(TimeoutError):
            await phone.heard_speech(5)
        caller.utterances.append("What are your opening hours?")
        await phone.say("What are your opening hours?")
        await phone.heard_speech(10)
        assert any("nine" in spoken["body"]["input"] for spoken in await exchange.spoken())


async def test_a_refused_call_ends_while_it_rings_and_nothing_is_published(exchange: Exchange) -> None:
    async with exchange.phone(from_number="+12025550166") as phone:
        await phone.dial()
        assert not await phone.answered(20)
        assert phone.outcome == "refused"
        assert phone.ear.sounds() == []
    assert (await exchange.worker.logged("call ended", call=_call_id(phone)))["reason"] == "refused: busy"


@pytest.mark.parametrize("after", [0.0, 0.15, 0.4])
async def test_a_caller_who_hangs_up_while_it_rings_frees_the_slot(exchange: Exchange, after: float) -> None:
    async with exchange.phone() as phone:
        await phone.dial()
        await asyncio.sleep(after)
    assert not await _left(exchange)


async def test_a_caller_who_hangs_up_during_the_greeting_ends_the_job(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        assert await exchange.jobs() == 1
    assert (await exchange.worker.logged("call ended", call=_call_id(phone)))["reason"] == "the caller hung up"
    assert not await _left(exchange)


async def test_a_caller_who_hangs_up_during_the_reply_ends_the_job(exchange: Exchange) -> None:
    await exchange.script("What are your opening hours?")
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(0.8, 20)
        await phone.say("What are your opening hours?")
        await phone.heard_speech(20)
    await exchange.worker.logged("call ended", call=_call_id(phone))
    assert not await _left(exchange)


async def test_nothing_is_said_before_the_caller_can_hear_it(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        assert phone.lost == 0


async def test_a_sip_caller_is_answered_whoever_else_is_in_the_room(exchange: Exchange) -> None:
    room = "call-with-a-listener"
    listener = exchange.phone(kind="standard", room=room, agent_name=None)
    async with listener, exchange.phone(room=room, agent_name=None) as phone:
        await listener.dial()
        await phone.dial()
        await _dispatch(exchange, room)
        await phone.heard_speech(20, after=0.0)
        routed = await exchange.worker.logged("routed", call=_call_id(phone))
        assert routed["route"] == "default"


async def _dispatch(exchange: Exchange, room: str) -> None:
    livekit = exchange.livekit
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
        await lk.agent_dispatch.create_dispatch(api.CreateAgentDispatchRequest(agent_name="switchboard", room=room))


async def _left(exchange: Exchange, within: float = 15.0) -> list[str]:
    """What is still there of the calls so far: rooms, with who is in them, and jobs. Empty as soon as nothing is."""
    livekit = exchange.livekit
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
        until = asyncio.get_running_loop().time() + within
        while left := [*await _rooms(lk), *(["a job"] * await exchange.jobs())]:
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
    return left


async def _rooms(lk: api.LiveKitAPI) -> list[str]:
    rooms: list[str] = []
    for room in (await lk.room.list_rooms(api.ListRoomsRequest())).rooms:
        people = await lk.room.list_participants(api.ListParticipantsRequest(room=room.name))
        rooms.append(f"{room.name}: {[person.identity for person in people.participants]}")
    return rooms


async def test_no_line_of_the_log_holds_a_number_or_a_room(exchange: Exchange) -> None:
    text = exchange.worker.read_log()
    assert "5105550100" not in text
    assert "call-_" not in text
