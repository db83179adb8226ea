"""What the production plug-ins and a bare client see of each way to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from lab.providers.faults import MEGABYTE
from lab.providers.server import OfflineServer
from tests.behavior.offline_speech import Socket, connected, control, telephone

KEY = {"Authorization": "Bearer any"}
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hello."}], "stream": True}
SPEECH = {"model": "m", "voice": "ash", "input": "Hello there, this is a test.", "response_format": "pcm"}
PATHS = {"llm": ("/chat/completions", CHAT), "tts": ("/audio/speech", SPEECH)}
HOURS = "What are your opening hours?"
SOON = aiohttp.ClientTimeout(total=0.4)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[OfflineServer]:
    async with OfflineServer() as server:
        yield server


async def _ask(server: OfflineServer, kind: str, **options: Any) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    path, body = PATHS[kind]
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.openai_url + path, json=body, headers=KEY, **options) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


def _words(body: bytes) -> str:
    events = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    choices = [json.loads(event)["choices"] for event in events if event != "[DONE]"]
    return "".join(choice[0]["delta"].get("content") or "" for choice in choices if choice)


@pytest.mark.parametrize("kind", ["llm", "tts"])
@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_status_comes_in_place_of_an_answer(server: OfflineServer, kind: str, status: int) -> None:
    await control(server, "faults", {kind: {"status": status}})
    assert (await _ask(server, kind))[0] == status


@pytest.mark.parametrize("kind", ["llm", "tts"])
async def test_a_page_is_html_and_all_is_well_by_its_status(server: OfflineServer, kind: str) -> None:
    await control(server, "faults", {kind: {"page": True}})
    status, content_type, body = await _ask(server, kind)
    assert (status, content_type) == (200, "text/html")
    assert b"<html>" in body


@pytest.mark.parametrize("kind", ["llm", "tts"])
async def test_an_answer_breaks_off_in_its_middle(server: OfflineServer, kind: str) -> None:
    await control(server, "faults", {kind: {"drop": True}, "times": 1})
    with pytest.raises(aiohttp.ClientPayloadError):
        await _ask(server, kind)
    assert (await _ask(server, kind))[0] == 200


async def test_garbage_of_a_model_is_no_json(server: OfflineServer) -> None:
    await control(server, "faults", {"llm": {"garbage": True}})
    _, content_type, body = await _ask(server, "llm")
    assert content_type == "text/event-stream"
    with pytest.raises(json.JSONDecodeError):
        _words(body)


async def test_an_empty_answer_ends_as_others_do_and_says_nothing(server: OfflineServer) -> None:
    await control(server, "faults", {"llm": {"empty": True}, "tts": {"empty": True}})
    _, _, chat = await _ask(server, "llm")
    assert _words(chat) == ""
    assert chat.endswith(b"data: [DONE]\n\n")
    assert await _ask(server, "tts") == (200, "audio/pcm", b"")


@pytest.mark.parametrize("kind", ["llm", "tts"])
async def test_half_an_answer_ends_properly(server: OfflineServer, kind: str) -> None:
    _, _, whole = await _ask(server, kind)
    await control(server, "faults", {kind: {"half": True}})
    _, _, half = await _ask(server, kind)
    assert 0 < len(half) < 0.8 * len(whole)
    assert whole.startswith(half) or kind == "llm"  # each answer of a model has an ID of its own
    assert b"[DONE]" not in half


async def test_a_megabyte_is_one(server: OfflineServer) -> None:
    await control(server, "faults", {"llm": {"megabyte": True}, "tts": {"megabyte": True}})
    _, _, chat = await _ask(server, "llm")
    _, _, speech = await _ask(server, "tts")
    assert len(_words(chat)) > 0.99 * MEGABYTE
    assert len(speech) >= MEGABYTE


@pytest.mark.parametrize("kind", ["llm", "tts"])
@pytest.mark.parametrize("way", ["silent", "drip", "trickle"])
async def test_an_answer_begins_and_does_not_get_on(server: OfflineServer, kind: str, way: str) -> None:
    await control(server, "faults", {kind: {way: True}})
    path, body = PATHS[kind]
    got = b""
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.openai_url + path, json=body, headers=KEY) as answer,
    ):
        assert answer.status == 200

        async def read_on() -> None:
            nonlocal got
            async for data in answer.content.iter_any():
                got += data

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read_on(), 0.4)
    if way == "trickle":
        assert len(got) == 1
    assert b"[DONE]" not in got


async def _until(socket: Socket, is_it: Callable[[dict[str, Any]], bool]) -> None:
    while not is_it(await socket.next("Results")):
        pass


async def _said_after(socket: Socket, server: OfflineServer, fault: dict[str, Any]) -> None:
    """A phrase that is understood, and then one that meets the fault."""
    await socket.say(telephone("Yes, please."))
    await socket.next("Results")
    await control(server, "faults", {"stt": fault})
    await socket.say(telephone(HOURS))


async def test_a_recogniser_in_a_call_falls_silent_for_good(server: OfflineServer) -> None:
    async with connected(server, vad_events="true") as socket:
        await _said_after(socket, server, {"silent": True})
        await control(server, "faults", None, "DELETE")
        await socket.say(telephone(HOURS))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.next("SpeechStarted"), 0.5)


async def test_a_recogniser_in_a_call_understands_nothing_and_then_again(server: OfflineServer) -> None:
    async with connected(server) as socket:
        await _said_after(socket, server, {"empty": True})
        assert (await socket.next("Results"))["channel"]["alternatives"][0]["transcript"] == ""
        await control(server, "faults", None, "DELETE")
        await socket.say(telephone(HOURS))
        assert (await socket.next("Results"))["channel"]["alternatives"][0]["transcript"].startswith("what are")


async def test_a_recogniser_in_a_call_gives_a_megabyte(server: OfflineServer) -> None:
    async with connected(server) as socket:
        await _said_after(socket, server, {"megabyte": True})
        said = (await socket.next("Results"))["channel"]["alternatives"][0]["transcript"]
        assert len(said) > 0.99 * MEGABYTE


async def test_a_recogniser_breaks_off_as_the_first_words_come(server: OfflineServer) -> None:
    async with connected(server, interim_results="true") as socket:
        with suppress(aiohttp.ClientConnectionResetError):  # it may break off before all is said
            await _said_after(socket, server, {"drop": True})
        with pytest.raises(AssertionError, match="the connection ended"):
            await _until(socket, lambda heard: heard["channel"]["alternatives"][0]["transcript"] == HOURS)


async def test_half_of_what_a_recogniser_hears_has_no_final(server: OfflineServer) -> None:
    async with connected(server, interim_results="true") as socket:
        await socket.say(telephone("Yes, please."))
        while not (await socket.next("Results"))["is_final"]:
            pass
        await control(server, "faults", {"stt": {"half": True}})
        await socket.say(telephone(HOURS))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_until(socket, lambda heard: heard["is_final"]), 1.0)


@pytest.mark.parametrize("way", ["hang", "page"])
async def test_a_recogniser_does_not_take_a_connection(server: OfflineServer, way: str) -> None:
    await control(server, "faults", {"stt": {way: True}})
    async with aiohttp.ClientSession(headers=KEY, timeout=SOON) as session:
        with pytest.raises((TimeoutError, aiohttp.WSServerHandshakeError)):
            await session.ws_connect(f"{server.origin}/v1/listen")


@pytest.mark.parametrize("way", ["garbage", "trickle"])
async def test_a_recogniser_sends_what_is_no_message(server: OfflineServer, way: str) -> None:
    await control(server, "faults", {"stt": {way: True}})
    async with (
        aiohttp.ClientSession(headers=KEY) as session,
        session.ws_connect(f"{server.origin}/v1/listen") as socket,
    ):
        await socket.send_bytes(telephone(HOURS).tobytes())
        if way == "garbage":
            assert (await socket.receive(5)).type is aiohttp.WSMsgType.BINARY
            with pytest.raises(json.JSONDecodeError):
                await socket.receive_json(timeout=5)
        else:
            with pytest.raises(TimeoutError):
                await socket.receive(0.5)


async def test_only_what_its_wire_knows_can_be_asked_of_the_model_that_does_all(server: OfflineServer) -> None:
    status, answer = await control(server, "faults", {"realtime": {"drip": True}})
    assert status == 400
    assert "unknown key drip" in answer["error"]["message"]


async def test_one_way_at_a_time(server: OfflineServer) -> None:
    status, answer = await control(server, "faults", {"llm": {"drip": True, "half": True}})
    assert status == 400
    assert "takes one of" in answer["error"]["message"]
