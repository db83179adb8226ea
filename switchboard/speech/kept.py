"""Sounds kept on disk, so that what is said to everybody is spoken once. What is old or too much is thrown away."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from livekit import rtc

logger = logging.getLogger("switchboard")

_FRAME_S = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a folder keeps: files, their bytes, and for how many seconds one that nobody hears any more."""

    files: int = 300
    size: int = 100_000_000
    unused_s: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class KeptSound:
    """The place of one sound. Several processes may read, write and throw away at any time."""

    file: Path
    limits: Limits = Limits()

    @classmethod
    def of(cls, folder: Path, voice: str, language: str, text: str) -> KeptSound:
        """Where the sound of `text` in this voice is kept."""
        name = hashlib.sha256("\0".join((voice, language, text)).encode()).hexdigest()[:32]
        return cls(folder / f"{name}.wav")

    def read(self) -> list[rtc.AudioFrame]:
        """What was kept; nothing where there is no file, or a broken one."""
        try:
            frames = _read(self.file)
        except (OSError, EOFError, wave.Error):
            return []
        with contextlib.suppress(OSError):  # a folder that cannot be written may be read
            os.utime(self.file)
        return frames

    def write(self, frames: Sequence[rtc.AudioFrame]) -> None:
        """Keep it, and throw away what is past the limits. A folder that cannot be written is a warning in the log."""
        try:
            _write(self.file, frames)
            self._throw_away()
        except OSError as error:
            where = self.file.parent
            logger.warning("a greeting cannot be kept in %s (%s): set SWITCHBOARD_CACHE", where, error.strerror)

    def _throw_away(self) -> None:
        """Who was heard last stays longest."""
        found: list[tuple[float, int, Path]] = []
        for file in self.file.parent.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                about = file.stat()
                found.append((about.st_mtime, about.st_size, file))
        size, oldest = 0, time.time() - self.limits.unused_s
        for count, (heard_at, bytes_, file) in enumerate(sorted(found, reverse=True), start=1):
            size += bytes_
            if count > self.limits.files or size > self.limits.size or heard_at < oldest:
                file.unlink(missing_ok=True)


def _read(file: Path) -> list[rtc.AudioFrame]:
    with wave.open(str(file), "rb") as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        samples = int(rate * _FRAME_S)
        frames: list[rtc.AudioFrame] = []
        while data := sound.readframes(samples):
            frames.append(rtc.AudioFrame(data, rate, channels, len(data) // (2 * channels)))
        return frames


def _write(file: Path, frames: Sequence[rtc.AudioFrame]) -> None:
    """Whoever reads meanwhile sees the whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, delete=False) as unfinished:
        try:
            with wave.open(unfinished, "wb") as sound:
                sound.setnchannels(frames[0].num_channels)
                sound.setsampwidth(2)
                sound.setframerate(frames[0].sample_rate)
                for frame in frames:
                    sound.writeframes(bytes(frame.data))
            unfinished.flush()
            Path(unfinished.name).replace(file)
        except BaseException:
            Path(unfinished.name).unlink(missing_ok=True)
            raise
