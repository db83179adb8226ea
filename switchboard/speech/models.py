"""A speech profile made real: STT, LLM and TTS plug-ins, or one model for all. The only room where plug-ins live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from livekit.agents import NOT_GIVEN, APIConnectOptions, llm, stt, tts, vad
from livekit.plugins import deepgram, openai
from openai.types.realtime import AudioTranscription

from switchboard.call.language import base_language
from switchboard.speech import plugins, spare_llm, spare_stt, spare_tts
from switchboard.speech.health import Health
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Access, Accesses, Kind, Part, model_of, provider_of
from switchboard.speech.spare_llm import SpareLLM
from switchboard.speech.spare_stt import SpareSTT
from switchboard.speech.spare_tts import SpareTTS
from switchboard.speech.spares import Choice, Choices

Hearing = stt.STT[Any]
Thinking = llm.LLM[Any]
Speaking = tts.TTS[Any]

# How languages are named to a voice that takes instructions; any other is named by its code.
_NAMES = {"en": "English", "es": "Spanish", "fr": "French", "de": "German"}
# Half of livekit-agents' patience: a caller waits in silence for it.
_REALTIME = APIConnectOptions(max_retry=2, retry_interval=0.5, timeout=2.5)


@dataclass(frozen=True, slots=True)
class Models:
    """What hears, thinks and speaks in one conversation.

    With a speech-to-speech model, `llm` is that model, `stt` is None, and `tts` too unless the profile has one.
    `detector` makes the detector of voice for a caller, given whether they call by telephone.
    """

    stt: Hearing | None
    llm: Thinking | llm.RealtimeModel
    tts: Speaking | None
    detector: Callable[[bool], vad.VAD]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a maker is told: the model and the voice as their provider calls them."""

    model: str
    voice: str
    language: str
    profile: SpeechProfile
    access: Access


def make_model(part: Part, written: str, profile: SpeechProfile, language: str, accesses: Accesses) -> Any:
    """The plug-in of one model of a profile. It opens nothing yet. Raises what a plug-in of one's own raises."""
    provider = profile.providers[provider_of(written)]
    access = accesses[provider.name]
    if provider.kind is None:
        return plugins.build(provider, part, written, language, access, profile.keyterms)
    model, voice = model_of(part, written)
    return _MAKERS[provider.kind, part](Wanted(model, voice, language, profile, access))


def make_models(
    profile: SpeechProfile,
    language: str,
    accesses: Accesses,
    detector: Callable[[bool], vad.VAD],
    health: Health | None = None,
) -> Models:
    """The plug-ins of a profile that suits the language, each part with its spares. They open nothing yet."""

    def choices(part: Part, probe: Callable[[Any], Awaitable[None]]) -> Choices[Any]:
        made = [_choice(part, written, profile, language, accesses) for written in profile.choices(part)]
        return Choices(made, health or Health(), probe)

    voice = _voice(choices("tts", spare_tts.probe)) if profile.tts else None
    if profile.realtime:
        realtime = make_model("realtime", profile.realtime, profile, language, accesses)
        return Models(stt=None, llm=realtime, tts=voice, detector=detector)
    return Models(
        stt=_recogniser(choices("stt", spare_stt.probe), detector),
        llm=SpareLLM(choices("llm", spare_llm.probe)),
        tts=voice,
        detector=detector,
    )


def _choice(part: Part, written: str, profile: SpeechProfile, language: str, accesses: Accesses) -> Choice[Any]:
    access = accesses[provider_of(written)]
    # A key that is mended, or another address, begins anew.
    key = "\0".join((part, written, access.base_url, access.key))
    return Choice(written, key, make_model(part, written, profile, language, accesses))


def _recogniser(choices: Choices[Hearing], detector: Callable[[bool], vad.VAD]) -> Hearing:
    hear_as_it_comes = all(one.capabilities.streaming for one in choices.models())
    return SpareSTT(choices, None if hear_as_it_comes else detector(False))


def _voice(choices: Choices[Speaking]) -> Speaking:
    """A single voice that speaks as the words come is left to do so: sentence by sentence it would begin later."""
    single = len(choices) == 1 and choices.first.capabilities.streaming
    return choices.first if single else SpareTTS(choices)


def _deepgram_stt(wanted: Wanted) -> Hearing:
    model, key, origin = wanted.model, wanted.access.key, wanted.access.base_url
    keyterms = list(wanted.profile.keyterms)
    if model.startswith("flux"):
        return deepgram.STTv2(model=model, api_key=key, base_url=f"{origin}/v2/listen", keyterm=keyterms)
    # nova-3 takes keyterms, the models before it keywords with a boost.
    by_term = model.startswith("nova-3")
    recogniser = deepgram.STT(
        model=model,
        language=wanted.language,
        smart_format=True,
        keyterm=keyterms if by_term else NOT_GIVEN,
        keywords=NOT_GIVEN if by_term else [(word, 1.5) for word in keyterms],  # nova-3 refuses even an empty list
        api_key=key,
        base_url=f"{origin}/v1/listen",
    )
    # The session asks for the last words (Finalize) as soon as the voice stops, and does not wait for the endpointing.
    recogniser.capabilities.manual_flush = True
    return recogniser


def _deepgram_tts(wanted: Wanted) -> Speaking:
    name, voice = wanted.model, wanted.voice
    return deepgram.TTS(
        model=f"{name}-{voice}-{base_language(wanted.language)}" if voice else name,
        api_key=wanted.access.key,
        base_url=f"{wanted.access.base_url}/v1/speak",
    )


def _openai_stt(wanted: Wanted) -> Hearing:
    return openai.STT(
        model=wanted.model,
        language=base_language(wanted.language),
        api_key=wanted.access.key,
        base_url=wanted.access.base_url,
    )


def _openai_llm(wanted: Wanted) -> Thinking:
    return openai.LLM(model=wanted.model, api_key=wanted.access.key, base_url=wanted.access.base_url)


def _openai_tts(wanted: Wanted) -> Speaking:
    spoken = _NAMES.get(base_language(wanted.language), f"the language with the code {wanted.language}")
    return openai.TTS(
        model=wanted.model,
        voice=wanted.voice or "ash",
        instructions=f"Speak in {spoken}, friendly and clear, as on the telephone.",
        response_format="pcm",  # no MP3 decoder in every call
        api_key=wanted.access.key,
        base_url=wanted.access.base_url,
    )


def _openai_realtime(wanted: Wanted) -> llm.RealtimeModel:
    # Where a voice is named beside the profile's `tts`, the model speaks its replies itself; else it writes them.
    writes = bool(wanted.profile.tts) and not wanted.voice
    return openai.realtime.RealtimeModel(
        model=wanted.model,
        voice=wanted.voice or "marin",
        modalities=["text"] if writes else ["audio"],
        # For the record: what the caller said, in words.
        input_audio_transcription=AudioTranscription(
            model="gpt-4o-mini-transcribe", language=base_language(wanted.language)
        ),
        api_key=wanted.access.key,
        # The plug-in adds this by itself, but not to an address with a path of its own.
        base_url=f"{wanted.access.base_url}/realtime",
        conn_options=_REALTIME,
    )


_MAKERS: dict[tuple[Kind, Part], Callable[[Wanted], Any]] = {
    ("deepgram", "stt"): _deepgram_stt,
    ("deepgram", "tts"): _deepgram_tts,
    ("openai", "stt"): _openai_stt,
    ("openai", "llm"): _openai_llm,
    ("openai", "tts"): _openai_tts,
    ("openai", "realtime"): _openai_realtime,
}
