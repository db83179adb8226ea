"""`[speech.NAME]`: what a file says of a profile, laid over the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from switchboard.call.language import read_language
from switchboard.files.sections import Place, Section, place_of
from switchboard.files.source import Source
from switchboard.files.values import Amount, Must, Texts
from switchboard.speech.profile import BUILT_IN, SpeechProfile, Vad, ends_turns, fault, misnamed
from switchboard.speech.providers import Part, Providers


def _model_of(part: Part) -> Callable[[str], str]:
    def check(model: str) -> str:
        wrong = misnamed(part, model)
        if wrong:
            raise ValueError(wrong)
        return model

    return check


def _language(text: str) -> str:
    language = read_language(text)
    if language is None:
        raise ValueError("is no language tag")
    return language


_FORM = WithJsonSchema({"type": "string", "pattern": "^[^/]+/"})
# Whether there is such a provider, and whether it can do that, is seen when the whole file is read: `fault`.
Stt = Annotated[str, AfterValidator(_model_of("stt")), _FORM]
Llm = Annotated[str, AfterValidator(_model_of("llm")), _FORM]
Tts = Annotated[str, AfterValidator(_model_of("tts")), _FORM]
Realtime = Annotated[str, AfterValidator(_model_of("realtime")), _FORM]


def _choices(part: Part, name: Any) -> BeforeValidator:
    """One `name` stands for a list of it."""

    def listed(value: Any) -> Any:
        models = [value] if isinstance(value, str) else value
        if not isinstance(models, list) or not models:
            raise ValueError(f'{part} must be "provider/model", or a list of such names')
        return models  # pyright: ignore[reportUnknownVariableType] - pydantic checks what is in it

    return BeforeValidator(listed, json_schema_input_type=name | list[name])


_MANY = Field(strict=False)  # TOML has no tuples
Stts = Annotated[tuple[Stt, ...], _choices("stt", Stt), _MANY]
Llms = Annotated[tuple[Llm, ...], _choices("llm", Llm), _MANY]
Ttss = Annotated[tuple[Tts, ...], _choices("tts", Tts), _MANY]
_WITH_SPARES: tuple[Part, ...] = ("stt", "llm", "tts")
_ELSE = SpeechProfile("")
_VOICE = Must('a language with a voice: { es = "nova" }')
_SHARE = Must("a number above 0 and below 1")
# What one model that hears, thinks and speaks by itself leaves nothing to do for.
_ITS_OWN: Mapping[str, str] = {
    "stt": "hears by itself",
    "llm": "thinks by itself",
    "keyterms": "takes no words to expect",
    "min_delay": "decides by itself when the caller has finished",
    "max_delay": "decides by itself when the caller has finished",
    "vad": "decides by itself when the caller speaks",
    "vad_threshold": "decides by itself when the caller speaks",
}


class SpeechKeys(Section):
    """A speech profile. What it leaves out is as it was: in phone and wideband as built in."""

    model_config = ConfigDict(title="[speech.NAME]")

    stt: Stts | None = Field(
        default=None,
        description='Who hears: "provider/model", or a list: each is asked where the one before it fails.',
        examples=["deepgram/nova-3"],
    )
    llm: Llms | None = Field(
        default=None,
        description='Who thinks: "provider/model", or a list: each is asked where the one before it fails.',
        examples=["openai/gpt-4.1-mini"],
    )
    tts: Ttss | None = Field(
        default=None,
        description='Who speaks: "provider/model:voice", or a list: each is asked where the one before it fails.',
        examples=["openai/gpt-4o-mini-tts:ash"],
    )
    realtime: Realtime | None = Field(
        default=None,
        description='One model that hears, thinks and speaks, in place of stt, llm and tts: "provider/model:voice".',
        examples=["openai/gpt-realtime:marin"],
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
    vad: Vad | None = Field(
        default=None,
        description="Who tells voice from silence: bundled (else), or silero, livekit's plug-in of the same model.",
    )
    vad_threshold: Annotated[float, Field(gt=0, lt=1), _SHARE] | None = Field(
        default=None, description="How sure it must be that this is a voice, from 0 to 1 (else 0.5)."
    )


def overlaid(source: Source, sections: Mapping[str, SpeechKeys], providers: Providers) -> dict[str, SpeechProfile]:
    """All profiles by name: the built-in ones, with what the file says laid over them, and the file's own.

    What is at fault is in `source`, and left out of them.
    """
    profiles = {name: replace(profile, providers=providers) for name, profile in BUILT_IN.items()}
    for name, keys in sections.items():
        place = place_of(source, SpeechKeys, "speech", name)
        profile = profiles.get(name, SpeechProfile(name, providers=providers))
        said: dict[str, Any] = {key: getattr(keys, key) for key in keys.model_fields_set}
        said |= _in_order(said, profile)
        if keys.realtime:
            said |= {"stt": "", "llm": "", "tts": said.get("tts", "")}
            _tell_its_own(place, keys.realtime)
        profiles[name] = replace(profile, **_without_faults(place, said, replace(profile, **said)))
    return profiles


def _in_order(said: Mapping[str, Any], profile: SpeechProfile) -> dict[str, Any]:
    """Of the parts that the file names: the first model, and the spares. A part that it leaves out is as it was."""
    named: dict[Part, tuple[str, ...]] = {part: said[part] for part in _WITH_SPARES if said.get(part)}
    spares = {**profile.spares, **{part: models[1:] for part, models in named.items()}}
    firsts = {part: models[0] for part, models in named.items()}
    return {**firsts, "spares": {part: models for part, models in spares.items() if models}}


def _without_faults(place: Place, said: dict[str, Any], profile: SpeechProfile) -> dict[str, Any]:
    """What the file says, without models that it cannot have."""
    good = dict(said)
    for part, model in profile.every_model():
        # Words to expect may not suit a recogniser that the file does not name.
        if (said.get(part) or (part == "stt" and "keyterms" in said)) and (
            wrong := fault(part, model, profile.providers, profile.keyterms)
        ):
            place.fault(part, wrong)
            good.pop(part, None)
    if len({ends_turns(model) for model in profile.choices("stt")}) > 1:
        place.fault(
            "stt", "stt: Flux ends the caller's turns itself, others leave that to us: name one kind or the other"
        )
    return good


def _tell_its_own(place: Place, realtime: str) -> None:
    for key, reason in _ITS_OWN.items():
        if key in place.keys:
            place.fault(key, f'{key}: realtime = "{realtime}" {reason}: leave {key} out')
