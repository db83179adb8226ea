"""What callers in the queue hear between the words: a loop of our own making, or the business's file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from switchboard.worker.overflow.attendant import RATE

logger = logging.getLogger("switchboard")

_PIECE_S = 4.0  # words have to wait for the end of a piece
_LONGEST_S = 600.0
_BEAT_S = 0.25
_PEAK = 0.16  # of full scale: softer than a voice
# C, A minor, F, G: each note is a frequency that a telephone carries well, in Hz.
_CHORDS = ((262, 330, 392, 523), (220, 262, 330, 440), (175, 262, 349, 440), (196, 247, 392, 494))
_PLUCKED = (0, 1, 2, 3, 2, 1, 2, 1)  # the notes of a chord, one a beat


class HoldMusic:
    """A loop of s16le samples at attendant.RATE, in pieces of 4 seconds. Callers begin it where they come in."""

    def __init__(self, samples: bytes) -> None:
        size = int(_PIECE_S * RATE) * 2
        self._pieces = [samples[at : at + size] for at in range(0, len(samples), size)]

    @classmethod
    async def load(cls, file: str | None) -> HoldMusic:
        """The music of `file`, at most ten minutes of it; our own where there is none or it cannot be read."""
        samples = b""
        if file:
            try:
                samples = await _read(Path(file))
            except Exception as fault:
                logger.warning("[overflow] music cannot be read (%s): callers hear ours", fault)
        return cls(samples or own_loop())

    def pieces(self) -> Iterator[bytes]:
        """From its beginning, for ever."""
        return cycle(self._pieces)


def own_loop() -> bytes:
    """Eight seconds of plucked chords. Each note dies away, so that the end meets the beginning."""
    import numpy as np

    beats = [chord[note] for chord in _CHORDS for note in _PLUCKED]
    length = int(len(beats) * _BEAT_S * RATE)
    sound = np.zeros(length)
    times = np.arange(int(1.5 * RATE)) / RATE
    envelope = np.minimum(times / 0.005, 1.0) * np.exp(-3.5 * times)
    for beat, pitch in enumerate(beats):
        note = (np.sin(2 * np.pi * pitch * times) + 0.3 * np.sin(4 * np.pi * pitch * times)) * envelope
        places = (int(beat * _BEAT_S * RATE) + np.arange(len(note))) % length  # the last notes ring on into the first
        sound[places] += note
    scaled = sound / np.max(np.abs(sound)) * _PEAK * 32767
    return scaled.astype("<i2").tobytes()


async def _read(file: Path) -> bytes:
    """Raises what the file, or its decoder, raises."""
    from livekit.agents.utils.audio import audio_frames_from_file

    found = bytearray()
    async for frame in audio_frames_from_file(str(file), sample_rate=RATE, num_channels=1):
        found += bytes(frame.data)
        if len(found) >= _LONGEST_S * RATE * 2:
            break
    if not found:  # the decoder has logged why, and raised nothing
        raise ValueError(f"{file.name} is no sound")
    return bytes(found)
