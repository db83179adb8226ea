"""The production plug-in for Deepgram, unchanged, and its wire, against the offline server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from livekit.agents import APIConnectOptions, APIError, stt
from livekit.plugins import deepgram

from lab.providers.phrases import PHRASES
from lab.providers.server import Delays, OfflineServer
from tests.behavior.offline_speech import RATE, connected, control, finals, frames, silence, telephone

HOURS = "What are your opening hours?"
ONCE = APIConnectOptions(max_retry=0, timeout=2.0)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[OfflineServer]:
    async with OfflineServer() as server:
        yield server


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _live(server: OfflineServer, http: aiohttp.ClientSession, **options: object) -> deepgram.STT:
    return deepgram.STT(
        model="nova-2-phonecall",
        api_key="any",
        base_url=f"{server.origin}/v1/listen",
        http_session=http,
        **options,  # pyright: ignore[reportArgumentType] - plain names and values of the plug-in's own options
    )


def _flux(server: OfflineServer, http: aiohttp.ClientSession, **options: object) -> deepgram.STTv2:
    return deepgram.STTv2(
        model="flux-general-en",
        api_key="any",
        base_url=f"{server.origin}/v2/listen".replace("http", "ws"),
        http_session=http,
        **options,  # pyright: ignore[reportArgumentType] - plain names and values of the plug-in's own options
    )


async def _events(
    recogniser: deepgram.STT | deepgram.STTv2, *texts: str, ends: int | None = None
) -> list[tuple[stt.SpeechEventType, str]]:
    """What the plug-in tells while `texts` are said, until speech has ended `ends` times (default: after each)."""
    events: list[tuple[stt.SpeechEventType, str]] = []
    async with asyncio.timeout(20), recogniser.stream(conn_options=ONCE) as stream:
        for text in texts:
            for frame in frames(telephone(text)):
                stream.push_frame(frame)
        async for event in stream:
            if event.type != stt.SpeechEventType.RECOGNITION_USAGE:
                events.append((event.type, event.alternatives[0].text if event.alternatives else ""))
            if [kind for kind, _ in events].count(stt.SpeechEventType.END_OF_SPEECH) == (ends or len(texts)):
                break
    return events


async def test_the_live_plug_in_hears_a_start_interims_a_final_and_an_end(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    events = await _events(_live(server, http), HOURS)
    kinds = [kind for kind, _ in events]
    assert kinds[0] == stt.SpeechEventType.START_OF_SPEECH
    assert stt.SpeechEventType.INTERIM_TRANSCRIPT in kinds
    assert (stt.SpeechEventType.FINAL_TRANSCRIPT, HOURS) in events
    assert kinds[-1] == stt.SpeechEventType.END_OF_SPEECH


async def test_the_live_plug_in_hears_one_phrase_after_the_other(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    events = await _events(_live(server, http), HOURS, "I would like to book a repair.")
    heard = [text for kind, text in events if kind == stt.SpeechEventType.FINAL_TRANSCRIPT]
    assert heard == [HOURS, "I would like to book a repair."]


async def test_a_flush_of_the_plug_in_brings_the_final_before_any_silence(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    stream = _live(server, http).stream(conn_options=ONCE)
    async with stream:
        for frame in frames(telephone(HOURS)[: -int(0.55 * 16_000)]):
            stream.push_frame(frame)
        stream.flush()
        async with asyncio.timeout(10):
            async for event in stream:
                if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                    assert event.alternatives[0].text == HOURS
                    return
    raise AssertionError("no final came")


async def test_flux_tells_the_beginning_and_the_end_of_a_turn(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    events = await _events(_flux(server, http), HOURS)
    kinds = [kind for kind, _ in events]
    assert kinds[0] == stt.SpeechEventType.START_OF_SPEECH
    assert events[-2:] == [
        (stt.SpeechEventType.FINAL_TRANSCRIPT, HOURS),
        (stt.SpeechEventType.END_OF_SPEECH, ""),
    ]


async def test_flux_goes_on_with_a_turn_whose_sentence_was_not_over(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    await control(server, "script", {"language": None, "utterances": ["I would like", "to talk to sales."]})
    events = await _events(_flux(server, http, eager_eot_threshold=0.4), "I would like", "to talk to sales.", ends=1)
    assert (stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, "I would like") in events
    heard = [text for kind, text in events if kind == stt.SpeechEventType.FINAL_TRANSCRIPT]
    assert heard == ["I would like to talk to sales."]


async def test_a_script_says_what_is_heard_in_a_language_that_nothing_here_recognises(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    await control(server, "script", {"language": "es", "utterances": ["¿Dónde está mi pedido?", "Gracias."]})
    english = await _events(_live(server, http), HOURS)
    assert (stt.SpeechEventType.FINAL_TRANSCRIPT, HOURS) in english
    spanish = _live(server, http, language="es")
    events = await _events(spanish, "Dónde está mi pedido", "Gracias")
    heard = [text for kind, text in events if kind == stt.SpeechEventType.FINAL_TRANSCRIPT]
    assert heard == ["¿Dónde está mi pedido?", "Gracias."]


async def test_a_script_that_is_over_hears_nothing_more(server: OfflineServer) -> None:
    await control(server, "script", {"language": None, "utterances": ["Yes."]})
    async with connected(server) as socket:
        await socket.say(telephone(HOURS), telephone(HOURS))
        assert finals(await socket.rest()) == ["yes"]


async def test_finalize_answers_at_once_with_what_was_said_and_says_why(server: OfflineServer) -> None:
    await control(server, "script", {"language": None, "utterances": ["Hello there."]})
    async with connected(server, punctuate="true") as socket:
        await socket.say(telephone(HOURS)[:16_000])
        await socket.tell("Finalize")
        final = await socket.next("Results")
    assert final["is_final"]
    assert final["from_finalize"]
    assert final["channel"]["alternatives"][0]["transcript"] == "Hello there."
    assert final["metadata"]["request_id"]


@pytest.mark.parametrize("voice", ["caller", "nova", "onyx"])
@pytest.mark.parametrize("phrase", ["Thanks, goodbye.", "I would like to talk to sales, please."])
async def test_a_phrase_cut_at_its_comma_is_understood_once_it_is_whole(
    server: OfflineServer, phrase: str, voice: str
) -> None:
    """The agent's own voice detector sends Finalize at the comma; alone, a short end is nothing or anything."""
    first, second = (telephone(part, voice=voice) for part in phrase.split(", "))
    async with connected(server, language="en", smart_format="true") as socket:
        await socket.say(first[: -int(0.5 * RATE)])
        await socket.tell("Finalize")
        await socket.say(second)
        assert " ".join(finals(await socket.rest())) == phrase


