"""What is broken, of which part, at which moment of a call: the cells of the matrix."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

Part = Literal["stt", "llm", "tts"]
Phase = Literal["ringing", "greeting", "listening", "thinking", "tool", "hand-over"]
PARTS: tuple[Part, ...] = get_args(Part)
PHASES: tuple[Phase, ...] = get_args(Phase)

OWN: Literal["own"] = "own"  # nothing of a provider's (chaos/own.py)
REFUSED = "refused"  # a port that is closed: nothing that a stand-in could do by itself
FAULTS: Mapping[str, Mapping[str, Any]] = {
    REFUSED: {},
    "401": {"status": 401},
    "429": {"status": 429},
    "500": {"status": 500},
    **{
        way: {way: True}
        for way in (
            *("close", "page", "garbage", "empty", "half", "megabyte"),
            *("hang", "trickle", "drip", "silent", "drop"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Cell:
    """`part` begins to fail by `fault` in `phase` of a call, and does not stop."""

    part: Part | Literal["own"]
    fault: str
    phase: Phase

    def __str__(self) -> str:
        return f"{self.part} {self.fault} while {self.phase}"


# Each part, each phase, and the faults that look least like one.
SHORT = (
    Cell("tts", "500", "ringing"),
    Cell("stt", "silent", "greeting"),
    Cell("stt", "drop", "listening"),
    Cell("llm", "silent", "listening"),
    Cell("tts", "silent", "listening"),
    Cell("tts", "drop", "thinking"),
    Cell("llm", REFUSED, "tool"),
    Cell("llm", "hang", "hand-over"),
)


EVERY = tuple(Cell(*cell) for cell in product(PARTS, FAULTS, PHASES))


def cells(
    every: Iterable[Cell], parts: Collection[str] = (), faults: Collection[str] = (), phases: Collection[str] = ()
) -> list[Cell]:
    """Those of these parts, faults and phases; where none are named, of all."""
    return [
        cell
        for cell in every
        if (not parts or cell.part in parts)
        and (not faults or cell.fault in faults)
        and (not phases or cell.phase in phases)
    ]
