"""What routing answers: the Decision, and the trace that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from switchboard.speech.profile import SpeechProfile

Refusal = Literal["busy", "declined"]
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Step:
    """One row that was looked at: the conditions that held, and the first that did not (None: it took the call)."""

    route: str
    line: int
    matched: tuple[str, ...]
    failed: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The route taken and what it asks for. `agent` is None only for a refusal (`reject`)."""

    route: str
    line: int
    agent: str | None
    language: str
    speech: SpeechProfile
    greeting: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reject: Refusal | None = None
    warnings: tuple[str, ...] = ()
