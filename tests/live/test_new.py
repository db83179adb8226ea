"""A business of one's own, made by one command: it passes its tests and answers a call as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from switchboard.cli import new

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(new.__file__).parent / "new_business"
WITHIN = 300  # s: it has packages of its own


def _run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    # As a terminal has it: nothing of the environment that these tests run in.
    foreign = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in foreign}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=WITHIN)


def _new(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from switchboard.cli import main; main()"
    return _run(folder, sys.executable, "-c", program, "new", *arguments)


def test_what_it_makes_passes_its_own_tests_and_answers_a_call(tmp_path: Path) -> None:
    made = _new(tmp_path, "shop", "--name", "Ada's Flowers")
    assert made.returncode == 0, made.stderr
    shop = tmp_path / "shop"
    tested = _run(shop, shop / "scripts/test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "2 passed" in tested.stdout
    shown = _run(shop, shop / "scripts/demo")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "Ada's Flowers" in shown.stdout
    assert "from nine to five" in shown.stdout
    assert "Harbor Bikes" not in shown.stdout
    assert {path.name for path in shop.iterdir()} >= {"agent.py", "Dockerfile", ".env.example", "README.md"}


def test_a_folder_that_has_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = _new(tmp_path, ".")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"{tmp_path} is not empty: name a folder that does not exist yet\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_where_nothing_can_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = _new(tmp_path, "file/shop")
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_its_way_of_a_call_is_the_examples() -> None:
    ours = (ROOT / "agent.py").read_text(encoding="utf-8")
    theirs = (TEMPLATES / "agent.py.txt").read_text(encoding="utf-8")
    mine = ours.replace("from agents.harbor_bikes import open_business\n", "").replace(
        "business=open_business(),", "business=None,  # what your agents' tools work with: ctx.userdata.business"
    )
    assert theirs == mine, "agent.py has changed: make switchboard/cli/new_business/agent.py.txt the same"


@pytest.mark.parametrize("file", ["agent.py", "scripts/demo", "pyproject.toml"])
def test_no_file_of_it_names_a_place_of_ours(file: str) -> None:
    text = (TEMPLATES / f"{file}.txt").read_text(encoding="utf-8")
    assert str(ROOT) not in text
