"""Words on their way to a voice, and how long their sound may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

_SOUND_WITHIN_S = 3.0  # from words to their sound: longer than any voice with a spare of its own needs


class WatchedWords:
    """Words on their way to a voice. Once they have been given, their sound is not waited for without end."""

    def __init__(self, words: AsyncIterator[str]) -> None:
        self._words = words
        self._given_at: float | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        self._given_at = None  # the next words are waited for, and not their sound
        try:
            return await anext(self._words)
        finally:
            self._given_at = asyncio.get_running_loop().time()

    def must_have_sounded(self, now: float) -> None:
        """Raises TimeoutError when the sound of the words that were given should have come by `now`."""
        if self._given_at is not None and now - self._given_at > _SOUND_WITHIN_S:
            raise TimeoutError
