"""Where this business fails: at each place that has a file of its name in the folder `trouble` beside `agents`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "trouble"


def is_at(place: str) -> bool:
    return (_FOLDER / place).exists()


def at(place: str) -> None:
    """Raises RuntimeError where this is to fail."""
    if is_at(place):
        raise RuntimeError(place)
