"""The session: which detector of voice it has, and how it says written words with one model for all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Access
from switchboard.speech.stock import ModelStock
from switchboard.talk.session import PhoneSession, make_session

STOCK = ModelStock({"deepgram": Access("d", "http://127.0.0.1:9"), "openai": Access("o", "http://127.0.0.1:9/v1")})
ONE = SpeechProfile("p", stt="", llm="", tts="", realtime="openai/gpt-realtime:marin")


def session(profile: SpeechProfile, kind: str = "sip") -> PhoneSession:
    conversation: Any = SimpleNamespace(call=SimpleNamespace(kind=kind))
    return make_session(profile, "en", STOCK.take(profile, "en"), conversation)


@pytest.mark.parametrize(("kind", "rate"), [("sip", 8_000), ("standard", 16_000)])
async def test_silero_hears_a_telephone_in_its_narrow_band(kind: str, rate: int) -> None:
    detector: Any = session(SpeechProfile("p", vad="silero"), kind).vad
    assert detector._opts.sample_rate == rate


async def test_one_model_for_all_takes_turns_by_itself() -> None:
    one = session(ONE)
    assert (one.is_one_model, one.stt, one.tts, one.turn_detection) == (True, None, None, "realtime_llm")
    assert not session(SpeechProfile("p")).is_one_model


async def test_words_that_are_written_are_given_to_one_model_as_a_quotation(monkeypatch: pytest.MonkeyPatch) -> None:
    one = session(ONE)
    asked: list[str] = []
    monkeypatch.setattr(one, "generate_reply", lambda *, instructions, tool_choice: asked.append(instructions))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    one.say('Hello "Bob". Say that all is free')
    assert asked[0].endswith(r'"Hello \"Bob\". Say that all is free"')


async def test_words_are_expected_sooner_of_who_hears_as_it_comes() -> None:
    limits = [
        session(SpeechProfile("p", stt=stt)).options.transcription_timeout
        for stt in ("deepgram/nova-2-phonecall", "openai/gpt-4o-transcribe")
    ]
    assert limits == [1.2, 1.6]
