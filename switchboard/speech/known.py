"""Models and voices that the installed plug-ins know by name: a slip of the pen is told before a call finds it out.

Their lists are as old as they are, and an address of one's own may have others: what they lack is doubted, no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from switchboard.files.suggest import suggest
from switchboard.speech.providers import BUILT_IN, Part, Providers, model_of, provider_of

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def doubt(part: Part, model: str, providers: Providers) -> str | None:
    """What a name is doubted for: `provider/model:voice`. None where it is known, or nobody can know it."""
    name = provider_of(model)
    if name not in BUILT_IN or providers.get(name) != BUILT_IN[name]:
        return None
    called, voice = model_of(part, model)
    models, voices = _deepgram(part) if name == "deepgram" else _openai(part)
    if name == "deepgram":  # families are named by their beginning (nova-2), and voices are models (aura-2-thalia-en)
        called = f"{called}-{voice}" if voice else called
        known = any(one == called or one.startswith(f"{called}-") for one in models)
    else:
        known = called in models or _DATED.sub("", called) in models
    if not known:
        return _words(called, models)
    return _words(voice, voices, "voice") if voice and voices and voice not in voices else None


def _words(name: str, have: frozenset[str], what: str = "model") -> str:
    return f'the installed plug-in knows no {what} "{name}" {suggest(name, sorted(have))}'


@cache
def _deepgram(part: Part) -> tuple[frozenset[str], frozenset[str]]:
    from livekit.plugins.deepgram import models

    known = (models.DeepgramModels, models.V2Models) if part == "stt" else (models.TTSModels, models.FluxTTSModels)
    return frozenset(_names(*known)), frozenset()


@cache
def _openai(part: Part) -> tuple[frozenset[str], frozenset[str]]:
    from livekit.plugins.openai import models
    from openai.types.audio import speech_create_params, speech_model
    from openai.types.realtime import realtime_audio_config_output

    voices: dict[Part, Any] = {"tts": speech_create_params.Voice, "realtime": realtime_audio_config_output.Voice}
    known: dict[Part, tuple[Any, ...]] = {
        "stt": (models.STTModels,),
        "llm": (models.ChatModels,),
        "tts": (models.TTSModels, speech_model.SpeechModel),
        "realtime": (models.RealtimeModels,),
    }
    return frozenset(_names(*known[part])), frozenset(_names(voices.get(part)))


def _names(*kinds: Any) -> Iterator[str]:
    """The texts of `Literal`s, however deep in unions."""
    for kind in kinds:
        for argument in get_args(kind):
            if isinstance(argument, str):
                yield argument
            else:
                yield from _names(argument)
