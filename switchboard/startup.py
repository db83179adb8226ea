"""What a process needs before its first call: the environment and the table, read once, with all faults together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import agents
from agents.prompts import missing_prompts
from switchboard.database import BadDatabaseURL, read_url
from switchboard.directory import Directory, DirectoryError, directory_from
from switchboard.routing.load import Config, TableErrors, load
from switchboard.settings import Settings


class CannotStart(Exception):
    """Why a worker cannot start: every fault on a line of its own, each with what to do."""


@dataclass(frozen=True, slots=True)
class Startup:
    """`directory` is made here and opens nothing before it is asked."""

    settings: Settings
    config: Config
    directory: Directory

    @property
    def agent_name(self) -> str:
        """The name this worker is dispatched by: LIVEKIT_AGENT_NAME over the file's."""
        return self.settings.livekit_agent_name or self.config.worker.agent_name


@cache
def startup() -> Startup:
    """The environment and the table. Read once a process image: call processes inherit it. Raises CannotStart."""
    settings = Settings()
    faults: list[str] = []
    config: Config | None = None
    try:
        config = load(settings.config, agents=agents.names())
    except TableErrors as errors:
        faults += errors.errors
    faults += missing_prompts(agents.names())
    directory: Directory | None = None
    try:
        read_url(settings.database_url)  # records go there, wherever customers are looked up
        directory = directory_from(settings)
    except (BadDatabaseURL, DirectoryError) as fault:
        faults.append(str(fault))
    if faults or config is None or directory is None:
        raise CannotStart("\n".join(faults))
    return Startup(settings, config, directory)
