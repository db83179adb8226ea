"""What the caller hears: the tracks of a room as they arrive, what is audible in them, and when."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from lab.softphone.g711 import Samples, over_the_line

AUDIBLE = 328  # peak, of 32768: -40 dBFS
_FRAME_MS = 20
_ENDS_WITHIN = 1.0  # s
_WINDOW = 0.1  # s
_DRAINS_WITHIN = 0.3  # s
_ONE_SOUND = 0.2  # s: silence shorter than this is part of a sound


@dataclass(slots=True)
class Sound:
    """From the first audible sample to the last, in seconds of the monotonic clock (or of a recording)."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


def sounds_in(samples: Samples, rate: int) -> list[Sound]:
    """The sounds in `samples` (s16 at `rate` Hz), in seconds from its start."""
    audible: NDArray[np.intp] = np.flatnonzero((samples > AUDIBLE) | (samples < -AUDIBLE))
    if not len(audible):
        return []
    breaks = np.flatnonzero(np.diff(audible) > _ONE_SOUND * rate)
    starts = audible[np.concatenate(([0], breaks + 1))]
    ends = audible[np.concatenate((breaks, [len(audible) - 1]))] + 1
    return [Sound(start / rate, end / rate) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def joined(sounds: list[Sound], pause: float) -> list[Sound]:
    """`sounds` (by start) with those that are less than `pause` seconds apart made one."""
    result: list[Sound] = []
    for sound in sounds:
        if result and sound.start - result[-1].end < pause:
            result[-1].end = max(result[-1].end, sound.end)
        else:
            result.append(Sound(sound.start, sound.end))
    return result


@dataclass(slots=True)
class HeardTrack:
    """One track from its first frame on.

    LiveKit delivers a subscribed track without a gap, muted or not, so one moment places all of it: the earliest that
    any frame allows (a late one was only held up on this machine).
    """

    rate: int
    began: float = float("inf")  # monotonic
    length: int = 0  # samples
    frames: list[Samples] = field(default_factory=list[Samples])
    sounds: list[Sound] = field(default_factory=list[Sound])  # in seconds from `began`

    def add(self, samples: Samples, arrived: float) -> bool:
        """Take the next frame; whether something is audible in it."""
        offset = self.length / self.rate
        self.length += len(samples)
        self.began = min(self.began, arrived - self.length / self.rate)
        self.frames.append(samples)
        for sound in sounds_in(samples, self.rate):
            start, end = offset + sound.start, offset + sound.end
            if self.sounds and start - self.sounds[-1].end < _ONE_SOUND:
                self.sounds[-1].end = end
            else:
                self.sounds.append(Sound(start, end))
        return bool(self.sounds) and self.sounds[-1].end > offset

    @property
    def until(self) -> float:
        return self.began + self.length / self.rate


class Voices:
    """Which tracks were audible when, by when their frames arrived: a track that follows another in the same place is
    placed too early."""

    def __init__(self) -> None:
        self._windows: defaultdict[int, set[int]] = defaultdict(set)

    def add(self, track: object, arrived: float) -> None:
        """A frame of `track` in which something is audible."""
        self._windows[int(arrived / _WINDOW)].add(id(track))

    @property
    def at_once(self) -> float:
        """Seconds with more than one, to a tenth."""
        return sum(len(tracks) > 1 for tracks in self._windows.values()) * _WINDOW


class Ear:
    """Listens to every track it is given. Nothing that comes before `open()` is heard: it is lost, and counted."""

    def __init__(self, rate: int, *, narrow: bool) -> None:
        self._rate = rate
        self._narrow = narrow
        self._opened: float | None = None
        self._heard: list[HeardTrack] = []
        self._listening: dict[str, asyncio.Task[None]] = {}  # by the track's ID
        self._audible = asyncio.Event()
        self._voices = Voices()

    def open(self) -> None:
        self._opened = time.monotonic()

    def listen(self, track: rtc.Track) -> None:
        """Follow an audio track until it ends."""
        task = asyncio.create_task(self._follow(track))
        self._listening[track.sid] = task

    def leave(self, track: rtc.Track) -> None:
        """Follow it no more. It is over, and its stream would go on with the sound of the next in its place."""
        if (task := self._listening.get(track.sid)) is not None:
            asyncio.get_running_loop().call_later(_DRAINS_WITHIN, task.cancel)  # what had arrived is heard

    async def close(self) -> None:
        for task in self._listening.values():
            task.cancel()
        await asyncio.gather(*self._listening.values(), return_exceptions=True)

    def sounds(self) -> list[Sound]:
        """Everything audible since the ear was opened, by time."""
        if self._opened is None:
            return []
        found = [s for s in self._all_sounds() if s.end > self._opened]
        return joined([Sound(max(s.start, self._opened), s.end) for s in found], _ONE_SOUND)

    def lost(self) -> float:
        """Seconds of audible sound that came too early to be heard."""
        before = float("inf") if self._opened is None else self._opened
        return sum(max(min(s.end, before) - s.start, 0.0) for s in self._all_sounds())

    def at_once(self) -> float:
        """Seconds in which more than one track was audible: two voices at the same time."""
        return self._voices.at_once

    async def speech(self, after: float) -> Sound:
        """Wait for the first sound after `after`; at once when it is there already."""
        while True:
            self._audible.clear()
            for sound in self.sounds():
                if sound.end > after:
                    return Sound(max(sound.start, after), sound.end)
            await self._audible.wait()

    async def silence(self, seconds: float) -> float:
        """Wait until nothing was audible for `seconds`; the end of the last sound."""
        begun = time.monotonic()
        while True:
            sounds = self.sounds()
            last = sounds[-1].end if sounds else self._opened or begun
            quiet = self._now() - last
            if quiet >= seconds:
                return last
            await asyncio.sleep(max(seconds - quiet, 0.01))

    def recording(self, start: float, end: float) -> Samples:
        """What was heard between two moments, as samples of that whole time; several tracks are mixed."""
        mixed = np.zeros(max(round((end - start) * self._rate), 0), np.int32)
        if self._opened is None:
            return mixed.astype(np.int16)
        for heard in self._heard:
            if heard.frames:
                place(mixed, np.concatenate(heard.frames), round((heard.began - start) * self._rate))
        mixed[: max(round((self._opened - start) * self._rate), 0)] = 0
        return np.clip(mixed, -32768, 32767).astype(np.int16)

    def _all_sounds(self) -> list[Sound]:
        found = [Sound(h.began + s.start, h.began + s.end) for h in self._heard for s in h.sounds]
        return sorted(found, key=lambda s: s.start) if len(self._heard) > 1 else found

    def _now(self) -> float:
        """Up to when we have listened. A busy machine hands frames over late, and late frames are no silence."""
        wall = time.monotonic()
        heard = max((h.until for h in self._heard if h.frames), default=0.0)
        return heard if wall - heard < 1.0 else wall

    async def _follow(self, track: rtc.Track) -> None:
        heard = HeardTrack(self._rate)
        self._heard.append(heard)
        stream = rtc.AudioStream(track, sample_rate=self._rate, num_channels=1, frame_size_ms=_FRAME_MS)
        try:
            async for event in stream:
                arrived = time.monotonic()
                # The frame's memory is LiveKit's and is freed with it: keep a copy (the line makes one anyway).
                samples = np.frombuffer(event.frame.data, dtype=np.int16)
                samples = over_the_line(samples) if self._narrow else samples.copy()
                if heard.add(samples, arrived):
                    self._voices.add(heard, arrived)
                    self._audible.set()
        finally:
            # It waits for the track's end, which a room that was deleted does not always send.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stream.aclose(), _ENDS_WITHIN)


def place(onto: NDArray[np.int32], samples: Samples, at: int) -> None:
    """Add `samples` to `onto` from index `at`, which may lie outside on either side."""
    first, last = max(at, 0), min(at + len(samples), len(onto))
    if first < last:
        onto[first:last] += samples[first - at : last - at]
