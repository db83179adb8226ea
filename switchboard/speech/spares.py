"""Models to choose from, the best first: who failed lately is asked last, and looked after until it works again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from livekit.agents import APIError, APIStatusError

from switchboard.speech.health import Health

logger = logging.getLogger("switchboard")

M = TypeVar("M")

_PROBE_WITHIN_S = 5.0


class NotUseful(APIError):
    """A model answered, and the caller gets nothing from it: an empty answer, a web page in place of sound."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[M]):
    """A model as the routing file names it. `key` is what its health is kept under: its address belongs to it."""

    name: str
    key: str
    model: M


class Choices(Generic[M]):
    """The models of one part of a profile. `probe` asks one for a trifle and raises where it fails."""

    def __init__(
        self, choices: Sequence[Choice[M]], health: Health, probe: Callable[[M], Awaitable[None]] | None = None
    ) -> None:
        assert choices
        self._choices = tuple(choices)
        self._health = health
        self._probe = probe
        self._probing: set[asyncio.Task[None]] = set()
        self.serving = self._choices[0]

    def __len__(self) -> int:
        return len(self._choices)

    @property
    def first(self) -> M:
        """The one that the profile would have."""
        return self._choices[0].model

    def models(self) -> list[M]:
        """All of them."""
        return [choice.model for choice in self._choices]

    def order(self) -> list[Choice[M]]:
        """Whom to ask, one after the other. Looks after those that failed."""
        out = [choice for choice in self._choices if len(self._choices) > 1 and self._health.is_out(choice.key)]
        for choice in out:
            if self._probe is not None and self._health.take_probe(choice.key):
                task = asyncio.create_task(self._see_if_it_works(choice))
                self._probing.add(task)
                task.add_done_callback(self._probing.discard)
        return [choice for choice in self._choices if choice not in out] + out

    def served(self, choice: Choice[M]) -> None:
        """It was useful to a caller."""
        self.serving = choice
        if self._health.is_out(choice.key):
            self._health.works(choice.key)

    def failed(self, choice: Choice[M], fault: BaseException) -> None:
        """It was not. Only the kind of the fault is logged: its text may hold what a caller said."""
        self._health.failed(choice.key)
        logger.warning("%s failed (%s)", choice.name, kind_of(fault))

    async def aclose(self) -> None:
        """End what is still being looked after."""
        probing = list(self._probing)
        for task in probing:
            task.cancel()
        await asyncio.gather(*probing, return_exceptions=True)

    async def _see_if_it_works(self, choice: Choice[M]) -> None:
        assert self._probe is not None
        try:
            async with asyncio.timeout(_PROBE_WITHIN_S):
                await self._probe(choice.model)
        except Exception as fault:
            self._health.failed(choice.key)
            logger.info("%s still fails (%s)", choice.name, kind_of(fault))
        else:
            self._health.works(choice.key)
            logger.info("%s works again", choice.name)


def kind_of(fault: BaseException) -> str:
    """What went wrong in a word or two, without anything that was said: `HTTP 500`, `TimeoutError`."""
    if isinstance(fault, APIStatusError) and fault.status_code > 0:
        return f"HTTP {fault.status_code}"
    return fault.message if isinstance(fault, NotUseful) else type(fault).__name__


def may_work_again(fault: BaseException) -> bool:
    """Whether the same request may succeed when it is made once more: not with a key that is refused."""
    return not isinstance(fault, APIError) or fault.retryable
