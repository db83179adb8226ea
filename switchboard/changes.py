"""What changes during a call: metadata and attributes that our servers, or the caller's side, set meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from switchboard.call import Call, Fact
from switchboard.intake import Reader

_EVENTS: tuple[Any, ...] = (
    "participant_metadata_changed",
    "participant_attributes_changed",
    "room_metadata_changed",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One key of the merged data that is not what it was. `fact` is None where it has gone."""

    key: str
    fact: Fact | None


class Changes:
    """Watches a call's data and tells `on_change` of every difference to what was known, in order."""

    def __init__(self, reader: Reader, call: Call, on_change: Callable[[Change], Awaitable[None]]) -> None:
        self._reader = reader
        self._known: Mapping[str, Fact] = call.data
        self._on_change = on_change
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From here on; also what changed between the decision and now is told."""
        for event in _EVENTS:
            self._reader.room.on(event, self._on_event)
        self._changed.set()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        for event in _EVENTS:
            self._reader.room.off(event, self._on_event)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _on_event(self, *_: object) -> None:
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            now = self._reader.read().data
            before, self._known = self._known, now
            for change in differences(before, now):
                await self._on_change(change)


def differences(before: Mapping[str, Fact], now: Mapping[str, Fact]) -> list[Change]:
    """What is new, different or gone."""
    changed = [Change(key, fact) for key, fact in now.items() if before.get(key) != fact]
    return changed + [Change(key, None) for key in before if key not in now]
