"""Reading `[speech.NAME]`: the built-in profiles, overlaid by the file's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

from switchboard.call.language import read_language
from switchboard.files.fields import Fields
from switchboard.files.source import Source
from switchboard.speech.profile import BUILT_IN, SpeechProfile, fault

KEYS = tuple(field.name for field in dataclass_fields(SpeechProfile) if field.name != "name")


def read_speech(source: Source) -> dict[str, SpeechProfile]:
    """All profiles by name. A profile with faults keeps its good keys, so that routes can still be checked."""
    profiles = dict(BUILT_IN)
    section = Fields(source, ("speech",), "[speech]", source.data.get("speech", {}))
    for name, table in section.table.items():
        fields = Fields(source, ("speech", name), f"[speech.{name}]", table)
        fields.allow(KEYS)
        profile = profiles.get(name, SpeechProfile(name))
        values = {key: value for key in KEYS if (value := _value(fields, key, getattr(profile, key))) is not None}
        profiles[name] = replace(profile, **values)
    return profiles


def _value(fields: Fields, key: str, default: object) -> Any:
    """One key, read as the type that the profile has for it."""
    match default:
        case str():
            value = fields.text(key)
            wrong = fault(key, value) if value is not None and key in ("stt", "llm", "tts") else None
            if wrong:
                fields.fault(key, wrong)
            return None if wrong else value
        case tuple():
            return fields.texts(key)
        case Mapping():
            return _voices(fields, key)
        case _:
            return fields.number(key)


def _voices(fields: Fields, key: str) -> Mapping[str, str] | None:
    """Texts by language: `{ es = "nova", fr = "coral" }`."""
    table = fields.mapping(key)
    if table is None:
        return None
    voices: dict[str, str] = {}
    for name, voice in table.items():
        language = read_language(name)
        if language is None or not isinstance(voice, str):
            fields.fault(key, f'{key}: "{name}" must be a language with a voice: {{ es = "nova" }}')
        else:
            voices[language] = voice
    return voices
