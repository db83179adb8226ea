"""How everybody knows the attendant: the plain participant by which a worker speaks to a caller whom no agent has.

There is one in a room at most: LiveKit lets the earlier of two with one identity go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from livekit.protocol.agent_dispatch import AgentDispatch

from switchboard.livekit_api.dispatching import with_attributes

IDENTITY = "switchboard-attendant"
_DOES = "switchboard.attendant"
_KEEPS_WAITING = "queue"
_WAITED_SINCE = "switchboard.waited-since"


def next_in_line(lost: AgentDispatch, came_at: float) -> AgentDispatch:
    """`lost` as it is to be made again, for a caller who has waited since `came_at` (Unix seconds)."""
    return with_attributes(lost, {_WAITED_SINCE: f"{came_at:.3f}"})


def waited_since(attributes: Mapping[str, str]) -> float | None:
    """When the caller of a job with these attributes began to wait for a line: Unix seconds, None for who did not."""
    try:
        return float(attributes[_WAITED_SINCE])
    except (KeyError, ValueError):
        return None


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
