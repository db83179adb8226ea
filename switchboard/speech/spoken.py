"""Text as sound, begun before it is needed and kept on disk where it will be needed again."""

from __future__ import annotations

import asyncio
import hashlib
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from livekit import rtc
from livekit.agents import tts

_FRAME_S = 0.05


class SpokenText:
    """Text being spoken by `voice`, begun at once: from `kept` when it was spoken before, else by the provider."""

    def __init__(self, text: str, voice: tts.TTS[Any], kept: Path | None) -> None:
        self.text = text
        self._kept = kept
        self._frames: list[rtc.AudioFrame] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._speak(voice))

    async def frames(self) -> AsyncIterator[rtc.AudioFrame]:
        """The sound, as far as it is ready, then as it comes. Raises what the provider raised."""
        sent = 0
        while True:
            while sent < len(self._frames):
                yield self._frames[sent]
                sent += 1
            if self._task.done():
                if sent == len(self._frames):
                    self._task.result()
                    return
                continue
            self._more.clear()
            if sent == len(self._frames) and not self._task.done():
                await self._more.wait()

    def cancel(self) -> None:
        """Nobody will hear it any more."""
        self._task.cancel()

    async def _speak(self, voice: tts.TTS[Any]) -> None:
        try:
            if self._kept is not None and (frames := _read(self._kept)):
                self._frames.extend(frames)
                return
            async for synthesized in voice.synthesize(self.text):
                self._frames.append(synthesized.frame)
                self._more.set()
            if self._kept is not None and self._frames:
                await asyncio.to_thread(_write, self._kept, list(self._frames))
        finally:
            self._more.set()


def kept_at(folder: Path, voice: str, language: str, text: str) -> Path:
    """Where the sound of `text` in this voice is kept."""
    name = hashlib.sha256("\0".join((voice, language, text)).encode()).hexdigest()[:32]
    return folder / f"{name}.wav"


def _read(path: Path) -> list[rtc.AudioFrame]:
    """What was kept; nothing where there is no file, or a broken one."""
    try:
        return _read_wave(path)
    except (OSError, EOFError, wave.Error):
        return []


def _read_wave(path: Path) -> list[rtc.AudioFrame]:
    with wave.open(str(path), "rb") as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        samples = int(rate * _FRAME_S)
        frames: list[rtc.AudioFrame] = []
        while data := sound.readframes(samples):
            frames.append(rtc.AudioFrame(data, rate, channels, len(data) // (2 * channels)))
        return frames


def _write(path: Path, frames: list[rtc.AudioFrame]) -> None:
    """Keep a greeting; whoever reads meanwhile sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        NamedTemporaryFile(dir=path.parent, delete=False) as unfinished,
        wave.open(unfinished, "wb") as sound,
    ):
        sound.setnchannels(frames[0].num_channels)
        sound.setsampwidth(2)
        sound.setframerate(frames[0].sample_rate)
        for frame in frames:
            sound.writeframes(bytes(frame.data))
    Path(unfinished.name).replace(path)
