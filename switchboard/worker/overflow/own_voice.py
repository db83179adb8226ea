"""What the worker's own process says, as sound: kept on disk like all fixed words, and in memory while it is needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from livekit import rtc

from switchboard.routing.decision import Answer
from switchboard.speech.kept_words import KeptWords
from switchboard.speech.stock import ModelStock
from switchboard.talk.greeting import sounds_as
from switchboard.worker.overflow.attendant import samples_of

logger = logging.getLogger("switchboard")

_SOUND_WITHIN_S = 2.0  # what the caller hears until then is their telephone ringing, or music
_MOST = 100  # texts: some 15 MB


class OwnVoice:
    """Texts in the voice that the agent of a call would have. `folder` keeps them; SWITCHBOARD_CACHE is over it."""

    def __init__(self, models: ModelStock, folder: Path) -> None:
        self._models = models
        self._folder = folder
        self._asked: dict[tuple[str, str, str], asyncio.Task[bytes]] = {}

    async def sound(self, text: str, answer: Answer) -> bytes:
        """s16le samples of `text` at attendant.RATE; empty where nobody can say it in 2 seconds. Never raises."""
        key = (sounds_as(answer.speech), answer.language, text)
        task = self._asked.get(key)
        if task is None:  # many ask for the same words at once
            while len(self._asked) >= _MOST:
                del self._asked[next(iter(self._asked))]
            task = self._asked[key] = asyncio.create_task(self._sound(text, answer))
        try:
            samples = await asyncio.shield(task)
        except Exception as fault:
            logger.warning("the words for callers without a line cannot be spoken (%s)", type(fault).__name__)
            samples = b""
        if not samples:  # another time it may be there
            self._asked.pop(key, None)
        return samples

    async def ahead(self, texts: Iterable[str], answer: Answer) -> None:
        """Have them ready."""
        for text in texts:
            await self.sound(text, answer)

    async def _sound(self, text: str, answer: Answer) -> bytes:
        words = KeptWords(self._folder, sounds_as(answer.speech), answer.language)
        return samples_of(await words.read(text) or await self._spoken(words, text, answer))

    async def _spoken(self, words: KeptWords, text: str, answer: Answer) -> list[rtc.AudioFrame]:
        """Raises what the voice raises."""
        # Only who has something to say imports what it takes: a second, and memory.
        from livekit.agents.utils import http_context

        async with http_context.open():
            voice = self._models.take(answer.speech, answer.language).tts
            if voice is None:
                return []
            spoken = words.spoken(text, voice)
            try:
                async with asyncio.timeout(_SOUND_WITHIN_S * 2):
                    if not await spoken.has_begun(_SOUND_WITHIN_S):
                        return []
                    return [frame async for frame in spoken.frames()]
            finally:
                spoken.cancel()
                await voice.aclose()
