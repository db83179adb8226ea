"""A business of one's own, made by one command: it passes its tests and answers a call as it is."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switchboard.cli import app, new

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


def _paste_what_the_readme_adds(shop: Path) -> None:
    """Its tool and its second agent, each block where the page says."""
    page = (shop / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"`([\w./]+)`:\n\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in blocks] == ["agents/reception.py", "prompts/sales.md", "switchboard.toml"]
    for name, text in blocks:
        with (shop / name).open("a", encoding="utf-8") as file:
            file.write(text if file.tell() == 0 else f"\n{text}")


def test_what_it_makes_passes_its_own_tests_and_answers_a_call(tmp_path: Path) -> None:
    made = _new(tmp_path, "shop", "--name", "Ada's Flowers")
    assert made.returncode == 0, made.stderr
    shop = tmp_path / "shop"
    tested = _run(shop, shop / "scripts/test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "3 passed" in tested.stdout
    shown = _run(shop, shop / "scripts/demo")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "Ada's Flowers" in shown.stdout
    assert "from nine to five" in shown.stdout
    assert "Harbor Bikes" not in shown.stdout
    assert {path.name for path in shop.iterdir()} >= {"agent.py", "Dockerfile", ".env.example", "README.md"}
    _paste_what_the_readme_adds(shop)
    tested = _run(shop, shop / "scripts/test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed" in tested.stdout
    assert tested.stderr == "", "a warning of check"


def test_it_gets_the_versions_that_switchboard_was_tried_with(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    assert _new(tmp_path, "shop").returncode == 0
    uv = Path(sys.prefix).parent / ".cache/bin/uv"
    locked = _run(shop, uv if uv.is_file() else "uv", "lock")
    assert locked.returncode == 0, locked.stderr
    ours, theirs = (
        {package["name"]: package.get("version") for package in tomllib.loads(lock.read_text())["package"]}
        for lock in (ROOT / "uv.lock", shop / "uv.lock")
    )
    assert {name: version for name, version in theirs.items() if ours.get(name) != version} == {"shop": "0.1.0"}


def test_an_empty_folder_that_one_stands_in_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "\u00c9t\u00e9 & S\u00f6hne"
    folder.mkdir()
    inode = folder.stat().st_ino
    assert _new(folder, ".").returncode == 0
    assert folder.stat().st_ino == inode
    assert (folder / "switchboard.toml").read_text().count('agent_name = "ete-sohne"') == 1
    assert os.access(folder / "scripts/demo", os.X_OK)


def test_a_folder_that_has_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = _new(tmp_path, ".")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"{tmp_path} is not empty: name a folder that does not exist yet\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_where_nothing_can_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder, words in (("file/shop", "cannot be written"), ("file", "is a file"), ("x" * 300, "too long")):
        refused = CliRunner().invoke(app, ["new", str(tmp_path / folder)])
        assert refused.exit_code == 2
        assert words in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(new, "_write_schema", full)
    refused = CliRunner().invoke(app, ["new", str(tmp_path / "deep/er/shop")])
    assert (refused.exit_code, "No space left on device" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_nothing_is_refused(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["new", str(tmp_path / "shop"), "--name", "  "])
    assert (refused.exit_code, list(tmp_path.iterdir())) == (2, [])


def test_without_a_checkout_the_demonstration_says_what_is_missing(tmp_path: Path) -> None:
    assert _new(tmp_path, "shop").returncode == 0
    shop = tmp_path / "shop"
    project = (shop / "pyproject.toml").read_text().replace(f'path = "{ROOT}"', 'path = "/elsewhere"')
    (shop / "pyproject.toml").write_text(project)
    shown = _run(shop, shop / "scripts/demo")
    assert (shown.returncode, shown.stdout, shown.stderr.count("\n")) == (1, "", 1)
    assert "needs a checkout of Switchboard" in shown.stderr


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
