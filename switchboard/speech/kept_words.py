"""Words that are said to many, in one voice: each text is spoken once and kept on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from livekit import rtc

from switchboard.speech.kept import KeptSound, Limits
from switchboard.speech.spoken import SpokenText

logger = logging.getLogger("switchboard")

_LIMITS = Limits(files=50, unused_s=float("inf"))  # voices of one text; they are needed when it is worst


class KeptWords:
    """Texts of one language in the voice that `sounds_as` names. `folder` keeps what was spoken in any."""

    def __init__(self, folder: Path, sounds_as: str, language: str) -> None:
        self.language = language
        self._folder = folder
        self._sounds_as = sounds_as

    def kept(self, text: str) -> list[rtc.AudioFrame]:
        """The sound, in this voice or else in any that has said it before; empty where nobody has."""
        own = self._place(text)
        others = sorted(own.file.parent.glob("*.wav"))
        for place in (own, *(KeptSound(file) for file in others)):
            if frames := place.read():
                return frames
        return []

    async def read(self, text: str) -> list[rtc.AudioFrame]:
        """`kept`, without holding up what goes on meanwhile."""
        return await asyncio.to_thread(self.kept, text)

    def missing(self, texts: Iterable[str]) -> list[str]:
        """What this voice has not said yet."""
        return [text for text in texts if not self._place(text).file.exists()]

    def spoken(self, text: str, voice: Any) -> SpokenText:
        """`text`, begun at once by `voice` and then kept."""
        return SpokenText(text, voice, self._place(text))

    async def speak_ahead(self, texts: Iterable[str], voice: Any) -> None:
        """Let `voice` say what is missing, one after the other. What fails is tried again by a later call."""
        for text in self.missing(texts):
            spoken = self.spoken(text, voice)
            try:
                async for _ in spoken.frames():
                    pass
            except Exception as fault:
                spoken.cancel()
                logger.warning("fixed words are not spoken ahead (%s)", type(fault).__name__)
                return

    def _place(self, text: str) -> KeptSound:
        # A folder for each text: whoever has no voice takes another's.
        folder = self._folder / KeptSound.of(self._folder, "", self.language, text).file.stem
        return KeptSound(KeptSound.of(folder, self._sounds_as, self.language, text).file, _LIMITS)
