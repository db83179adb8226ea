"""Telling voice from silence by loudness: cheap enough to run on every call of a benchmark at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lab.providers.samples import Samples

_WINDOW = 0.01  # seconds
_ONSET = 3  # voiced windows in a row that are speech: shorter ones are clicks
_QUIETEST_VOICE = 130.0  # RMS of s16; -48 dBFS
_LOUDEST_FLOOR = 500.0
_ABOVE_FLOOR = 4.0  # 12 dB
_HOLD = 0.5  # speech that has begun may be this much softer
_FLOOR_RISE = 1.01  # a window: 9 dB in a second


@dataclass(slots=True)
class VoiceActivity:
    """Follows one stream of mono s16 samples at `rate` Hz. Times are seconds of audio since it began."""

    rate: int
    heard: float = 0.0  # how much audio there was
    began: float = 0.0  # when the speech that goes on, or the last one, began
    voiced_until: float = 0.0  # when voice was last there
    speaking: bool = False
    _floor: float = 60.0
    _run: int = 0
    _rest: Samples = field(default_factory=lambda: np.zeros(0, np.int16))

    @property
    def silence(self) -> float:
        """Seconds since the last voice."""
        return self.heard - self.voiced_until

    def hear(self, samples: Samples) -> None:
        """Listen to the next samples, in pieces of any length. Sets `speaking` when speech begins."""
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        step = int(self.rate * _WINDOW)
        whole = len(samples) // step
        windows = samples[: whole * step].reshape(whole, step).astype(np.float32)
        self._rest = samples[whole * step :].copy()
        for level in np.sqrt(np.einsum("ij,ij->i", windows, windows) / step).tolist():
            self._judge(level)

    def rest(self) -> None:
        """The speech is over; the next voice is a new one."""
        self.speaking = False
        self._run = 0

    def _judge(self, level: float) -> None:
        self.heard += _WINDOW
        self._floor = min(max(level, 1.0), self._floor * _FLOOR_RISE, _LOUDEST_FLOOR)
        threshold = max(self._floor * _ABOVE_FLOOR, _QUIETEST_VOICE)
        if level < (threshold * _HOLD if self.speaking else threshold):
            self._run = 0
            return
        self._run += 1
        if self._run >= _ONSET or (self.speaking and self._run > 1):
            if not self.speaking:
                self.speaking = True
                self.began = self.heard - self._run * _WINDOW
            self.voiced_until = self.heard
