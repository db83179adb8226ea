"""The README's five minutes, done as it says: everything that is pasted works, and every test of the business holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.business import ROOT
from tests.five_minutes import copy_of_the_project, paste, steps, switchboard, words_of

EVERY_TEST = "scripts/test --quick"
TYPED = [command for file, command in steps() if not file and command != EVERY_TEST]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with what the README adds to it."""
    clone = copy_of_the_project(tmp_path_factory.mktemp("project"))
    for name, text in steps():
        if name:
            paste(clone, name, text)
    return clone


def _tests_of_the_business() -> list[str]:
    """Those that have to do with the agents and the table that are there."""
    files = [*(ROOT / "tests/unit").rglob("test_*.py"), *(ROOT / "tests/behavior").glob("test_*.py")]
    about = re.compile(r"^from tests.business import .*\b(AGENTS|ROSTER)\b", re.MULTILINE)
    return [str(file.relative_to(ROOT)) for file in files if about.search(file.read_text(encoding="utf-8"))]


def test_each_step_works_when_it_is_read_and_no_later(tmp_path: Path) -> None:
    clone = copy_of_the_project(tmp_path)
    for name, text in steps():
        if name:
            paste(clone, name, text)
        elif text.startswith("uv run"):
            done = switchboard(clone, *words_of(text))
            assert (done.returncode, done.stderr) == (0, ""), text


def test_the_page_has_one_paste_a_prompt_a_tool_and_a_second_language() -> None:
    table = "switchboard.toml"
    pasted = ["prompts/rentals.md", table, "agents/rentals.py", "prompts/rentals.es.md", table]
    assert [name for name, _ in steps() if name] == pasted
    assert [command for name, command in steps() if not name][-1] == EVERY_TEST


@pytest.mark.parametrize("command", [command for command in TYPED if "--to" in command])
def test_each_command_to_try_it_reaches_the_new_agent(clone: Path, command: str) -> None:
    words = words_of(command)[1:]
    # The demonstration's caller, as `explain` takes it: what is said does not route.
    call = words[: words.index("--say")] if "--say" in words else words
    expected = "rentals in Spanish" if call[call.index("--to") + 1].endswith("0105") else "rentals"
    done = switchboard(clone, "explain", *call, "--expect", expected)
    assert done.returncode == 0, done.stderr


def test_the_tests_of_the_business_hold_in_a_clone_that_has_had_its_five_minutes(clone: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_tests_of_the_business()],
        cwd=clone,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
