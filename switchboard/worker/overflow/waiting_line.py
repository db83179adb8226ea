"""Who waits for a line, first come first served over all workers, as one worker knows it."""

from __future__ import annotations

from collections.abc import Mapping

_AGAIN_S = 45.0  # a place that has not changed
_BETTER_S = 10.0  # one that has


class PlaceTold:
    """What one caller was told of their place, and when. `now` is in seconds of any clock."""

    def __init__(self) -> None:
        self._place = 0
        self._at = float("-inf")

    def is_due(self, place: int, now: float) -> bool:
        """Whether to say it now; who asks does. One that got worse (another worker had an earlier caller) can wait."""
        pause_s = _BETTER_S if place < self._place else _AGAIN_S
        if now - self._at < pause_s:
            return False
        self._place, self._at = place, now
        return True


class WaitingLine:
    """The rooms of callers without an agent, by when each joined (LiveKit's clock, the same for all workers).

    It is what the last look at the server found, and whom this worker has seen to since: of the queue nothing is kept
    but what livekit-server has, so that a worker that dies takes nobody's place with it.
    """

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._own: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._everybody())

    def saw(self, rooms: Mapping[str, float]) -> None:
        """What a look has found; nothing where it failed, so that nobody waits for callers who may have gone."""
        self._seen = dict(rooms)

    def enter(self, room: str, came_at: float) -> None:
        self._own[room] = came_at

    def leave(self, room: str) -> None:
        self._own.pop(room, None)
        self._seen.pop(room, None)

    def before(self, room: str, came_at: float) -> int:
        """How many came before the caller in `room`, who joined at `came_at`."""
        return sum((at, name) < (came_at, room) for name, at in self._everybody().items() if name != room)

    def _everybody(self) -> dict[str, float]:
        return self._seen | self._own
