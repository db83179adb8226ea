"""One recogniser for all calls, in a thread of its own: a phrase takes it about 30 ms, and nobody's audio waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lab.providers.hearing import Transcript
from lab.providers.recognition import RATE, Recogniser
from lab.providers.samples import Samples, resample

_T = TypeVar("_T")


class RecognitionThread:
    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "recogniser")
        self._recogniser: Recogniser | None = None

    async def start(self, phrases: Iterable[str]) -> None:
        """Load the model, a tenth of a second's work. Raises RecogniserMissing."""
        self._recogniser = await self._do(lambda: Recogniser(phrases))

    async def add(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """Extend what is understood; gives the words that nobody can pronounce."""
        recogniser = self._started()
        return await self._do(lambda: recogniser.add(phrases))

    async def transcribe(self, samples: Samples, rate: int) -> Transcript:
        """The phrase, or the piece of one, in an utterance of mono samples at `rate` Hz."""
        recogniser = self._started()
        text = await self._do(lambda: recogniser.recognise(resample(samples, rate, RATE).tobytes()))
        return Transcript(text, 0.95 if text else 0.0)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> Recogniser:
        if self._recogniser is None:
            raise RuntimeError("the recogniser is not running: await start() first")
        return self._recogniser

    async def _do(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
