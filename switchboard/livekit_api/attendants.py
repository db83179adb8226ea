"""How everybody knows the attendant: the plain participant by which a worker speaks to a caller whom no agent has.

There is one in a room at most: LiveKit lets the earlier of two with one identity go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

IDENTITY = "switchboard-attendant"
_DOES = "switchboard.attendant"
_KEEPS_WAITING = "queue"


class Participant(Protocol):
    """What both LiveKit's API and its rooms say of a participant."""

    @property
    def identity(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...


def attributes(*, keeps_waiting: bool) -> dict[str, str]:
    """Those of an attendant; whether it keeps the caller waiting for an agent, or tells them that none comes."""
    return {_DOES: _KEEPS_WAITING if keeps_waiting else "announcement"}


def is_attendant(person: Participant) -> bool:
    return person.identity == IDENTITY


def is_told(people: Iterable[Participant]) -> bool:
    """Whether an attendant tells the caller among `people` that nobody comes: whoever came now would come too late."""
    return any(is_attendant(one) and one.attributes.get(_DOES) != _KEEPS_WAITING for one in people)
