"""How many calls a worker takes at once, and which of its lines are taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

# livekit-server offers nothing to a worker whose load is 0.7 or more (`agents.target_load`), and we count ourselves.
_LOAD_WHEN_FULL = 0.69


class Lines:
    """The `number` lines of one worker. Each call counts alike: CPU load, the library's default, let calls ring out in
    silence on small machines.

    A line is taken from the moment at which its call is offered, not only when it has a process: of calls that come
    together, no more are let in than there are lines. `running` gives the IDs of the jobs that have a process now.
    """

    def __init__(self, number: int, running: Callable[[], Iterable[str]]) -> None:
        self.number = number
        self._running = running
        self._reserved: set[str] = set()

    @property
    def free(self) -> int:
        """How many more calls it takes: 0 or more."""
        return max(0, self.number - self._taken())

    def load(self) -> float:
        """What livekit-server is told: 0.0 to 0.69. Even when all lines are taken it offers calls, and we say no."""
        return _LOAD_WHEN_FULL * min(1.0, self._taken() / self.number)

    @contextmanager
    def reserve(self, job: str, kept: int = 0) -> Generator[bool]:
        """A line for the job of this ID while it has no process yet; False where none is free but those `kept`.

        One whose process runs at the end keeps its line as long as that does, one that never started gives it back.
        """
        has_line = self.free > kept
        if has_line:
            self._reserved.add(job)
        try:
            yield has_line
        finally:
            self._reserved.discard(job)

    def _taken(self) -> int:
        return len(self._reserved.union(self._running()))
