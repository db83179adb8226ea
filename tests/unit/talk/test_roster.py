"""Agents found by convention: a prompt, and a class where there is one."""

from __future__ import annotations

import importlib
import sys
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


def test_a_business_without_classes_gets_none_of_another_business(tmp_path: Path) -> None:
    assert "Support" in vars(importlib.import_module("agents.support"))
    support = _business(tmp_path, {"support.md": "Help."}).agent_class("support")
    assert support.__mro__[1] is PhoneAgent


@pytest.mark.parametrize("name", ["support", "rentals"])
def test_a_folder_that_is_no_package_is_said_to_need_a_file(tmp_path: Path, name: str) -> None:
    roster = _business(tmp_path, {f"{name}.md": "Help."}, {f"{name}.py": ""})
    with pytest.raises(BadAgent, match=r"make an empty .*/agents/__init__\.py"):
        roster.agent_class(name)


def test_a_module_that_an_agent_lacks_is_no_fault_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = _business(tmp_path, {"billing.md": "Help."}, {"billing.py": "import no_such_module\n", "__init__.py": ""})
    for module in [name for name in sys.modules if name.partition(".")[0] == "agents"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        roster.agent_class("billing")


def test_a_missing_prompt_is_named_with_what_exists(tmp_path: Path) -> None:
    roster = _business(tmp_path, {"sales.md": "Sell."})
    with pytest.raises(MissingPrompt, match=r"prompts/nobody\.md \(have: sales\.md\)"):
        roster.prompts.load("nobody", "en")
