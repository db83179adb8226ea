"""The softphone: one call with a voice and an ear, its times, turns and recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lab.softphone.bridge import Bridge
from lab.softphone.caller import Caller, Line
from lab.softphone.ear import Sound
from lab.softphone.g711 import Samples
from lab.softphone.timeline import Turn, reply_delays, take_turns
from lab.softphone.wav import read_wav, speak_offline, stereo_wav

Speak = Callable[[str, str, int], bytes]  # text, language, sample rate -> s16le mono


class Softphone(Bridge):
    """One call to a LiveKit server: `async with Softphone(…) as phone: await phone.dial() …`.

    A SIP caller speaks and hears G.711 µ-law at 8 kHz, others 16 kHz. `speak` makes speech of text for `say`; without
    it espeak-ng does. Make it where an event loop runs. Every moment is a second of `time.monotonic()`.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        api_secret: str,
        caller: Caller | None = None,
        line: Line | None = None,
        *,
        speak: Speak = speak_offline,
    ) -> None:
        super().__init__(url, api_key, api_secret, caller or Caller(), line or Line())
        self._speak = speak
        self._said: list[Sound] = []

    async def say(self, what: str | bytes | Path | Samples, language: str = "en") -> Sound:
        """Say a text, a WAV file (Path), or s16le samples at the line's `rate`.

        Returns when the last sample was sent: the moments of the first and the last audible one. Raises CallEnded.
        """
        sound = await self._while_it_lasts(self.mouth.say(await self._samples(what, language)))
        self._said.append(sound)
        return sound

    async def heard_speech(self, within: float, after: float | None = None) -> float:
        """When the agent began to speak: after the caller's last words, or after the moment `after`.

        At once when the agent has spoken since, or is speaking. Raises TimeoutError, CallEnded.
        """
        if after is None:
            after = self.last_said.end if self.last_said else 0.0
        async with asyncio.timeout(within):
            return (await self._while_it_lasts(self.ear.speech(after))).start

    async def heard_silence(self, seconds: float, within: float) -> float:
        """Wait until the agent has been silent for `seconds`; when it stopped. Raises TimeoutError, CallEnded."""
        async with asyncio.timeout(within):
            return await self._while_it_lasts(self.ear.silence(seconds))

    # What happened

    @property
    def last_said(self) -> Sound | None:
        """The caller's last words, None before the first."""
        return self._said[-1] if self._said else None

    def since_join(self, moment: float | None) -> float | None:
        """`moment` in seconds since the join; None for what did not happen."""
        return None if moment is None or self.joined_at is None else moment - self.joined_at

    def elapsed(self) -> float:
        """Seconds that the call has lasted, from the join to now or to its end."""
        return self.since_join(self.ended_at or time.monotonic()) or 0.0

    @property
    def first_audio_after_join(self) -> float | None:
        """Seconds from the caller's join to the first audible sample that they heard."""
        sounds = self.ear.sounds()
        return sounds[0].start - self.joined_at if sounds and self.joined_at else None

    @property
    def lost(self) -> float:
        """Seconds of audible sound that the agent sent before the answer, and nobody heard."""
        return self.ear.lost()

    @property
    def turns(self) -> list[Turn]:
        """Who spoke when, by start."""
        return take_turns(self._said, self.ear.sounds())

    @property
    def replies(self) -> list[float]:
        """Seconds from the end of each of the caller's turns to the agent's next one."""
        return reply_delays(self.turns)

    def recording(self) -> bytes:
        """The call from the join on as a WAV: caller left, agent right, s16 at the line's rate."""
        start = self.joined_at or 0.0
        end = self.ended_at or time.monotonic()
        return stereo_wav(self.mouth.recording(start, end), self.ear.recording(start, end), self.rate)

    async def _samples(self, what: str | bytes | Path | Samples, language: str) -> Samples:
        if isinstance(what, Path):
            return await asyncio.to_thread(read_wav, what, self.rate)
        if isinstance(what, str):
            what = await asyncio.to_thread(self._speak, what, language, self.rate)
        return np.frombuffer(what, dtype="<i2") if isinstance(what, bytes) else what
