"""The README's five minutes, done as it says: everything that is pasted works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.business import ROOT

BELOW = '[[route]]\nname = "bay area"\n'
FILE_BLOCK = re.compile(r"`([\w./]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf-8")
TRIED = re.findall(r"^(?:uv run )?(?:scripts/demo|switchboard explain) --to .*$", README, re.MULTILINE)
TABLE = "switchboard.toml"


def _paste(clone: Path, name: str, text: str) -> None:
    """A block of the README, where it says; once is enough, in a clone that has had its five minutes."""
    path = clone / name
    if name == TABLE:
        table = path.read_text(encoding="utf-8")
        assert BELOW in table
        text = table if text in table else table.replace(BELOW, f"{text}\n{BELOW}")
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project with what the README adds to it."""
    for folder in ("agents", "prompts", "switchboard"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("agent.py", TABLE):
        shutil.copy2(ROOT / file, tmp_path)
    blocks = FILE_BLOCK.findall(README)
    pasted = [name for name, _ in blocks]
    assert pasted == ["prompts/rentals.md", TABLE, "agents/rentals.py", "prompts/rentals.es.md", TABLE]
    for name, text in blocks:
        _paste(tmp_path, name, text)
    return tmp_path


def run(clone: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def switchboard(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(clone, "from switchboard.cli import main; main()", *arguments)


def test_the_new_rows_hold_and_so_do_the_old_ones(clone: Path) -> None:
    done = switchboard(clone, "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_agent_of_a_prompt_alone_is_one(clone: Path) -> None:
    (clone / "agents/rentals.py").unlink()
    done = switchboard(clone, "check")
    assert (done.returncode, done.stderr) == (0, "")


def _expected(command: list[str]) -> str:
    return "rentals in Spanish" if command[command.index("--to") + 1].endswith("0105") else "rentals"


@pytest.mark.parametrize("command", TRIED)
def test_each_command_to_try_it_reaches_the_new_agent(clone: Path, command: str) -> None:
    words = shlex.split(command.removeprefix("uv run switchboard explain").removeprefix("scripts/demo"))
    # The demonstration's caller, as `explain` takes it: what is said does not route.
    call = words[: words.index("--say")] if "--say" in words else words
    done = switchboard(clone, "explain", *call, "--expect", _expected(words))
    assert done.returncode == 0, done.stderr


def test_the_new_agent_has_its_tool_and_speaks_both_languages(clone: Path) -> None:
    program = (
        "from pathlib import Path; from switchboard.talk.roster import Roster; roster = Roster(Path('.'));"
        "rentals = roster.agent_class('rentals'); assert rentals.rent_bike and rentals.name == 'rentals';"
        "assert [roster.prompts.load('rentals', language).language for language in ('en', 'es')] == ['en', 'es']"
    )
    done = run(clone, program)
    assert done.returncode == 0, done.stderr
