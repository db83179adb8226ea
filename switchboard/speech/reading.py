"""`[speech.NAME]`: what a file says of a profile, laid over the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from switchboard.call.language import read_language
from switchboard.files.sections import Section
from switchboard.files.values import Amount, Must, Texts
from switchboard.speech.profile import BUILT_IN, PROVIDERS, Part, SpeechProfile, fault


def _model_of(part: Part) -> Callable[[str], str]:
    def check(model: str) -> str:
        wrong = fault(part, model)
        if wrong:
            raise ValueError(wrong)
        return model

    return check


def _language(text: str) -> str:
    language = read_language(text)
    if language is None:
        raise ValueError("is no language tag")
    return language


def _form(part: Part) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(PROVIDERS[part])})/."})


Stt = Annotated[str, AfterValidator(_model_of("stt")), _form("stt")]
Llm = Annotated[str, AfterValidator(_model_of("llm")), _form("llm")]
Tts = Annotated[str, AfterValidator(_model_of("tts")), _form("tts")]
_ELSE = SpeechProfile("")
_VOICE = Must('a language with a voice: { es = "nova" }')


class SpeechKeys(Section):
    """A speech profile. What it leaves out is as it was: in phone and wideband as built in."""

    model_config = ConfigDict(title="[speech.NAME]")

    stt: Stt | None = Field(default=None, description='Who hears: "provider/model".', examples=["deepgram/nova-3"])
    llm: Llm | None = Field(default=None, description='Who thinks: "provider/model".', examples=["openai/gpt-4.1-mini"])
    tts: Tts | None = Field(
        default=None, description='Who speaks: "provider/model:voice".', examples=["openai/gpt-4o-mini-tts:ash"]
    )
    voices: dict[Annotated[str, AfterValidator(_language), _VOICE], Annotated[str, _VOICE]] | None = Field(
        default=None, description='Voices by language: { es = "nova" }.'
    )
    keyterms: Texts | None = Field(
        default=None, description="Words that the recogniser should expect: names, products."
    )
    min_delay: Amount | None = Field(
        default=None, description=f"Seconds of silence before a complete sentence is answered (else {_ELSE.min_delay})."
    )
    max_delay: Amount | None = Field(
        default=None,
        description=f"Seconds of silence before an unfinished one is answered (else {_ELSE.max_delay}).",
    )


def overlaid(sections: Mapping[str, SpeechKeys]) -> dict[str, SpeechProfile]:
    """All profiles by name: the built-in ones, with what the file says laid over them, and the file's own."""
    profiles = dict(BUILT_IN)
    for name, keys in sections.items():
        said = {key: getattr(keys, key) for key in keys.model_fields_set}
        profiles[name] = replace(profiles.get(name, SpeechProfile(name)), **said)
    return profiles
