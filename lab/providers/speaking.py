"""Speaking without a provider: espeak-ng, from the library and the voices in the wheel `espeakng-loader`.

`speak` gives the voice of a demonstration: the agents' in the offline server, the caller's in the softphone.
The C interface is https://github.com/espeak-ng/espeak-ng/blob/1.52.0/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from lab.providers.samples import resample, trim

# Names of speak_lib.h.
_RETRIEVE_IN_THIS_THREAD = 2
_NO_EXIT = 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_BY_CHARACTER = 1
_UTF8 = 1
_OK = 0

_WORDS_PER_MINUTE = 165
_SLOWEST, _FASTEST = 80, 450
_ACCENTS = {"en": "en-us", "es": "es-419", "fr": "fr-fr", "pt": "pt-br", "zh": "cmn"}


class SpeechFailed(RuntimeError):
    """espeak-ng is not installed or did not speak; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How espeak-ng sounds: a variant from its `voices/!v`, and its pitch and liveliness (0 to 99)."""

    variant: str
    pitch: int
    liveliness: int = 50


# Callers, and a voice of our own for each of OpenAI's names, so that agents sound different.
VOICES = {
    "caller": Voice("m3", 45),
    "alloy": Voice("f2", 50),
    "ash": Voice("m1", 35),
    "ballad": Voice("m2", 45, 70),
    "cedar": Voice("m7", 30),
    "coral": Voice("f3", 60),
    "echo": Voice("m4", 40),
    "fable": Voice("m8", 50, 65),
    "marin": Voice("f4", 55),
    "nova": Voice("f1", 65),
    "onyx": Voice("m5", 20),
    "sage": Voice("f5", 45),
    "shimmer": Voice("f4", 70, 65),
    "verse": Voice("m6", 50),
}

_OnSound = Callable[[Any, int, Any], int]
_SOUND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(text: str, language: str = "en", voice: str = "caller", sample_rate: int = 8000, speed: float = 1.0) -> bytes:
    """`text` as s16le mono PCM at `sample_rate` Hz, without silence at its ends.

    A `language` that espeak-ng does not speak is read as English, and a `voice` that is not in VOICES sounds
    like "alloy". Text without a word gives no bytes. Blocks for about a hundredth of the time it takes to say
    it, so call it in a thread from a coroutine. Raises SpeechFailed.
    """
    engine = _engine()
    samples = engine.synthesize(text.replace("\0", ""), language, VOICES.get(voice, VOICES["alloy"]), speed)
    return resample(trim(samples), engine.sample_rate, sample_rate).tobytes()


_starting = threading.Lock()


def _engine() -> _Espeak:
    with _starting:  # two threads at once would both initialise the library
        return _started()


@cache
def _started() -> _Espeak:
    return _Espeak()


class _Espeak:
    """The library holds its state in globals: one instance a process, one synthesis at a time."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError:
            raise SpeechFailed("espeak-ng is not installed: run `uv sync --extra offline`") from None
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate = int(self._library.espeak_Initialize(_RETRIEVE_IN_THIS_THREAD, 0, data, _NO_EXIT))
        if self.sample_rate <= 0:
            raise SpeechFailed("espeak-ng found no voices: run `uv sync --extra offline --reinstall`")
        self._one_at_a_time = threading.Lock()
        self._pieces: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._callback = _SOUND(self._on_sound)  # the library keeps the pointer: so must we
        self._library.espeak_SetSynthCallback(self._callback)

    def synthesize(self, text: str, language: str, voice: Voice, speed: float) -> np.ndarray[Any, Any]:
        """All samples of `text` at `sample_rate`, shape (n,), int16."""
        encoded = text.encode("utf-8", "replace") + b"\0"
        with self._one_at_a_time:
            self._pieces.clear()
            self._choose(language, voice)
            rate = min(max(round(_WORDS_PER_MINUTE * speed), _SLOWEST), _FASTEST)
            for parameter, value in ((_RATE, rate), (_PITCH, voice.pitch), (_RANGE, voice.liveliness)):
                self._library.espeak_SetParameter(parameter, value, 0)
            status = self._library.espeak_Synth(
                encoded, ctypes.c_size_t(len(encoded)), 0, _BY_CHARACTER, 0, _UTF8, None, None
            )
            if status != _OK:
                raise SpeechFailed(f"espeak-ng gave status {status} for a text of {len(text)} characters")
            return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)

    def _choose(self, language: str, voice: Voice) -> None:
        """The voice of `language`, of its base (`de` for `de-CH`), or English."""
        tag = language.lower()
        base = tag.partition("-")[0]
        for name in (_ACCENTS.get(tag, tag), _ACCENTS.get(base, base), _ACCENTS["en"]):
            if self._library.espeak_SetVoiceByName(f"{name}+{voice.variant}".encode()) == _OK:
                return
        raise SpeechFailed("espeak-ng has no English voice: run `uv sync --extra offline --reinstall`")

    def _on_sound(self, wave: Any, count: int, _events: Any) -> int:
        if wave and count > 0:
            self._pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0  # go on
