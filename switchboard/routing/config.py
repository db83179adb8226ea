"""What a routing file says, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from switchboard.call import Call
from switchboard.routing.table import Table
from switchboard.speech.profile import SpeechProfile


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`[worker]`. `region` reads numbers without `+`; `language` is spoken where nothing else says one.

    `trusted_attributes` are participant attributes that our own dispatch rules set. `wait_for_attributes_ms` is how
    long a route may wait for a late one, `caller_timeout_s` how long an empty room waits for its caller,
    `answer_timeout_s` how long a greeting waits for the line to be answered.
    """

    agent_name: str = "switchboard"
    region: str = "US"
    language: str = "en"
    trusted_attributes: tuple[str, ...] = ()
    wait_for_attributes_ms: int = 300
    caller_timeout_s: float = 30.0
    answer_timeout_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Example:
    """One `[[test]]` row: a call and the route that must take it."""

    index: int
    line: int
    call: Call
    expect: str


@dataclass(frozen=True, slots=True)
class Config:
    """A routing file. `fingerprint` is the SHA-256 of the file and its number lists, in hex."""

    worker: WorkerOptions
    speech: Mapping[str, SpeechProfile]
    table: Table
    tests: tuple[Example, ...]
    fingerprint: str

    def providers(self) -> frozenset[str]:
        """The providers that some route could ask for: each needs its key."""
        profiles = [model for profile in self.speech.values() for model in profile.models().values()]
        routes = [model for route in self.table.routes for model in (route.action.stt, route.action.llm) if model]
        return frozenset(model.partition("/")[0] for model in (*profiles, *routes))
