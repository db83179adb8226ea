"""The states of a leg and the ways between them. Pure: the plumbing is in `leg.py`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from switchboard.call.causes import Ending


class State(StrEnum):
    """Where a caller's line is. *Held* is by us: a caller's own hold is the carrier's affair and looks like silence."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    TRANSFERRING = "transferring"
    ENDED = "ended"


_WAYS: Mapping[State, frozenset[State]] = {
    State.RINGING: frozenset({State.ANSWERED, State.ENDED}),
    State.ANSWERED: frozenset({State.HELD, State.TRANSFERRING, State.ENDED}),
    State.HELD: frozenset({State.ANSWERED, State.TRANSFERRING, State.ENDED}),
    State.TRANSFERRING: frozenset({State.ANSWERED, State.HELD, State.ENDED}),
    State.ENDED: frozenset(),
}


class NoSuchWay(Exception):
    """A change of state that a line cannot make, such as any after its end."""


class LegState:
    """One leg's state and, once it has ended, how. There is no way back from the end, and one ending: the first."""

    def __init__(self) -> None:
        self.now = State.RINGING
        self.ending: Ending | None = None

    def go(self, state: State) -> None:
        """Move on to `state`. Raises NoSuchWay where none leads there, and for ENDED, which needs an `Ending`."""
        if state is State.ENDED or state not in _WAYS[self.now]:
            raise NoSuchWay(f"a line that is {self.now} cannot become {state}")
        self.now = state

    def end(self, ending: Ending) -> bool:
        """End for this reason; False where the leg has ended already, and its first reason stands."""
        if self.now is State.ENDED:
            return False
        self.now, self.ending = State.ENDED, ending
        return True
