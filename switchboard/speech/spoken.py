"""Text as sound, begun before it is needed and kept on disk where it will be needed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from livekit import rtc
from livekit.agents import tts

from switchboard.speech.kept import KeptSound


class SpokenText:
    """Text being spoken by `voice`, begun at once: from `kept` when it was spoken before, else by the provider."""

    def __init__(self, text: str, voice: tts.TTS[Any], kept: KeptSound | None) -> None:
        self.text = text
        self._kept = kept
        self._frames: list[rtc.AudioFrame] = []
        self._more = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
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

    async def has_begun(self, within_s: float) -> bool:
        """Whether there is sound, at the latest after `within_s` seconds. False as soon as it is known to fail."""
        try:
            async with asyncio.timeout(within_s):
                while not self._frames and not self._task.done():
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pass
        return bool(self._frames)

    def cancel(self) -> None:
        """Nobody will hear it any more."""
        self._task.cancel()

    async def _speak(self, voice: tts.TTS[Any]) -> None:
        try:
            if self._kept is not None and (frames := self._kept.read()):
                self._frames.extend(frames)
                return
            async for synthesized in voice.synthesize(self.text):
                self._frames.append(synthesized.frame)
                self._more.set()
            if self._kept is not None and self._frames:  # who listens does not wait for the disk
                self._keeping = asyncio.create_task(asyncio.to_thread(self._kept.write, list(self._frames)))
        finally:
            self._more.set()
