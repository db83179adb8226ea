"""What calls need, made once from the environment and the routing file, and handed on from here: nothing is global."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.events import Clock, now
from switchboard.database.engine import BadDatabaseURL, make_engine
from switchboard.directory.directory import Directory, DirectoryError
from switchboard.directory.opening import open_directory
from switchboard.files.source import TableErrors
from switchboard.speech.health import Health
from switchboard.speech.stock import ModelStock
from switchboard.talk.agent_checks import check_agents
from switchboard.talk.roster import Roster
from switchboard.worker.routing_file import RoutingFile, load_file
from switchboard.worker.settings import Settings, WrongSettings, read_settings


class CannotStart(Exception):
    """Why a worker cannot start: every fault on a line of its own, each with what to do."""


class Tables:
    """The routing file as it is now. A call takes `current` when it begins and keeps it to its end."""

    def __init__(self, file: RoutingFile) -> None:
        self.current = file

    def replace(self, file: RoutingFile) -> None:
        """From now on, calls that begin take this one. It has been checked: `load_file`."""
        self.current = file


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a call is given beside its job. None of it has opened anything yet."""

    settings: Settings
    roster: Roster
    tables: Tables
    directory: Directory
    engine: AsyncEngine
    models: ModelStock
    clock: Clock = now
    warnings: tuple[str, ...] = ()

    @property
    def agent_name(self) -> str:
        """The name this worker is dispatched by: LIVEKIT_AGENT_NAME over the file's."""
        return self.settings.livekit_agent_name or self.tables.current.worker.agent_name


def bootstrap(business: Path, settings: Settings | None = None, clock: Clock = now) -> Services:
    """Read the environment (unless `settings` are given) and the routing file; `business` is the folder of agent.py.

    Raises CannotStart with all faults at once.
    """
    try:
        settings = settings or read_settings()
    except WrongSettings as fault:
        raise CannotStart(str(fault)) from None
    roster = Roster(business)
    faults: list[str] = []
    warnings: tuple[str, ...] = ()
    file: RoutingFile | None = None
    try:
        file = load_file(settings.config, agents=roster.names())
        found = check_agents(roster, file.agents, file.asked())
        faults += found.faults
        warnings = (*file.warnings(), *found.warnings)
    except TableErrors as errors:
        faults += errors.errors
    engine: AsyncEngine | None = None
    directory: Directory | None = None
    try:
        engine = make_engine(settings.database_url)
        directory = open_directory(settings.customers, settings.directory_token.get_secret_value() or None)
    except (BadDatabaseURL, DirectoryError) as fault:
        faults.append(str(fault))
    if faults or file is None or engine is None or directory is None:
        raise CannotStart("\n".join(faults))
    models = ModelStock(settings.accesses(file.providers), Health(settings.cache / "health"))
    return Services(settings, roster, Tables(file), directory, engine, models, clock, warnings)
