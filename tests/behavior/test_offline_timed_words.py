"""The benchmark's stand-ins: everybody hears the words up to the moment of the audio, and is answered the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from lab.providers.server import OfflineServer
from lab.providers.timed_words import TimedWords
from tests.behavior.offline_speech import RATE, connected, control, finals, silence, telephone

TEXT = "What are your opening hours?"
SOUND = telephone(TEXT)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[OfflineServer]:
    async with OfflineServer(mind=TimedWords()) as server:
        seconds = len(SOUND) / RATE - 0.8  # without the silence around
        said = {"parts": [[TEXT, seconds]], "text": TEXT, "reply": "From nine to six."}
        assert await control(server, "words", said) == (200, {})
        yield server


async def test_interims_grow_and_the_final_has_the_whole(server: OfflineServer) -> None:
    async with connected(server, punctuate="true", interim_results="true") as socket:
        await socket.say(SOUND, silence(0.5))
        messages = [one for one in await socket.rest() if one["type"] == "Results"]
    interims = [one["channel"]["alternatives"][0]["transcript"] for one in messages if not one["is_final"]]
    assert all(TEXT.startswith(interim) for interim in interims)
    assert [len(interim) for interim in interims] == sorted(len(interim) for interim in interims)
    assert len(interims) > 3
    assert finals(messages) == [TEXT]


async def test_a_finalize_takes_the_words_so_far_and_the_next_final_has_the_rest(server: OfflineServer) -> None:
    async with connected(server, punctuate="true") as socket:
        await socket.say(SOUND[:RATE])
        await socket.tell("Finalize")
        await socket.say(SOUND[RATE:], silence(0.5))
        first, rest = finals(await socket.rest())
    assert first
    assert f"{first} {rest}" == TEXT


async def test_the_answer_and_its_voice_are_the_same_for_everybody(server: OfflineServer) -> None:
    request = {"model": "any", "messages": [{"role": "user", "content": "Anything else?"}]}
    speech = {"model": "any", "input": "From nine to six.", "voice": "ash", "response_format": "mp3"}
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http:
        async with http.post(f"{server.openai_url}/chat/completions", json=request) as answer:
            assert (await answer.json())["choices"][0]["message"]["content"] == "From nine to six."
        async with http.post(f"{server.openai_url}/audio/speech", json=speech) as answer:
            assert answer.content_type == "audio/pcm"


@pytest.mark.parametrize("body", [{}, {"parts": [["", 1.0]], "text": "", "reply": ""}, {"parts": 1}, {"more": 1}])
async def test_words_that_make_no_sense_are_refused(server: OfflineServer, body: dict[str, object]) -> None:
    status, _ = await control(server, "words", body)
    assert status == 400


async def test_delays_can_be_set_while_it_runs_and_leave_the_beginning_of_voice_alone(server: OfflineServer) -> None:
    assert await control(server, "delays", {"stt": 0.3}) == (200, {})
    assert (await control(server, "delays", {"stt": -1}))[0] == 400
    loop = asyncio.get_running_loop()
    async with connected(server, vad_events="true") as socket:
        began = loop.time()
        await socket.say(SOUND)
        await socket.next("SpeechStarted")
        told_after = loop.time() - began
        await socket.next("Results")
        assert loop.time() - began >= 0.3 > told_after
