"""Words on their way to a voice and sound on its way to a caller, looked at while they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")

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


class Sounding:
    """What a caller hears of sound that is given to be played sooner than it is heard. `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: float | None = None

    def goes_on(self, for_s: float) -> None:
        """So much more was given."""
        now = self._clock()
        self._until = max(self._until or now, now) + for_s

    @property
    def silent_s(self) -> float | None:
        """For how long there has been nothing to hear: 0 while there is, None before the first sound."""
        return None if self._until is None else max(0.0, self._clock() - self._until)


async def next_of(coming: AsyncIterator[T]) -> T | None:
    """What comes next, None at the end."""
    return await anext(coming, None)


async def done_within(step: asyncio.Future[T], within_s: float) -> bool:
    """Whether `step` is done, at the latest after that many seconds."""
    await asyncio.wait({step}, timeout=within_s)
    return step.done()
