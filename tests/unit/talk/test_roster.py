"""Agents found by convention: a prompt, and a class where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.talk.agent import PhoneAgent
from switchboard.talk.prompts import MissingPrompt
from switchboard.talk.roster import BadAgent, Roster
from tests.business import ROOT, ROSTER


def _business(folder: Path, prompts: dict[str, str], agents: dict[str, str] | None = None) -> Roster:
    for name, files in (("prompts", prompts), ("agents", agents or {})):
        (folder / name).mkdir()
        for file, text in files.items():
            (folder / name / file).write_text(text)
    return Roster(folder)


def test_an_agent_is_a_prompt_and_a_language_is_no_agent(tmp_path: Path) -> None:
    roster = _business(tmp_path, {"rentals.md": "Lend bikes.", "rentals.es.md": "Alquila.", "sales.md": "Sell."})
    assert roster.names() == ("rentals", "sales")


def test_an_agent_that_only_talks_needs_no_class(tmp_path: Path) -> None:
    roster = _business(tmp_path, {"rentals.md": "Lend bikes."})
    rentals = roster.agent_class("rentals")
    assert issubclass(rentals, PhoneAgent)
    assert rentals.name == "rentals"
    assert roster.agent_class("rentals") is rentals


def test_a_class_is_found_by_its_file_and_called_by_it() -> None:
    support = ROSTER.agent_class("support")
    assert (support.__name__, support.name) == ("Support", "support")


def test_a_package_of_another_business_is_told_apart(tmp_path: Path) -> None:
    roster = _business(tmp_path, {"support.md": "Help."}, {"support.py": "", "__init__.py": ""})
    with pytest.raises(BadAgent, match=str(ROOT)):
        roster.agent_class("support")


def test_a_missing_prompt_is_named_with_what_exists(tmp_path: Path) -> None:
    roster = _business(tmp_path, {"sales.md": "Sell."})
    with pytest.raises(MissingPrompt, match=r"prompts/nobody\.md \(have: sales\.md\)"):
        roster.prompts.load("nobody", "en")
