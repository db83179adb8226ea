"""Who spoke when, and how long a reply took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lab.softphone.ear import Sound, joined

_BREATH = 0.7  # s: the agent's silence shorter than this is a pause in one turn


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's turn, in seconds of the monotonic clock: first audible sample to last."""

    who: Literal["caller", "agent"]
    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


def take_turns(said: list[Sound], heard: list[Sound]) -> list[Turn]:
    """The turns of a call, by start: each thing the caller said, and the agent's sounds up to a longer silence.

    What the caller says ends the agent's turn: what is heard after it is a reply, however soon it comes.
    """
    turns = [Turn("caller", sound.start, sound.end) for sound in said]
    ends = [sound.end for sound in said]
    before = 0
    for end in [*ends, float("inf")]:
        upto = next((i for i, sound in enumerate(heard) if sound.start >= end), len(heard))
        turns += [Turn("agent", sound.start, sound.end) for sound in joined(heard[before:upto], _BREATH)]
        before = upto
    return sorted(turns, key=lambda turn: turn.start)


def reply_delays(turns: list[Turn]) -> list[float]:
    """Seconds from the end of a caller's turn to the agent's next one, for each turn that got one before the next."""
    delays: list[float] = []
    for i, turn in enumerate(turns):
        if turn.who == "agent":
            continue
        following = next((other for other in turns[i + 1 :] if other.start >= turn.end), None)
        if following and following.who == "agent":
            delays.append(following.start - turn.end)
    return delays