async def test_a_finalize_in_silence_is_answered_by_an_empty_final(server: OfflineServer) -> None:
    async with connected(server) as socket:
        await socket.say(silence(0.5))
        await socket.tell("Finalize")
        final = await socket.next("Results")
    assert (final["is_final"], final["channel"]["alternatives"][0]["transcript"]) == (True, "")


async def test_the_end_of_an_utterance_and_the_metadata_come_when_asked_for(server: OfflineServer) -> None:
    async with connected(server, utterance_end_ms="1000", vad_events="true") as socket:
        await socket.say(telephone(HOURS), silence(1.0))
        kinds = [message["type"] for message in await socket.rest()]
    assert kinds[0] == "SpeechStarted"
    assert kinds[-2:] == ["UtteranceEnd", "Metadata"]
    async with connected(server) as socket:
        await socket.say(telephone(HOURS), silence(1.0))
        kinds = {message["type"] for message in await socket.rest()}
    assert kinds == {"Results", "Metadata"}


async def test_without_formatting_the_words_are_bare(server: OfflineServer) -> None:
    await control(server, "script", {"language": None, "utterances": ["Thanks, goodbye."] * 2})
    async with connected(server) as socket:
        await socket.say(telephone("Yes."))
        assert finals(await socket.rest()) == ["thanks goodbye"]


@pytest.mark.parametrize("rate", [8000, 24_000, 48_000])
async def test_speech_at_another_rate_is_heard_too(server: OfflineServer, rate: int) -> None:
    async with connected(server, sample_rate=str(rate), punctuate="true") as socket:
        await socket.say(telephone(HOURS, rate=rate))
        assert finals(await socket.rest()) == [HOURS]


async def test_audio_in_odd_pieces_is_no_error(server: OfflineServer) -> None:
    async with connected(server) as socket:
        await socket.say(silence(0.001), silence(0.0), silence(0.0123))
        assert [message["type"] for message in await socket.rest()] == ["Metadata"]


async def test_noise_alone_is_not_taken_for_a_phrase(server: OfflineServer) -> None:
    noise = np.random.default_rng(3).normal(0, 60, 48_000).astype(np.int16)
    async with connected(server) as socket:
        await socket.say(noise)
        assert finals(await socket.rest()) == []


async def test_several_callers_are_heard_at_once(server: OfflineServer, http: aiohttp.ClientSession) -> None:
    heard = await asyncio.gather(*(_events(_live(server, http), HOURS) for _ in range(5)))
    assert all((stt.SpeechEventType.FINAL_TRANSCRIPT, HOURS) in events for events in heard)


