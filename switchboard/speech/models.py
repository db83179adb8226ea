"""A speech profile made real: STT, LLM and TTS plug-ins. The only room where plug-ins live.

Adding a provider: one function here, its name in `profile.PROVIDERS`, its key in `profile.KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from livekit.agents import NOT_GIVEN, llm, stt, tts
from livekit.plugins import deepgram, openai

from switchboard.call.language import base_language
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Providers

Hearing = stt.STT[Any]
Thinking = llm.LLM[Any]
Speaking = tts.TTS[Any]
_T = TypeVar("_T")

# How languages are named to a voice that takes instructions; any other is named by its code.
_NAMES = {"en": "English", "es": "Spanish", "fr": "French", "de": "German"}


@dataclass(frozen=True, slots=True)
class Models:
    """What hears, thinks and speaks in one conversation."""

    stt: Hearing
    llm: Thinking
    tts: Speaking


def make_models(profile: SpeechProfile, language: str, providers: Providers) -> Models:
    """The plug-ins of a profile that suits the language. They open nothing yet."""
    return Models(
        stt=_made(_STT, profile.stt)(_model(profile.stt), language, profile, providers),
        llm=_made(_LLM, profile.llm)(_model(profile.llm), language, profile, providers),
        tts=_made(_TTS, profile.tts)(_model(profile.tts), language, profile, providers),
    )


def _model(name: str) -> str:
    return name.partition("/")[2]


def _made(makers: dict[str, _T], name: str) -> _T:
    return makers[name.partition("/")[0]]


def _deepgram_stt(model: str, language: str, profile: SpeechProfile, providers: Providers) -> Hearing:
    key, origin = providers["deepgram"].key, providers["deepgram"].base_url
    if model.startswith("flux"):
        return deepgram.STTv2(model=model, api_key=key, base_url=f"{origin}/v2/listen", keyterm=list(profile.keyterms))
    # nova-3 takes keyterms, the models before it keywords with a boost.
    by_term = model.startswith("nova-3")
    recogniser = deepgram.STT(
        model=model,
        language=language,
        smart_format=True,
        keyterm=list(profile.keyterms) if by_term else NOT_GIVEN,
        keywords=[] if by_term else [(word, 1.5) for word in profile.keyterms],
        api_key=key,
        base_url=f"{origin}/v1/listen",
    )
    # The session asks for the last words (Finalize) as soon as the voice stops, and does not wait for the endpointing.
    recogniser.capabilities.manual_flush = True
    return recogniser


def _openai_stt(model: str, language: str, profile: SpeechProfile, providers: Providers) -> Hearing:
    return openai.STT(
        model=model,
        language=base_language(language),
        api_key=providers["openai"].key,
        base_url=providers["openai"].base_url,
    )


def _openai_llm(model: str, language: str, profile: SpeechProfile, providers: Providers) -> Thinking:
    return openai.LLM(model=model, api_key=providers["openai"].key, base_url=providers["openai"].base_url)


def _openai_tts(model: str, language: str, profile: SpeechProfile, providers: Providers) -> Speaking:
    name, _, voice = model.partition(":")
    spoken = _NAMES.get(base_language(language), f"the language with the code {language}")
    return openai.TTS(
        model=name,
        voice=voice or "ash",
        instructions=f"Speak in {spoken}, friendly and clear, as on the telephone.",
        response_format="pcm",  # no MP3 decoder in every call
        api_key=providers["openai"].key,
        base_url=providers["openai"].base_url,
    )


def _deepgram_tts(model: str, language: str, profile: SpeechProfile, providers: Providers) -> Speaking:
    name, _, voice = model.partition(":")
    return deepgram.TTS(
        model=f"{name}-{voice}-{base_language(language)}" if voice else name,
        api_key=providers["deepgram"].key,
        base_url=f"{providers['deepgram'].base_url}/v1/speak",
    )


_STT: dict[str, Callable[[str, str, SpeechProfile, Providers], Hearing]] = {
    "deepgram": _deepgram_stt,
    "openai": _openai_stt,
}
_LLM: dict[str, Callable[[str, str, SpeechProfile, Providers], Thinking]] = {"openai": _openai_llm}
_TTS: dict[str, Callable[[str, str, SpeechProfile, Providers], Speaking]] = {
    "openai": _openai_tts,
    "deepgram": _deepgram_tts,
}
