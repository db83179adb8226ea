"""`[worker]` of the routing file."""

from __future__ import annotations

from dataclasses import dataclass


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
