"""Faults of our own, and of the business's: what is broken where, and what is asked then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.matrix import OWN, Cell, Phase

if TYPE_CHECKING:
    from collections.abc import Generator

    from chaos.own_stage import OwnStage

HOURS = "What are your opening hours?"
SALES = "I would like to talk to sales, please."


@dataclass(frozen=True, slots=True)
class OwnFault:
    """`breaks` something for as long as its context lasts, before the call comes or before the caller asks `asks`."""

    name: str
    phase: Phase
    breaks: Callable[[OwnStage], AbstractContextManager[None]]
    asks: str = ""
    agent: str = "desk"

    @property
    def cell(self) -> Cell:
        return Cell(OWN, self.name, self.phase)


def _trouble(place: str) -> Callable[[OwnStage], AbstractContextManager[None]]:
    """The business's own code raises, or hangs, there (chaos/business/agents/trouble.py)."""

    @contextmanager
    def broken(stage: OwnStage) -> Generator[None]:
        file = stage.business / "trouble" / place
        file.touch()
        try:
            yield
        finally:
            file.unlink()

    return broken


def _directory(way: str) -> Callable[[OwnStage], AbstractContextManager[None]]:
    @contextmanager
    def broken(stage: OwnStage) -> Generator[None]:
        stage.directory.way = way
        try:
            yield
        finally:
            stage.directory.way = ""

    return broken


def _gone(*names: str) -> Callable[[OwnStage], AbstractContextManager[None]]:
    """These of the stage's folder are away, and a folder's place is taken: nothing can be read or written there."""

    @contextmanager
    def broken(stage: OwnStage) -> Generator[None]:
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(_away(stage.folder / name))
            yield

    return broken


@contextmanager
def _away(place: Path) -> Generator[None]:
    aside = place.with_name(f"{place.name} (aside)")
    if not place.exists():
        place.mkdir()
    place.rename(aside)
    if aside.is_dir():
        place.touch()
    try:
        yield
    finally:
        place.unlink(missing_ok=True)
        aside.rename(place)


@contextmanager
def _nothing(_: OwnStage) -> Generator[None]:
    yield


OWN_FAULTS = (
    OwnFault("entrypoint raises", "ringing", _trouble("entrypoint")),
    OwnFault("agent cannot be made", "ringing", _trouble("colleague"), agent="sales"),
    OwnFault("no agent can be made", "ringing", _trouble("desk")),
    OwnFault("session cannot be made", "ringing", _trouble("session")),
    OwnFault("directory raises", "ringing", _directory("raises")),
    OwnFault("directory hangs", "ringing", _directory("hangs")),
    OwnFault("database gone", "ringing", _gone("data"), HOURS),
    OwnFault("disk gone", "ringing", _gone("cache", "spool"), HOURS),
    OwnFault("routing file gone", "ringing", _gone("switchboard.toml"), HOURS),
    OwnFault("way of the call raises", "greeting", _trouble("greeted")),
    OwnFault("database gone", "listening", _gone("data"), HOURS),
    OwnFault("turn hook raises", "listening", _trouble("turn"), HOURS),
    OwnFault("turn hook hangs", "listening", _trouble("turn hangs"), HOURS),
    OwnFault("tool raises", "tool", _nothing, "Please count the stamps."),
    OwnFault("tool hangs", "tool", _nothing, "Please weigh the parcels."),
    OwnFault("tool gives a megabyte", "tool", _nothing, "Please list the streets."),
    OwnFault("tool gives nothing", "tool", _nothing, "Please note the visits."),
    OwnFault("colleague cannot be made", "hand-over", _trouble("colleague"), SALES),
    OwnFault("on_enter raises", "hand-over", _trouble("on_enter"), SALES),
)
BY_CELL = {fault.cell: fault for fault in OWN_FAULTS}
