"""The gate that all we say passes on its way out: nothing leaves while it is not known whether the call is still ours.

A process that was stopped (SIGSTOP, a machine that was suspended or swapped) knows nothing of that and speaks on where
it was, beside the agent that was sent to its caller meanwhile. To take it out of the room is no fence: LiveKit's SDK
joins again by itself. But its own clock has a gap; after one, the gate holds until it has looked who is in the room.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from livekit import rtc

logger = logging.getLogger("switchboard")

_STOPPED_S = 1.0  # without having run: nobody is sent to a caller sooner
_TICKS_EVERY_S = 0.25
_LOOKS_AGAIN_S = 0.2


def uptime() -> float:
    """Seconds by a clock that also runs while the machine is suspended, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Source(Protocol):
    """`rtc.AudioSource` as far as sound goes through it."""

    async def capture_frame(self, frame: rtc.AudioFrame) -> None: ...

    def clear_queue(self) -> None: ...


class Gate:
    """Holds all sound after a gap in `clock`, until `is_taken_over` answers; it is asked again where it raises.

    When it says yes, or with `close`, `taken_over` is called once, and no sound leaves any more. It looks at its clock
    with all that is said, and while `watch` runs. One event loop's own.
    """

    def __init__(
        self,
        is_taken_over: Callable[[], Awaitable[bool]],
        taken_over: Callable[[], None],
        clock: Callable[[], float] = uptime,
    ) -> None:
        self._is_taken_over = is_taken_over
        self._taken_over = taken_over
        self._clock = clock
        self._ticked_at = clock()
        self._open = asyncio.Event()
        self._open.set()
        self._closed = False
        self._gaps = 0
        self._looking: asyncio.Task[None] | None = None
        self._sources: list[Source] = []

    async def watch(self) -> None:
        """Tick until cancelled, so that a gap can be told from a pause in what is said."""
        while not self._closed:
            self._tick()
            await asyncio.sleep(_TICKS_EVERY_S)

    def stand_before(self, source: Source | GatedSource, left: Callable[[rtc.AudioFrame], None]) -> GatedSource:
        """`source`, whose sound passes this gate; `left` is told what does. Once is enough."""
        if isinstance(source, GatedSource):
            return source
        self._sources.append(source)
        return GatedSource(source, self, left)

    async def lets_out(self) -> bool:
        """Returns once it is known whether sound may leave."""
        self._tick()
        await self._open.wait()
        return not self._closed

    def close(self) -> None:
        """Somebody else has the call."""
        if self._closed:
            return
        self._closed = True
        self._silence()
        self._open.set()
        self._taken_over()

    def _tick(self) -> None:
        now = self._clock()
        stopped_s, self._ticked_at = now - self._ticked_at, now
        if stopped_s <= _STOPPED_S + _TICKS_EVERY_S or self._closed:
            return
        self._gaps += 1
        self._open.clear()
        self._silence()
        logger.warning("this process was stopped", extra={"stopped_s": round(stopped_s, 1)})
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        is_taken_over, looked_at = False, -1
        while looked_at != self._gaps and not self._closed:
            gaps = self._gaps
            try:
                is_taken_over = await self._is_taken_over()
            except Exception as error:
                # Only the kind: the text may name the room, which may hold the caller's number.
                logger.warning("who has the call cannot be seen yet (%s)", type(error).__name__)
                await asyncio.sleep(_LOOKS_AGAIN_S)
            else:
                looked_at = gaps
            self._tick()  # what was seen before another gap is no answer
        self._looking = None
        if is_taken_over:
            self.close()
        self._open.set()

    def _silence(self) -> None:
        """What is on its way was meant for a moment that has passed."""
        for source in self._sources:
            source.clear_queue()


class GatedSource:
    """A source behind a gate. In all else it is that source."""

    def __init__(self, source: Source, gate: Gate, left: Callable[[rtc.AudioFrame], None]) -> None:
        self._source = source
        self._gate = gate
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if await self._gate.lets_out():
            await self._source.capture_frame(frame)
            self._left(frame)
