"""The production plug-ins for OpenAI, unchanged, and its wire, against the offline server."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from livekit.agents import APIConnectOptions, APIError, APIStatusError, function_tool, llm
from livekit.plugins import openai

from lab.providers.server import Delays, OfflineServer
from lab.providers.speaking import speak
from tests.behavior.offline_speech import control

PROMPT = """You are the front desk of Harbor Bikes, a bicycle shop at 12 Pier Street in Oakland.
Our opening hours are Monday to Friday from nine to six."""
KEY = {"Authorization": "Bearer any"}
CHAT = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hello."}]}
SPEECH = {"model": "gpt-4o-mini-tts", "voice": "ash", "input": "Hello there.", "response_format": "pcm"}
ONCE = APIConnectOptions(max_retry=0, timeout=2.0)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[OfflineServer]:
    async with OfflineServer() as server:
        yield server


@pytest_asyncio.fixture
async def model(server: OfflineServer) -> AsyncIterator[openai.LLM]:
    model = openai.LLM(model="gpt-4.1-mini", api_key="any", base_url=server.openai_url)
    yield model
    await model.aclose()


def _voice(server: OfflineServer, **options: Any) -> openai.TTS:
    return openai.TTS(model="gpt-4o-mini-tts", api_key="any", base_url=server.openai_url, **options)


@function_tool
async def transfer_to_sales() -> None:
    """Hand the caller over to sales: prices, stock, buying a bike."""


async def _post(server: OfflineServer, path: str, body: Any, **options: Any) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.openai_url + path, json=body, headers=KEY, **options) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def test_the_language_model_answers_in_pieces_and_counts_what_it_took(
    server: OfflineServer, model: openai.LLM
) -> None:
    chat = llm.ChatContext()
    chat.add_message(role="system", content=PROMPT)
    chat.add_message(role="user", content="What are your opening hours?")
    chunks = [chunk async for chunk in model.chat(chat_ctx=chat, conn_options=ONCE)]
    words = [chunk.delta.content for chunk in chunks if chunk.delta and chunk.delta.content]
    assert len(words) > 5
    assert "from nine to six" in "".join(words)
    assert "demonstration" in "".join(words)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


async def test_a_tool_call_makes_its_round_trip(model: openai.LLM) -> None:
    chat = llm.ChatContext()
    chat.add_message(role="system", content=PROMPT)
    chat.add_message(role="user", content="I would like to talk to sales, please.")
    answer = await model.chat(chat_ctx=chat, tools=[transfer_to_sales], conn_options=ONCE).collect()
    [call] = answer.tool_calls
    assert (call.name, json.loads(call.arguments)) == ("transfer_to_sales", {})
    chat.items.append(llm.FunctionCall(call_id=call.call_id, name=call.name, arguments=call.arguments))
    chat.items.append(
        llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output="Sales is busy until noon.", is_error=False)
    )
    answer = await model.chat(chat_ctx=chat, tools=[transfer_to_sales], conn_options=ONCE).collect()
    assert not answer.tool_calls
    assert "Sales is busy until noon." in answer.text


async def test_a_completion_comes_whole_when_no_stream_is_asked_for(server: OfflineServer) -> None:
    status, _, body = await _post(server, "/chat/completions", CHAT)
    completion = json.loads(body)
    assert (status, completion["object"]) == (200, "chat.completion")
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["choices"][0]["message"]["content"]


async def test_a_stream_has_no_usage_unless_it_was_asked_for_and_ends_as_openai_ends_it(server: OfflineServer) -> None:
    _, content_type, body = await _post(server, "/chat/completions", CHAT | {"stream": True})
    events = body.decode().strip().split("\n\n")
    assert content_type == "text/event-stream"
    assert events[-1] == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert not any(chunk.get("usage") for chunk in chunks)


@pytest.mark.parametrize("response_format", ["pcm", "wav", "mp3"])
async def test_the_voice_lasts_as_long_as_its_words_in_each_format(server: OfflineServer, response_format: str) -> None:
    text = "Hello, this is Harbor Bikes."
    voice = _voice(server, voice="ash", response_format=response_format)
    frame = await voice.synthesize(text, conn_options=ONCE).collect()
    await voice.aclose()
    said = len(speak(text, "en", "ash", 24_000)) / 48_000
    assert frame.sample_rate == 24_000
    assert frame.duration == pytest.approx(said, rel=0.1, abs=0.1)
    assert np.abs(np.frombuffer(frame.data, np.int16)).max() > 3000


async def test_the_voice_comes_as_events_when_they_are_asked_for_and_as_bytes_when_not(server: OfflineServer) -> None:
    _, content_type, raw = await _post(server, "/audio/speech", SPEECH)
    assert content_type == "audio/pcm"
    _, content_type, body = await _post(server, "/audio/speech", SPEECH | {"stream_format": "sse"})
    assert content_type == "text/event-stream"
    events = [json.loads(line.removeprefix("data: ")) for line in body.decode().split("\n\n") if line]
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == raw
    assert events[-1]["type"] == "speech.audio.done"


async def test_a_wav_file_says_what_it_holds(server: OfflineServer) -> None:
    _, content_type, body = await _post(server, "/audio/speech", SPEECH | {"response_format": "wav"})
    with wave.open(io.BytesIO(body)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.getnframes() > 5000
    assert content_type == "audio/wav"


async def test_sentences_are_spoken_one_after_the_other_with_a_pause(server: OfflineServer) -> None:
    one = len((await _post(server, "/audio/speech", SPEECH | {"input": "Hello there."}))[2])
    two = len((await _post(server, "/audio/speech", SPEECH | {"input": "Hello there. Hello there."}))[2])
    assert 2 * one < two < 3 * one


async def test_agents_with_different_voices_sound_different(server: OfflineServer) -> None:
    ash = (await _post(server, "/audio/speech", SPEECH))[2]
    nova = (await _post(server, "/audio/speech", SPEECH | {"voice": "nova"}))[2]
    assert ash != nova


async def test_what_reached_model_and_voice_is_told_with_its_body(server: OfflineServer) -> None:
    await _post(server, "/chat/completions", CHAT)
    await _post(server, "/audio/speech", SPEECH)
    _, requests = await control(server, "requests", None, "GET")
    assert [one["kind"] for one in requests] == ["llm", "tts"]
    assert (requests[0]["body"], requests[1]["body"]) == (CHAT, SPEECH)
    _, voices = await control(server, "requests?kind=tts", None, "GET")
    assert [one["kind"] for one in voices] == ["tts"]


NOT_SERVED: list[tuple[str, Any, str]] = [
    ("/chat/completions", {"model": "m"}, "messages"),
    ("/chat/completions", {"messages": [{}]}, "model"),
    ("/chat/completions", {"model": "m", "messages": "hello"}, "messages"),
    ("/chat/completions", [], "JSON object"),
    ("/audio/speech", SPEECH | {"input": " "}, "input"),
    ("/audio/speech", SPEECH | {"input": "x" * 5000}, "4096"),
    ("/audio/speech", SPEECH | {"response_format": "opus"}, "pcm, wav, mp3"),
    ("/audio/speech", SPEECH | {"response_format": []}, "pcm, wav, mp3"),
    ("/audio/speech", SPEECH | {"speed": "fast"}, "speed"),
    ("/audio/speech", SPEECH | {"stream_format": 1}, "stream_format"),
    ("/embeddings", {}, "/v1/embeddings"),
]


@pytest.mark.parametrize(("path", "body", "what"), NOT_SERVED)
async def test_a_request_that_cannot_be_served_is_refused_in_openais_shape(
    server: OfflineServer, path: str, body: Any, what: str
) -> None:
    status, _, answer = await _post(server, path, body)
    error = json.loads(answer)["error"]
    assert status in (400, 404)
    assert what in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("messages", [[None], [{"role": 3}], [{"role": "user", "content": [{"text": 1}, 2]}], [[]]])
async def test_messages_that_are_none_break_nothing(server: OfflineServer, messages: list[Any]) -> None:
    status, _, _ = await _post(server, "/chat/completions", {"model": "m", "messages": messages, "tools": [1, {}]})
    assert status == 200


async def test_a_body_that_is_not_json_is_refused(server: OfflineServer) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.openai_url}/chat/completions", data=b"{", headers=KEY) as answer,
    ):
        assert answer.status == 400
        assert "not JSON" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/models"), ("POST", "/chat/completions"), ("POST", "/audio/speech")]
)
async def test_a_key_is_needed_and_any_will_do(server: OfflineServer, method: str, path: str) -> None:
    body = CHAT | SPEECH
    async with aiohttp.ClientSession() as session:
        async with session.request(method, server.openai_url + path, json=body) as answer:
            assert answer.status == 401
            assert "any key" in (await answer.json())["error"]["message"]
        async with session.request(method, server.openai_url + path, json=body, headers=KEY) as answer:
            assert answer.status == 200


async def test_a_model_can_be_made_to_fail_as_often_as_was_asked_for(server: OfflineServer, model: openai.LLM) -> None:
    chat = llm.ChatContext()
    chat.add_message(role="user", content="Hello.")
    await control(server, "faults", {"llm": {"status": 503}, "times": 2})
    for _ in range(2):
        with pytest.raises(APIStatusError) as error:
            await model.chat(chat_ctx=chat, conn_options=ONCE).collect()
        assert error.value.status_code == 503
    assert (await model.chat(chat_ctx=chat, conn_options=ONCE).collect()).text


async def test_a_voice_that_fails_for_good_fails_until_the_fault_is_taken_back(server: OfflineServer) -> None:
    voice = _voice(server, response_format="pcm")
    await control(server, "faults", {"tts": {"close": True}})
    for _ in range(3):
        with pytest.raises(APIError):
            await voice.synthesize("Hello.", conn_options=ONCE).collect()
    await control(server, "faults", None, "DELETE")
    assert (await voice.synthesize("Hello.", conn_options=ONCE).collect()).duration > 0
    await voice.aclose()


async def test_a_model_that_hangs_says_nothing_and_the_server_still_stops(server: OfflineServer) -> None:
    await control(server, "faults", {"llm": {"hang": True}})
    with pytest.raises(TimeoutError):
        await _post(server, "/chat/completions", CHAT, timeout=aiohttp.ClientTimeout(total=0.3))


@pytest.mark.parametrize(("path", "body"), [("/chat/completions", CHAT), ("/audio/speech", SPEECH)])
async def test_delays_come_before_the_first_output_and_a_fault_adds_its_own(path: str, body: Any) -> None:
    async with OfflineServer(delays=Delays(llm=0.2, tts=0.2)) as server:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await _post(server, path, body)
        assert loop.time() - begin >= 0.2
        await control(server, "faults", {"llm": {"delay": 0.3}, "tts": {"delay": 0.3}})
        begin = loop.time()
        await _post(server, path, body)
        assert loop.time() - begin >= 0.5


@pytest.mark.parametrize(
    ("path", "body", "what"),
    [
        ("script", {"utterances": "hello"}, "utterances"),
        ("script", {"utterances": ["a", ""]}, "utterances"),
        ("script", {"utterances": ["a"], "language": 3}, "language"),
        ("script", {"lines": []}, "unknown key lines"),
        ("phrases", {"phrases": None}, "phrases"),
        ("phrases", ["Hello."], "phrases"),
        ("faults", {}, "stt, llm, tts"),
        ("faults", {"llm": {}}, "status"),
        ("faults", {"llm": {"status": 200}}, "400 to 599"),
        ("faults", {"llm": {"delay": "long"}}, "delay"),
        ("faults", {"llm": {"status": 500}, "times": 0}, "times"),
        ("requests?kind=fax", None, "kind=fax"),
    ],
)
async def test_a_wrong_order_is_refused_with_what_would_be_right(
    server: OfflineServer, path: str, body: Any, what: str
) -> None:
    status, answer = await control(server, path, body, "GET" if body is None else "POST")
    assert status == 400
    assert what in answer["error"]["message"]
