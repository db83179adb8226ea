"""What a greeting says, and whether its sound may be kept."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, tts

from switchboard.call.reading import read_call
from switchboard.routing.decision import Answer
from switchboard.speech.kept import KeptSound
from switchboard.speech.profile import BUILT_IN
from switchboard.speech.providers import BUILT_IN as PROVIDERS
from switchboard.speech.providers import Provider
from switchboard.speech.spoken import SpokenText
from switchboard.talk.greeting import fill, prepare_greeting
from switchboard.talk.prompts import Prompt
from tests.until import until

PROMPT = Prompt("You are the front desk.", "Welcome.", "en")
CALL = read_call(attributes={"sip.phoneNumber": "+14155550101"}, customers=[{"name": "Ada"}])


class Voice(tts.TTS[Any]):
    """Speaks every text as 100 ms of silence and remembers the texts."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=24000, num_channels=1)
        self.said: list[str] = []
        self._fails = fails

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = APIConnectOptions()) -> Any:  # noqa: B008
        self.said.append(text)
        return self._frames()

    async def _frames(self) -> AsyncIterator[tts.SynthesizedAudio]:
        if self._fails:
            raise ConnectionError("no voice")
        frame = rtc.AudioFrame(bytes(4800), 24000, 1, 2400)
        yield tts.SynthesizedAudio(frame=frame, request_id="r")


def _decision(greeting: str | None, language: str = "en") -> Answer:
    return Answer(route="r", line=1, agent="front_desk", language=language, speech=BUILT_IN["phone"], greeting=greeting)


async def _text(greeting: str | None, tmp_path: Path, language: str = "en", area: dict[str, str] | None = None) -> str:
    prepared = prepare_greeting(_decision(greeting, language), PROMPT, CALL, area or {}, Voice(), tmp_path)
    text = (prepared.words or "") if prepared.spoken else ""
    prepared.cancel()
    return text


def _sounds(folder: Path) -> int:
    return len(list(folder.rglob("*.wav")))


async def test_a_routes_greeting_goes_before_the_agents(tmp_path: Path) -> None:
    assert await _text("Hello {name}.", tmp_path) == "Hello Ada."
    assert await _text(None, tmp_path) == "Welcome."


async def test_a_greeting_that_asks_for_what_is_not_known_gives_way_to_the_agents(tmp_path: Path) -> None:
    assert await _text("I see you call from {area}.", tmp_path) == "Welcome."
    assert await _text("From {area}.", tmp_path, area={"city": "Oakland"}) == "From Oakland."


async def test_a_prompts_greeting_is_filled_in_like_a_routes_and_kept_only_where_it_is_not_personal(
    tmp_path: Path,
) -> None:
    async def says(greeting: str, area: dict[str, str]) -> str:
        prompt = Prompt("You are the front desk.", greeting, "en")
        prepared = prepare_greeting(_decision(None), prompt, CALL, area, Voice(), tmp_path)
        if prepared.spoken is None:
            return "(the agent greets)"
        async for _ in prepared.spoken.frames():
            pass
        return prepared.words or ""

    assert await says("Hello {name}.", {}) == "Hello Ada."
    assert _sounds(tmp_path) == 0
    assert await says("Hello {city}.", {"city": "Oakland"}) == "Hello Oakland."
    await until(lambda: _sounds(tmp_path) == 1)
    assert await says("Hello {company}.", {}) == "(the agent greets)"


async def test_without_a_greeting_in_the_callers_language_the_agent_greets(tmp_path: Path) -> None:
    assert await _text(None, tmp_path, language="fr") == ""


def test_braces_can_be_written_twice() -> None:
    assert fill("{{x}} {name}", {"name": "Ada"}) == "{x} Ada"


async def test_a_greeting_is_synthesised_once_and_then_read_from_disk(tmp_path: Path) -> None:
    voice = Voice()
    for _ in range(2):
        spoken = prepare_greeting(_decision("Hi."), PROMPT, CALL, {}, voice, tmp_path).spoken
        assert spoken is not None
        frames = [frame async for frame in spoken.frames()]
        assert sum(frame.samples_per_channel for frame in frames) == 2400
        await until(lambda: _kept(tmp_path))
    assert voice.said == ["Hi."]


