"""What the caller says: samples sent in real time over one published track, and when."""

from __future__ import annotations

import asyncio
import time

import numpy as np
from livekit import rtc

from lab.softphone.ear import Sound, place, sounds_in
from lab.softphone.g711 import Samples, over_the_line

_BLOCK = 0.2  # s handed over at once; LiveKit's own thread sends it on, 10 ms at a time
_QUEUE = 1000  # ms that LiveKit holds: what a busy machine may hold us up without a gap in the speech


class Mouth:
    """The caller's track: speech when `say` is called, digital silence for the rest (LiveKit's source sends it)."""

    def __init__(self, rate: int, *, narrow: bool) -> None:
        self._rate = rate
        self._narrow = narrow
        self._source = rtc.AudioSource(rate, 1, queue_size_ms=_QUEUE)
        self._saying = asyncio.Lock()
        self._said: list[tuple[float, Samples]] = []
        self.track = rtc.LocalAudioTrack.create_audio_track("caller", self._source)

    async def say(self, samples: Samples) -> Sound:
        """Send `samples`; returns when the last was sent, with the moments of the first and last audible one.

        Cancelling it stops the caller in the middle of the word, which the recording shows too.
        """
        if self._narrow:
            samples = over_the_line(samples)
        async with self._saying:
            start = time.monotonic()
            try:
                await self._send(samples)
            finally:
                sent = round((time.monotonic() - start) * self._rate)
                if sent < len(samples):
                    self._source.clear_queue()
                self._said.append((start, samples[:sent]))
        audible = sounds_in(samples, self._rate)
        if not audible:
            return Sound(start, start + len(samples) / self._rate)
        return Sound(start + audible[0].start, start + audible[-1].end)

    async def close(self) -> None:
        await self._source.aclose()

    def recording(self, start: float, end: float) -> Samples:
        """What was said between two moments, as samples of that whole time."""
        whole = np.zeros(max(round((end - start) * self._rate), 0), np.int32)
        for at, samples in self._said:
            place(whole, samples, round((at - start) * self._rate))
        return whole.astype(np.int16)

    async def _send(self, samples: Samples) -> None:
        block = int(_BLOCK * self._rate)
        for i in range(0, len(samples), block):
            part = samples[i : i + block]
            await self._source.capture_frame(rtc.AudioFrame(part.tobytes(), self._rate, 1, len(part)))
        await self._source.wait_for_playout()
