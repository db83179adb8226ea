"""The call's events: one stream a call. The record subscribes to it, and so does whoever else wants to know.

Rooms tell what happened and know nothing of who hears it. The events of routing and of the line stand here as well,
so that whoever listens needs no other room.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from switchboard.call.call import Call
from switchboard.call.causes import Ending

logger = logging.getLogger("switchboard")

Clock = Callable[[], datetime]


def now() -> datetime:
    """The clock that calls live by, unless they are given another: the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a call, and when."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched(Event):
    """LiveKit offered us the call at `at`. The rest is seconds after that, None where livekit-agents says nothing."""

    accepted_s: float | None = None
    assigned_s: float | None = None
    launched_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """It is decided who answers; the caller hears ringing until then and for a moment more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """Somebody can hear us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Event):
    """`call` as it is known now: the names that others have for it may come late."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Event):
    """Something changed or came late. `what` is its kind (`data`, `answered by`), `value` None for what has gone."""

    what: str
    key: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentBegan(Event):
    """`agent` has the call from now on."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """A turn is over. `who` is `caller` or `agent`; `text` is what was understood, or spoken as far as it was heard."""

    who: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    """The model called a tool. `arguments` are JSON as the model wrote it, `result` is what it was told.

    `failed` is whether that was an error; `fault` is then what was raised, unless the tool itself refused.
    """

    tool: str
    arguments: str
    result: str
    failed: bool
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something went wrong and the call went on."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted(Event):
    """A part gave the caller nothing, and they heard other words for it. `part` is stt, llm, tts …; `kind` how."""

    part: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Event):
    """A session is over: livekit-agents' own report of it (`livekit.agents.voice.report.SessionReport`)."""

    report: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The call is over. What its sessions still report, the last words for one, may follow."""

    ending: Ending


Subscriber = Callable[[Event], None]


class Events:
    """One call's stream. Subscribers are told at once and in order; what one of them does slowly, it does elsewhere."""

    def __init__(self, clock: Clock = now) -> None:
        self.now = clock
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.append(subscriber)

    def tell(self, event: Event) -> None:
        """Tell all subscribers. A fault of one is logged and neither reaches the others nor the call."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:
                logger.exception("a subscriber to the call's events failed on %s", type(event).__name__)
