"""Which business a command is about: the folder of `agent.py`, its agents, its routing file, and the environment."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from switchboard.cli.output import WRONG_USE, fail, print_json
from switchboard.files.source import TableErrors
from switchboard.talk.roster import Roster
from switchboard.worker import settings as environment

if TYPE_CHECKING:
    from switchboard.worker.routing_file import RoutingFile


def read_settings() -> environment.Settings:
    """The environment; exits 2 with a line for each variable that is wrong."""
    try:
        return environment.read_settings()
    except environment.WrongSettings as error:
        fail(str(error))


def business_folder() -> Path:
    """Where `agent.py` is: here, or else where Python finds it, which is where Switchboard was installed from.

    Its folder is then the first in which modules are looked for, as it is when `python agent.py` runs.
    """
    here = Path.cwd()
    if (here / "agent.py").is_file():
        folder = here
    else:
        found = find_spec("agent")
        if found is None or found.origin is None:
            fail(f"there is no agent.py in {here}: run this in the folder of your business")
        folder = Path(found.origin).parent
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    return folder


def read_roster() -> Roster:
    """The agents that there are."""
    return Roster(business_folder())


def check_business(file: RoutingFile, *, as_json: bool = False) -> tuple[str, ...]:
    """The warnings about `file` and its agents, each built once. Exits 2 with a line for each fault."""
    from switchboard.talk.agent_checks import check_agents

    found = check_agents(read_roster(), file.agents, file.asked())
    if not found.faults:
        return (*file.warnings(), *found.warnings)
    if not as_json:
        fail("\n".join(found.faults))
    print_json({"ok": False, "errors": found.faults})
    raise typer.Exit(WRONG_USE)


def read_routing_file(path: Path, *, as_json: bool = False, run_tests: bool = False) -> RoutingFile:
    """The routing file, its `[[test]]` rows passed where `run_tests`. Exits 2 with a line for each fault."""
    from switchboard.worker.routing_file import load_file, read_file

    try:
        return (load_file if run_tests else read_file)(path, agents=read_roster().names())
    except TableErrors as error:
        if not as_json:
            fail(str(error))
        print_json({"ok": False, "errors": error.errors})
        raise typer.Exit(WRONG_USE) from None
