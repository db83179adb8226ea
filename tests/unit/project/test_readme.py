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

ROOT = Path(__file__).resolve().parents[3]
BELOW = '[[route]]\nname = "bay area"\n'
FILE_BLOCK = re.compile(r"`([\w./]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project with what the README adds to it."""
    for folder in ("agents", "prompts", "switchboard"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("agent.py", "switchboard.toml"):
        shutil.copy2(ROOT / file, tmp_path)
    blocks = dict(FILE_BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert set(blocks) == {"agents/rentals.py", "prompts/rentals.md", "switchboard.toml"}
    for name, text in blocks.items():
        path = tmp_path / name
        if path.exists():
            text = path.read_text(encoding="utf-8").replace(BELOW, f"{text}\n{BELOW}")
        path.write_text(text, encoding="utf-8")
    return tmp_path


def switchboard(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from switchboard.cli import main; main()", *arguments],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_the_new_agent_route_and_test_row_hold(clone: Path) -> None:
    done = switchboard(clone, "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_to_try_it_find_the_new_route(clone: Path) -> None:
    commands = re.findall(r"^uv run switchboard (explain .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands
    for command in commands:
        done = switchboard(clone, *shlex.split(command), "--expect", "rentals")
        assert done.returncode == 0, done.stderr


def test_the_new_agent_has_its_tool(clone: Path) -> None:
    program = (
        "from pathlib import Path; from switchboard.talk.roster import Roster; "
        "rentals = Roster(Path('.')).agent_class('rentals'); assert rentals.rent_bike and rentals.name == 'rentals'"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=clone, env={**os.environ, "PYTHONPATH": str(clone)}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
