"""Who can talk: the agents of a business, found by convention in the folder where its `agent.py` lies.

An agent is a prompt, `prompts/NAME.md`. One that has tools of its own also has a class, in `agents/NAME.py`.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from switchboard.talk.prompts import Prompts

if TYPE_CHECKING:
    from switchboard.talk.agent import PhoneAgent


class BadAgent(Exception):
    """A file in `agents/` that gives no agent. The message names it and says what it should hold."""


class Roster:
    """The agents of the business in `folder`. Reading the names is quick: no class is imported for that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.prompts = Prompts(self.folder / "prompts")
        self._classes: dict[str, type[PhoneAgent]] = {}

    def names(self) -> tuple[str, ...]:
        """Every name that a route or a hand-over may use."""
        return self.prompts.agents()

    def agent_class(self, name: str) -> type[PhoneAgent]:
        """The class of the agent `name`. Raises BadAgent, and whatever importing its file raises."""
        if name not in self._classes:
            self._classes[name] = self._load(name)
        return self._classes[name]

    def _load(self, name: str) -> type[PhoneAgent]:
        from switchboard.talk.agent import PhoneAgent

        file = self.folder / "agents" / f"{name}.py"
        if not file.is_file():
            return type(name, (PhoneAgent,), {"name": name})
        try:
            module = importlib.import_module(f"agents.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"agents.{name}":
                raise
            raise BadAgent(_found_elsewhere(file)) from None
        if Path(module.__file__ or "").resolve() != file:
            raise BadAgent(_found_elsewhere(file))
        found = [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, PhoneAgent) and value.__module__ == module.__name__
        ]
        named = [value for value in found if value.name == name] or found
        if len(named) != 1:
            many = "no class" if not named else f"{len(named)} classes"
            raise BadAgent(f"agents/{name}.py has {many} that could be the agent: one subclass of PhoneAgent, please")
        return named[0]


def _found_elsewhere(file: Path) -> str:
    """Why Python, asked for the module in `file`, looked in another folder."""
    beside = file.with_name("__init__.py")
    if not beside.is_file():  # then any other package `agents` on Python's path goes before it
        return f"{file} is not found, because its folder is no package: make an empty {beside}"
    return f"{file} is not found: the package `agents` is {sys.modules['agents'].__file__}, from another folder"
