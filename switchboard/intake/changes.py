"""What changes during a call: metadata and attributes that our servers, or the caller's side, set meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from switchboard.call.call import Call
from switchboard.intake.reading import Reader

logger = logging.getLogger("switchboard")

_EVENTS: tuple[Any, ...] = (
    "participant_metadata_changed",
    "participant_attributes_changed",
    "room_metadata_changed",
)


_GATHER_S = 0.1  # a caller who changes something all the time is read ten times a second


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is not what it was: `value` is None where it has gone. `trusted` where our own side said it."""

    key: str
    value: Any
    trusted: bool


Listener = Callable[[Call, Sequence[Change]], Awaitable[None]]


class Changes:
    """Tells `listener` of the Call as it is now and of every difference in its data, in order, while it follows."""

    def __init__(self, reader: Reader, call: Call, listener: Listener) -> None:
        self._reader = reader
        self._call = call
        self._listener = listener
        self._happened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def follow(self) -> None:
        """From now on; what changed between the decision and now is told first."""
        for event in _EVENTS:
            self._reader.room.on(event, self._on_event)
        self._happened.set()
        self._task = asyncio.create_task(self._tell())

    async def stop(self) -> None:
        for event in _EVENTS:
            self._reader.room.off(event, self._on_event)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _on_event(self, *_: object) -> None:
        self._happened.set()

    async def _tell(self) -> None:
        while True:
            await self._happened.wait()
            self._happened.clear()
            before, self._call = self._call, self._reader.read(customers=self._call.customers)
            changes = differences(before, self._call)
            if changes or self._call.attributes != before.attributes:
                try:
                    await self._listener(self._call, changes)
                except Exception:  # an agent's fault: the next change may still be told
                    logger.exception("a change of the call's data could not be told to the agent")
            await asyncio.sleep(_GATHER_S)


def differences(before: Call, now: Call) -> list[Change]:
    """What is new, different or gone, of what our side says and of what the caller's says."""
    changes: list[Change] = []
    for trusted, old, new in ((True, before.trusted(), now.trusted()), (False, before.unverified(), now.unverified())):
        changes += [Change(key, None, trusted) for key in old if key not in new]
        changes += [Change(key, value, trusted) for key, value in new.items() if key not in old or old[key] != value]
    return changes
