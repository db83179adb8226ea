"""One caller's ears: when speech begins and ends in the audio that really arrives, and what was said in it."""

from __future__ import annotations

from enum import Enum, auto

import numpy as np

from lab.providers.hearing import Hearing, Piece
from lab.providers.voice_activity import VoiceActivity

# Seconds of silence after which a recogniser has its final ready. Deepgram's `endpointing` is shorter, but its final
# takes about that long to arrive.
PAUSE = 0.3


class Moment(Enum):
    BEGAN = auto()
    GOES_ON = auto()  # time for an interim transcript
    PAUSED = auto()


class Listener:
    """Listens to one connection's audio at `rate` Hz; `hearing` knows the words."""

    def __init__(self, rate: int, hearing: Hearing, pause: float = PAUSE) -> None:
        self.voice = VoiceActivity(rate)
        self._hearing = hearing
        self._pause = pause
        self._next_partial = 0.0

    def hear(self, pcm: bytes) -> list[Moment]:
        """The next s16le audio, of any length: what happened in it."""
        voice = self.voice
        samples = np.frombuffer(pcm, np.dtype("<i2"), len(pcm) // 2)
        was_speaking = voice.speaking
        voice.hear(samples)
        self._hearing.keep(samples, voice)
        moments: list[Moment] = []
        if voice.speaking and not was_speaking:
            self._hearing = self._hearing.begin(voice)
            self._next_partial = max(self._next_partial, voice.began + self._hearing.cadence.first)
            moments.append(Moment.BEGAN)
        if voice.speaking:
            cadence = self._hearing.cadence
            now = voice.heard if cadence.in_silence else voice.voiced_until
            if voice.silence >= self._pause or voice.heard - voice.began >= cadence.longest:
                moments.append(Moment.PAUSED)
            elif self._next_partial <= now <= voice.began + cadence.last:
                self._next_partial = voice.heard + cadence.then
                moments.append(Moment.GOES_ON)
        return moments

    async def partial(self) -> Piece:
        """What the speech that goes on sounds like so far."""
        return await self._hearing.partial(self.voice)

    async def finish(self) -> Piece:
        """A final is due, whether there was speech or not: what was said since the last one."""
        piece = await self._hearing.finish(self.voice)
        self.voice.rest()
        return piece
