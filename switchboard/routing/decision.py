"""What routing answers: the Decision, one of a closed set of kinds, and the trace that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from switchboard.call.call import Call
from switchboard.call.events import Event
from switchboard.speech.profile import SpeechProfile

Refusal = Literal["busy"]  # livekit-sip answers every refusal with 486
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Step:
    """One row that was looked at: the conditions that held, and the first that did not (None: it took the call)."""

    route: str
    line: int
    matched: tuple[str, ...]
    failed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The row that took the call, which every kind of decision names."""

    route: str
    line: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Taken):
    """An agent answers, in `language`, with the models of `speech`. `greeting` None is the agent's own.

    `opening` is what the agent is told to begin with; the greeting is said where nothing comes of that.
    """

    agent: str
    language: str
    speech: SpeechProfile
    greeting: str | None = None
    opening: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Taken):
    """The call ends while it rings."""

    reason: Refusal


Decision = Answer | Refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(Event):
    """It is known who calls and decided what happens. `fingerprint` is the table's."""

    call: Call
    decision: Decision
    trace: tuple[Step, ...]
    fingerprint: str
