"""Models to choose from, the best first: who failed lately is asked last, and looked after until it works again."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from livekit.agents import APIError, APIStatusError

from switchboard.speech.health import Health

logger = logging.getLogger("switchboard")

_PROBE_WITHIN_S = 5.0


class NotUseful(APIError):
    """A model answered, and the caller gets nothing from it: an empty answer, a web page in place of sound."""


class Model(Protocol):
    """What a plug-in's STT, LLM and TTS have in common, as far as it is needed here."""

    async def aclose(self) -> None: ...


M = TypeVar("M", bound=Model)


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
        """Close them, and end what is still being looked after."""
        probing = list(self._probing)
        for task in probing:
            task.cancel()
        await asyncio.gather(*probing, return_exceptions=True)
        await asyncio.gather(*(model.aclose() for model in self.models()))

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


class Attempts(Generic[M]):
    """Whom one request asks: each of `choices` once; a single one twice, where it failed within `hopes_for_s` seconds
    and may work again. `last` is why the last one failed."""

    def __init__(self, choices: Choices[M], hopes_for_s: float = math.inf) -> None:
        self._choices = choices
        self._hopes_for_s = hopes_for_s
        self.last: Exception | None = None

    def __iter__(self) -> Iterator[Choice[M]]:
        order = self._choices.order()
        began = asyncio.get_running_loop().time()
        yield from order
        has_hope = self.last is not None and may_work_again(self.last)
        if len(order) == 1 and has_hope and asyncio.get_running_loop().time() - began < self._hopes_for_s:
            yield order[0]

    def failed(self, choice: Choice[M], fault: Exception) -> None:
        """It gave nothing: the next one is to be asked, in this request and by others."""
        self._choices.failed(choice, fault)
        self.last = fault


def kind_of(fault: BaseException) -> str:
    """What went wrong in a word or two, without anything that was said: `HTTP 500`, `TimeoutError`."""
    if isinstance(fault, APIStatusError) and fault.status_code > 0:
        return f"HTTP {fault.status_code}"
    return fault.message if isinstance(fault, NotUseful) else type(fault).__name__


def may_work_again(fault: BaseException) -> bool:
    """Whether the same request may succeed when it is made once more: not with a key that is refused."""
    return not isinstance(fault, APIError) or fault.retryable