@pytest.mark.parametrize("greeting", ["Hi {name}.", "This is {department}.", "About {data.order}."])
async def test_a_greeting_of_what_the_caller_may_have_set_is_never_kept(tmp_path: Path, greeting: str) -> None:
    attributes = {"sip.ruleID": "r", "sip.h.x-department": "Ada's own", "sip.h.x-order": "7"}
    call = read_call(attributes=attributes, customers=[{"name": "Ada"}])
    prepared = prepare_greeting(_decision(greeting), PROMPT, call, {}, Voice(), tmp_path)
    spoken = prepared.spoken
    assert spoken is not None
    assert prepared.words != PROMPT.greeting
    assert [frame async for frame in spoken.frames()]
    await until(lambda: len(asyncio.all_tasks()) == 1)  # nothing goes on behind it
    assert _kept(tmp_path) == []


async def test_a_greeting_of_what_the_route_has_set_is_kept(tmp_path: Path) -> None:
    decision = replace(_decision("About {data.offer}."), data={"offer": "our bikes"})
    prepared = prepare_greeting(decision, PROMPT, CALL, {}, Voice(), tmp_path)
    await until(lambda: _kept(tmp_path))
    assert prepared.words == "About our bikes."


@pytest.mark.parametrize("broken", ["no folder", "a folder in its place"])
async def test_a_greeting_that_cannot_be_kept_is_heard_to_its_end(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = KeptSound(tmp_path / "file" / "x.wav")
    if broken == "no folder":
        (tmp_path / "file").write_text("")
    else:
        kept.file.mkdir(parents=True)
    spoken = SpokenText("Hi.", Voice(), kept)
    assert [frame async for frame in spoken.frames()]
    await until(lambda: "set SWITCHBOARD_CACHE" in caplog.text)
    assert _files(tmp_path) == (["file"] if broken == "no folder" else [])


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def _kept(folder: Path) -> list[Path]:
    return list(folder.rglob("*.wav"))


async def test_a_voice_that_fails_is_reported_and_keeps_nothing(tmp_path: Path) -> None:
    spoken = SpokenText("Hi.", Voice(fails=True), KeptSound(tmp_path / "x.wav"))
    with pytest.raises(ConnectionError):
        _ = [frame async for frame in spoken.frames()]
    assert not (tmp_path / "x.wav").exists()


async def test_a_broken_file_is_spoken_anew(tmp_path: Path) -> None:
    kept = tmp_path / "x.wav"
    kept.write_bytes(b"RIFF")
    voice = Voice()
    spoken = SpokenText("Hi.", voice, KeptSound(kept))
    assert [frame async for frame in spoken.frames()]
    await until(lambda: kept.stat().st_size > 4)
    assert voice.said == ["Hi."]
    with wave.open(str(kept)) as sound:
        assert sound.getnframes() == 2400


async def test_a_model_that_speaks_by_itself_is_given_the_words_and_nothing_is_spoken_for_it(tmp_path: Path) -> None:
    greeting = prepare_greeting(_decision("Hello {name}."), PROMPT, CALL, {}, None, tmp_path)
    assert (greeting.words, greeting.spoken) == ("Hello Ada.", None)


async def test_the_same_name_at_another_address_is_another_voice(tmp_path: Path) -> None:
    voice = Voice()
    elsewhere = Provider("openai", kind="openai", base_url="https://proxy.example/v1")
    for providers in (PROVIDERS, {**PROVIDERS, "openai": elsewhere}):
        decision = replace(_decision("Hi."), speech=replace(BUILT_IN["phone"], providers=providers))
        spoken = prepare_greeting(decision, PROMPT, CALL, {}, voice, tmp_path).spoken
        assert spoken is not None
        assert [frame async for frame in spoken.frames()]
    assert voice.said == ["Hi.", "Hi."]
