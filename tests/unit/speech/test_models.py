"""Profiles made real: every model of the built-in providers can be made, and opens nothing by that."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.agents import llm, vad

from switchboard.speech.models import make_model, make_models
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Access
from switchboard.speech.stock import ModelStock
from switchboard.speech.voice_activity import Detectors

ACCESSES = {"deepgram": Access("d", "http://127.0.0.1:9"), "openai": Access("o", "http://127.0.0.1:9/v1")}


@pytest.mark.parametrize("keyterms", [(), ("Harbor Bikes",)], ids=["no keyterms", "keyterms"])
@pytest.mark.parametrize(
    "model",
    [
        "deepgram/nova-2-phonecall",
        "deepgram/nova-3",
        "deepgram/nova-3-medical",
        "deepgram/flux-general-en",
        "openai/whisper-1",
        "openai/gpt-4o-transcribe",
    ],
)
async def test_every_recogniser_can_be_made_with_and_without_words_to_expect(
    model: str, keyterms: tuple[str, ...]
) -> None:
    profile = SpeechProfile("p", stt=model, keyterms=keyterms)
    assert make_model("stt", profile.models()["stt"], profile, "en", ACCESSES).model == model.partition("/")[2]


async def test_a_language_model_keeps_a_colon_in_its_name_and_a_voice_does_not() -> None:
    profile = SpeechProfile("p", llm="openai/llama3:8b", tts="openai/hexgrad/kokoro:sky")
    assert make_model("llm", profile.models()["llm"], profile, "en", ACCESSES).model == "llama3:8b"
    assert make_model("tts", profile.models()["tts"], profile, "en", ACCESSES).model == "hexgrad/kokoro"


async def test_one_model_hears_thinks_and_speaks() -> None:
    profile = SpeechProfile("p", stt="", llm="", tts="", realtime="openai/gpt-realtime:cedar")
    models = make_models(profile, "de-AT", ACCESSES, _no_detector)
    assert isinstance(models.llm, llm.RealtimeModel)
    assert (models.stt, models.tts) == (None, None)
    options: Any = getattr(models.llm, "_opts")  # noqa: B009
    assert (options.model, options.voice, options.modalities) == ("gpt-realtime", "cedar", ["audio"])
    assert options.input_audio_transcription.language == "de"


@pytest.mark.parametrize(("realtime", "speaks"), [("openai/gpt-realtime", False), ("openai/gpt-realtime:cedar", True)])
async def test_beside_a_voice_one_model_writes_unless_it_is_given_a_voice_too(realtime: str, speaks: bool) -> None:
    profile = SpeechProfile("p", stt="", llm="", realtime=realtime)
    model = make_models(profile, "en", ACCESSES, _no_detector).llm
    assert isinstance(model, llm.RealtimeModel)
    assert model.capabilities.audio_output is speaks


def test_no_key_is_shown_by_what_holds_it() -> None:
    assert "secret" not in repr(Access("secret", "https://x/v1"))


@pytest.mark.parametrize(("telephone", "rate"), [(True, 8_000), (False, 16_000)])
def test_silero_looks_at_a_telephone_as_narrow_as_it_is_and_is_loaded_once(telephone: bool, rate: int) -> None:
    detectors, profile = Detectors(), SpeechProfile("p", vad="silero", vad_threshold=0.4)
    found = detectors.detector(profile, telephone=telephone)
    assert (found.provider, found.model) == ("ONNX", "silero")
    options: Any = getattr(found, "_opts")  # noqa: B009
    assert (options.sample_rate, options.activation_threshold) == (rate, 0.4)
    assert detectors.detector(profile, telephone=telephone) is found
    assert detectors.detector(SpeechProfile("p"), telephone=telephone).provider != "ONNX"


def test_what_is_prepared_before_the_fork_is_what_the_call_gets() -> None:
    stock, profile = ModelStock(ACCESSES), SpeechProfile("p", vad="silero")
    stock.prepare(profile, "en")
    stock.prepare_detectors(profile)
    models = stock.take(profile, "en")
    again = stock.take(profile, "en")
    assert models.llm is not again.llm
    assert models.detector(True) is again.detector(True)


def _no_detector(_: bool) -> vad.VAD:
    raise AssertionError("nobody calls")