async def test_what_reached_the_recogniser_is_told_with_its_query(
    server: OfflineServer, http: aiohttp.ClientSession
) -> None:
    await _events(_live(server, http), "Yes.")
    _, requests = await control(server, "requests", None, "GET")
    assert [(one["kind"], one["path"], one["query"]["model"]) for one in requests] == [
        ("stt", "/v1/listen", "nova-2-phonecall")
    ]
    await control(server, "requests", None, "DELETE")
    assert await control(server, "requests", None, "GET") == (200, [])


async def test_a_delay_makes_every_message_late(http: aiohttp.ClientSession) -> None:
    async with OfflineServer(delays=Delays(stt=0.3)) as server, connected(server) as socket:
        loop = asyncio.get_running_loop()
        await socket.tell("Finalize")
        begin = loop.time()
        await socket.next("Results")
        assert loop.time() - begin >= 0.25


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"sample_rate": "lots"}, "sample_rate=lots"),
        ({"sample_rate": "4000"}, "sample_rate=4000"),
        ({"encoding": "opus"}, "encoding=opus"),
        ({"channels": "2"}, "channels=1"),
        ({"utterance_end_ms": "soon"}, "utterance_end_ms=soon"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/listen", "/v2/listen"])
async def test_a_query_that_cannot_be_served_is_refused_with_the_reason(
    server: OfflineServer, http: aiohttp.ClientSession, path: str, query: dict[str, str], what: str
) -> None:
    if path == "/v2/listen" and "utterance_end_ms" in query:
        query = {"eot_timeout_ms": "soon"}
        what = "eot_timeout_ms=soon"
    async with http.get(server.origin + path, params=query, headers={"Authorization": "Token any"}) as answer:
        assert answer.status == 400
        assert what in (await answer.json())["err_msg"]


async def test_a_missing_key_is_refused(server: OfflineServer, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{server.origin}/v1/listen") as answer:
        assert answer.status == 401


@pytest.mark.parametrize("fault", [{"status": 500}, {"close": True}], ids=["an error", "a closed connection"])
async def test_a_recogniser_can_be_made_to_fail_once(
    server: OfflineServer, http: aiohttp.ClientSession, fault: dict[str, object]
) -> None:
    await control(server, "faults", {"stt": fault, "times": 1})
    async with _live(server, http).stream(conn_options=ONCE) as stream:
        with pytest.raises(APIError):
            _ = [event async for event in stream]
    assert (stt.SpeechEventType.FINAL_TRANSCRIPT, HOURS) in await _events(_live(server, http), HOURS)


async def test_a_recogniser_can_be_made_to_fail_in_the_middle_of_a_call(server: OfflineServer) -> None:
    async with connected(server) as socket:
        await socket.say(telephone("Yes, please."))
        await socket.next("Results")
        await control(server, "faults", {"stt": {"close": True}})
        await socket.say(telephone(HOURS))
        with pytest.raises(AssertionError, match="the connection ended"):
            await socket.next("Metadata")


async def test_a_recogniser_that_is_silent_says_nothing(server: OfflineServer) -> None:
    await control(server, "faults", {"stt": {"silent": True}})
    async with connected(server, vad_events="true") as socket:
        await socket.say(telephone(HOURS))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.next("SpeechStarted"), 0.5)


async def test_a_message_that_is_none_is_answered_by_an_error(server: OfflineServer) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Token any"}) as session,
        session.ws_connect(f"{server.origin}/v1/listen") as socket,
    ):
        await socket.send_str("[")
        assert (await socket.receive_json())["type"] == "Error"


async def test_noise_without_an_end_is_cut_into_pieces(server: OfflineServer) -> None:
    music = np.random.default_rng(5).normal(0, 6000, 20 * 16_000).astype(np.int16)
    async with connected(server) as socket:
        await socket.say(silence(0.5), music)
        ends = [message for message in await socket.rest() if message.get("is_final")]
    assert len(ends) == 3
    assert finals(ends) == []


async def test_most_of_what_the_demonstration_says_is_understood_over_the_wire(server: OfflineServer) -> None:
    wrong: dict[str, list[str]] = {}
    for phrase in PHRASES:
        async with connected(server, punctuate="true", endpointing="25") as socket:
            await socket.say(telephone(phrase))
            heard = finals(await socket.rest())
        if " ".join(heard) != phrase:
            wrong[phrase] = heard
    assert len(wrong) <= 0.2 * len(PHRASES), wrong
