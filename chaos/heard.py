"""What a caller hears, told by its sound: which of the texts that may have been spoken it is most like.

A voice's sound is never the same twice (its flutter, the line's coding, a jitter buffer that stretches), so not samples
are compared but how loud it is in each band of the telephone's range, in windows of less than a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.providers.languages import detect
from lab.providers.openai_voices import sentences
from lab.providers.samples import Samples
from lab.providers.speaking import speak
from lab.softphone.g711 import RATE

_FRAME = RATE // 50  # samples: 20 ms
_STEP = RATE // 100
_BANDS = 18
_LOWEST, _HIGHEST = 250.0, 3400.0  # Hz
_WINDOW, _EVERY = 60, 20  # steps: 0.6 s, each 0.2 s
_ALIKE = 0.72  # mean correlation; of the right text it is about 0.95, of other words in the same voice 0.55
_THE_SAME = 0.1

Bands = NDArray[np.float32]  # shape (steps, _BANDS): loudness in dB


@dataclass(frozen=True, slots=True)
class Text:
    """What may be heard: words in a voice of the stand-in, and what hearing them means."""

    words: str
    voice: str
    kind: str


def recognise(heard: Samples, texts: Sequence[Text], before: str | None = None) -> str | None:
    """The kind of which most of `heard` (one sound, at 8 kHz) is; None where it is like none of `texts`.

    One sound may be several texts of a kind, said without a pause. Where texts have a sentence in common, it is of the
    kind of the sound `before`.
    """
    bands = _bands(heard)
    if not len(bands):
        return None
    windows = [bands[begin : begin + _WINDOW] for begin in range(0, max(len(bands) - _WINDOW, 0) + 1, _EVERY)]
    alike: dict[str, list[float]] = {}
    for text in texts:
        spoken = _spoken(text.words, text.voice)
        if len(spoken):
            found = [_likeness(window, spoken) for window in windows]
            alike[text.kind] = [max(pair) for pair in zip(found, alike.get(text.kind, found), strict=True)]
    means = {kind: float(np.mean(found)) for kind, found in alike.items()}
    kind = max(means, key=means.__getitem__, default=None)
    if kind is None or means[kind] < _ALIKE:
        return None
    return before if before is not None and means.get(before, 0.0) > means[kind] - _THE_SAME else kind


@lru_cache(maxsize=512)
def _spoken(words: str, voice: str) -> Bands:
    language = detect(words) or "en"
    said = [np.frombuffer(speak(sentence, language, voice, RATE), np.int16) for sentence in sentences(words)]
    return np.concatenate([_bands(one) for one in said])


def _bands(samples: Samples) -> Bands:
    count = max((len(samples) - _FRAME) // _STEP + 1, 0)
    if not count:
        return np.zeros((0, _BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), _FRAME)[::_STEP][:count]
    power: NDArray[Any] = np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), 256)) ** 2
    edges: list[float] = (np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1) / (RATE / 256)).tolist()
    spans = [(round(low), max(round(high), round(low) + 1)) for low, high in pairwise(edges)]
    inside = [power[:, low:high].sum(axis=1) for low, high in spans]
    return np.log10(np.stack(inside, axis=1) + 1e4).astype(np.float32)


def _likeness(window: Bands, spoken: Bands) -> float:
    """The correlation of the two where it is highest; the longer is slid along the shorter."""
    if len(window) > len(spoken):
        window, spoken = spoken, window
    a = _standard(window.reshape(1, -1))[0]
    places = np.lib.stride_tricks.sliding_window_view(spoken, len(window), axis=0).transpose(0, 2, 1)[::2]
    return float(np.max(_standard(places.reshape(len(places), -1)) @ a))


def _standard(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-6)
