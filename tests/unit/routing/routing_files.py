"""Routing files for tests, written where a test needs them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from switchboard.call.call import Call
from switchboard.call.spec import read_spec
from switchboard.files.source import TableErrors
from switchboard.routing.decision import Answer
from switchboard.routing.table import Table
from switchboard.worker.routing_file import RoutingFile, load_file

AGENTS = ("front_desk", "sales", "support")
DEFAULT = '[default]\nagent = "front_desk"\n'


def be_business(folder: Path, monkeypatch: pytest.MonkeyPatch, agents: Sequence[str] = AGENTS) -> None:
    """Commands are about `folder`, a business with these agents, each a prompt alone."""
    (folder / "prompts").mkdir()
    for name in agents:
        (folder / f"prompts/{name}.md").write_text("Hello.\n---\nYou answer.", encoding="utf-8")
    (folder / "agent.py").touch()
    monkeypatch.chdir(folder)
    for variable in ("DATABASE_URL", "DIRECTORY_URL", "SWITCHBOARD_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])


def load_text(folder: Path, text: str) -> RoutingFile:
    path = folder / "switchboard.toml"
    path.write_text(text, encoding="utf-8")
    return load_file(path, agents=AGENTS)


def routes(*whens: str) -> str:
    """A file of routes r1, r2, … with these conditions, and a default."""
    rows = (
        f'[[route]]\nname = "r{n}"\nwhen = {{ {when} }}\nagent = "support"\n' for n, when in enumerate(whens, start=1)
    )
    return "".join(rows) + DEFAULT


def errors(folder: Path, text: str) -> tuple[str, ...]:
    try:
        load_text(folder, text)
    except TableErrors as error:
        return error.errors
    return ()


def call(**spec: Any) -> Call:
    """A call as a test row has it; `caller` stands for `from`."""
    if "caller" in spec:
        spec["from"] = spec.pop("caller")
    return read_spec(spec, "US")


def answer(table: Table, call: Call) -> Answer:
    """What the table decides for a call that somebody answers."""
    decision = table.decide(call)
    assert isinstance(decision, Answer)
    return decision
