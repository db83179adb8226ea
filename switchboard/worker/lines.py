"""How many calls a worker takes at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one worker. Each call counts alike: CPU load, the library's default, let calls ring out in silence
    on small machines."""

    number: int

    def load(self, taken: int) -> float:
        """What livekit-server is told, with so many calls running: 0.0 to 1.0."""
        return taken / self.number

    def free(self, taken: int) -> int:
        """How many more calls livekit-server would offer: at a load of 0.7, its `agents.target_load`, it stops."""
        return max(0, -(-7 * self.number // 10) - taken)
