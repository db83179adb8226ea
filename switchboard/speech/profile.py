"""Speech profiles: which STT, LLM, TTS and turn handling a conversation gets. Names only; no plug-in is imported.

A model is written `provider/model`, a TTS model `provider/model:voice`. What Deepgram's models speak is from
https://developers.deepgram.com/docs/models-languages-overview (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from switchboard.call.language import base_language

Part = Literal["stt", "llm", "tts"]

PROVIDERS: Mapping[Part, tuple[str, ...]] = {
    "stt": ("deepgram", "openai"),
    "llm": ("openai",),
    "tts": ("deepgram", "openai"),
}
# The variable that holds each provider's key.
KEYS: Mapping[str, str] = {"deepgram": "DEEPGRAM_API_KEY", "openai": "OPENAI_API_KEY"}

_ENGLISH_ONLY = re.compile(
    r"(nova-2|nova-3|nova|enhanced|base)?-?"
    r"(phonecall|meeting|finance|conversationalai|voicemail|video|medical|drivethru|automotive|atc)"
)
_NOVA_2 = frozenset(
    [
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "hi",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
        "ms",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sv",
        "th",
        "tr",
        "uk",
        "vi",
        "zh",
    ]
)
_FLUX = frozenset(["de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "ru"])


@dataclass(frozen=True, slots=True)
class SpeechProfile:
    """The models of a conversation. `voices` gives a TTS voice for a language ("es"); delays are seconds.

    `min_delay` is how long the caller's silence lasts before a complete sentence is answered, `max_delay` before
    an unfinished one is. `keyterms` are words that the recogniser should expect (names, products).
    """

    name: str
    stt: str = "deepgram/nova-2-general"
    llm: str = "openai/gpt-4.1-mini"
    tts: str = "openai/gpt-4o-mini-tts:ash"
    voices: Mapping[str, str] = field(default_factory=dict[str, str])
    keyterms: tuple[str, ...] = ()
    min_delay: float = 0.3
    max_delay: float = 1.8

    def models(self) -> dict[Part, str]:
        return {"stt": self.stt, "llm": self.llm, "tts": self.tts}

    def providers(self) -> frozenset[str]:
        """The providers whose keys this profile needs."""
        return frozenset(model.partition("/")[0] for model in self.models().values())

    def spoken_in(self, language: str) -> SpeechProfile:
        """This profile for a conversation in `language`: an STT model that hears it, the voice for it.

        Raises LookupError where no model of the provider is known to hear that language.
        """
        stt = model_for(self.stt, language)
        voice = self.voices.get(language) or self.voices.get(base_language(language))
        return replace(self, stt=stt, tts=with_voice(self.tts, voice) if voice else self.tts)


BUILT_IN: Mapping[str, SpeechProfile] = {
    "phone": SpeechProfile("phone", stt="deepgram/nova-2-phonecall"),
    "wideband": SpeechProfile("wideband", stt="deepgram/nova-2-general"),
}


def fault(part: Part, model: str) -> str | None:
    """What is wrong with a model's name, in words that say what would be right; None where it is good."""
    provider, slash, name = model.partition("/")
    if not slash or not name:
        return f'{part} = "{model}" is not of the form "provider/model"'
    if provider not in PROVIDERS[part]:
        return f'{part} = "{model}": unknown provider "{provider}" (have: {", ".join(PROVIDERS[part])})'
    return None


def model_for(stt: str, language: str) -> str:
    """The STT model that hears `language`: `stt` itself, or its provider's nearest that does.

    Raises LookupError where none is known. The choice is made when the table is loaded, so that no call finds
    out in the middle of a sentence.
    """
    provider, _, name = stt.partition("/")
    base = base_language(language)
    if provider != "deepgram" or base == "en":
        return stt
    if name.startswith("flux"):
        if base in _FLUX:
            return "deepgram/flux-general-multi"
    elif name.startswith(("nova-3", "whisper")):
        return "deepgram/nova-3-general" if _ENGLISH_ONLY.fullmatch(name) else stt
    elif base in _NOVA_2:
        return "deepgram/nova-2-general" if _ENGLISH_ONLY.fullmatch(name) or name == "base" else stt
    raise LookupError(f'no Deepgram model like "{name}" hears the language "{language}"')


def with_voice(tts: str, voice: str) -> str:
    """`tts` speaking with another voice."""
    return f"{tts.partition(':')[0]}:{voice}"
