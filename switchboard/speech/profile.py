"""Speech profiles: which STT, LLM, TTS and turn handling a conversation gets. Names only; no plug-in is imported.

A model is written `provider/model`, one that speaks `provider/model:voice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from switchboard.call.language import base_language
from switchboard.files.suggest import suggest
from switchboard.speech.deepgram_languages import model_for
from switchboard.speech.providers import BUILT_IN as BUILT_IN_PROVIDERS
from switchboard.speech.providers import Part, Provider, Providers, Takes, model_of, provider_of

Vad = Literal["bundled", "silero"]


@dataclass(frozen=True, slots=True)
class SpeechProfile:
    """The models of a conversation. `voices` gives a voice for a language ("es"); delays are seconds.

    `min_delay` is how long the caller's silence lasts before a complete sentence is answered, `max_delay` before
    an unfinished one is. `keyterms` are words that the recogniser should expect (names, products).

    `spares` are the models that are asked where the first of their part fails, in this order.

    With `realtime` one model hears, thinks and speaks: `stt` and `llm` are then empty, and `tts` too unless the
    greeting and other written words are to be spoken by another voice. `vad_threshold` None is the detector's own.
    """

    name: str
    stt: str = "deepgram/nova-2-general"
    llm: str = "openai/gpt-4.1-mini"
    tts: str = "openai/gpt-4o-mini-tts:ash"
    realtime: str = ""
    voices: Mapping[str, str] = field(default_factory=dict[str, str])
    keyterms: tuple[str, ...] = ()
    min_delay: float = 0.3
    max_delay: float = 1.8
    vad: Vad = "bundled"
    vad_threshold: float | None = None
    spares: Mapping[Part, tuple[str, ...]] = field(default_factory=dict[Part, tuple[str, ...]])
    providers: Providers = field(default_factory=lambda: BUILT_IN_PROVIDERS, repr=False)

    def models(self) -> dict[Part, str]:
        """The models that it has, by what they are: of each part the first."""
        all_of_them: dict[Part, str] = {"realtime": self.realtime, "stt": self.stt, "llm": self.llm, "tts": self.tts}
        return {part: model for part, model in all_of_them.items() if model}

    def choices(self, part: Part) -> tuple[str, ...]:
        """The models of a part in the order in which they are asked, each once; none where it has no such part."""
        first = self.models().get(part)
        return tuple(dict.fromkeys((first, *self.spares.get(part, ())))) if first else ()

    def every_model(self) -> list[tuple[Part, str]]:
        """All that a call may come to ask."""
        return [(part, model) for part in self.models() for model in self.choices(part)]

    def spoken_in(self, language: str) -> SpeechProfile:
        """This profile for a conversation in `language`: an STT model that hears it, the voice for it.

        Raises LookupError where no model of the provider is known to hear that language.
        """
        # The choice is made when the table is loaded, so that no call finds out in the middle of a sentence.
        stt = self._hearing(self.stt, language)
        spares = dict(self.spares)
        if heard := spares.get("stt"):
            spares["stt"] = tuple(self._hearing(spare, language) for spare in heard)
        voice = self.voices.get(language) or self.voices.get(base_language(language))
        profile = replace(self, stt=stt, spares=spares)
        return profile.speaking_with(voice) if voice else profile

    def _hearing(self, stt: str, language: str) -> str:
        provider = self.providers.get(provider_of(stt))
        by_deepgram = provider is not None and provider.kind == "deepgram"
        return model_for(stt, language) if by_deepgram else stt

    def speaks(self) -> Part:
        """Which part's voice is heard."""
        return "realtime" if self.realtime and not self.tts else "tts"

    def speaking_with(self, voice: str) -> SpeechProfile:
        """This profile with another voice: of `tts`, or where there is none of `realtime`."""
        if self.speaks() == "realtime":
            return replace(self, realtime=with_voice(self.realtime, voice))
        return replace(self, tts=with_voice(self.tts, voice))


BUILT_IN: Mapping[str, SpeechProfile] = {
    "phone": SpeechProfile("phone", stt="deepgram/nova-2-phonecall"),
    "wideband": SpeechProfile("wideband", stt="deepgram/nova-2-general"),
}


def ends_turns(stt: str) -> bool:
    """Whether this recogniser tells itself when the caller has finished: Deepgram's Flux does."""
    return "/flux" in stt


def misnamed(part: Part, model: str) -> str | None:
    """What is wrong with the form of a model's name, None where it is good."""
    provider, slash, _ = model.partition("/")
    if provider and slash:
        return None
    return f'{part} = "{model}" is not of the form "provider/model"'


def fault(part: Part, model: str, providers: Providers, keyterms: tuple[str, ...] = ()) -> str | None:
    """What is wrong with naming a model, in words that say what would be right; None where it is good."""
    if wrong := misnamed(part, model):
        return wrong
    named = provider_of(model)
    provider = providers.get(named)
    able = [name for name, one in providers.items() if part in one.offers]
    if provider is None:
        return f'{part} = "{model}": unknown provider "{named}" {suggest(named, able)}: declare it, [provider.{named}]'
    if part not in provider.offers:
        offered = ", ".join(provider.offers)
        return f'{part} = "{model}": provider "{named}" has no {part}, only {offered} {suggest(named, able)}'
    if part in provider.takes:
        return _plugin_fault(provider, provider.takes[part], part, model, keyterms)
    if not model_of(part, model)[0] and not provider.plugin:
        return f'{part} = "{model}" is not of the form "provider/model"'
    return None


def _plugin_fault(provider: Provider, takes: Takes, part: Part, model: str, keyterms: tuple[str, ...]) -> str | None:
    name, voice = model_of(part, model)
    here = f'{part} = "{model}": plugin "{provider.plugin}"'
    if name and not takes.model:
        return f'{here} takes no model: write "{provider.name}/{":" + voice if voice else ""}"'
    if voice and not takes.voice:
        return f"{here} takes no voice"
    if part == "stt" and keyterms and not takes.keyterms:
        return f"{here} takes no keyterms"
    filled = {takes.model if name else None, takes.voice if voice else None}
    missing = [needed for needed in takes.needs if needed not in filled]
    if missing:
        return f"{here} needs {', '.join(missing)}: {part} = {{ {missing[0]} = … }} in [provider.{provider.name}]"
    return None


def with_voice(model: str, voice: str) -> str:
    """`model` speaking with another voice."""
    return f"{model.partition(':')[0]}:{voice}"
