"""The README's five minutes, to the letter: what it has one paste and type, in its order, in a copy of the project."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from os import environ
from pathlib import Path

from tests.business import ROOT

_TABLE = "switchboard.toml"
_BELOW = '[[route]]\nname = "bay area"\n'
# What a clone does not have, and what a test of a copy must not use of this one.
_NOT_IN_A_CLONE = (".git", ".venv", ".cache", "__pycache__", "recordings", "spool", "*.sqlite3*", ".*_cache", ".env")
_BLOCK = re.compile(r"(?:`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def copy_of_the_project(folder: Path) -> Path:
    """As a clone has it."""
    return Path(shutil.copytree(ROOT, folder / "clone", ignore=shutil.ignore_patterns(*_NOT_IN_A_CLONE)))


def steps() -> Iterator[tuple[str, str]]:
    """What the section has one do: (file, text) to paste, and ("", command) to type."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Five minutes")[2].partition("\n## ")[0]
    for file, language, text in _BLOCK.findall(section):
        if file:
            yield file, text
        elif language == "toml":
            yield _TABLE, text
        else:
            yield from (("", line.partition("#")[0].strip()) for line in text.splitlines())


def paste(clone: Path, name: str, text: str) -> None:
    """A block of the README, where it says; once is enough, in a clone that has had its five minutes."""
    path = clone / name
    if name == _TABLE:
        table = path.read_text(encoding="utf-8")
        assert _BELOW in table
        text = table if text in table else table.replace(_BELOW, f"{text}\n{_BELOW}")
    path.write_text(text, encoding="utf-8")


def switchboard(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in the copy: its product, its agents, and nothing of this machine's settings."""
    foreign = ("DATABASE_URL", "DIRECTORY_URL", "SWITCHBOARD_CONFIG")
    variables = {key: value for key, value in environ.items() if key not in foreign}
    return subprocess.run(
        [sys.executable, "-c", "from switchboard.cli import main; main()", *arguments],
        cwd=clone,
        env={**variables, "PYTHONPATH": str(clone), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def words_of(command: str) -> list[str]:
    """What is given to `switchboard` by a line of the README."""
    words = shlex.split(command)
    if words[0] == "scripts/demo":
        return ["demo", *words[1:]]
    assert words[:3] == ["uv", "run", "switchboard"], command
    return words[3:]
