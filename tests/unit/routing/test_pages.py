"""`docs/routing.md`: every example is run, and no key is missing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switchboard.call import spec as call_spec
from switchboard.cli import app
from switchboard.cli.output import console
from switchboard.routing import when
from switchboard.routing.placeholders import PLACEHOLDERS
from switchboard.routing.rows import RouteRow
from switchboard.speech.reading import SpeechKeys
from switchboard.talk.options import AgentKeys
from switchboard.worker.options import Overflow, WorkerOptions
from switchboard.worker.routing_file import Sections
from tests.unit.routing.routing_files import AGENTS, DEFAULT, be_business, load_text

PAGE = Path("docs/routing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(toml|toml faulty|console)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [text for kind, text in BLOCKS if kind == "toml"]
SESSIONS = [
    (BLOCKS[place - 1][1], text) for place, (kind, text) in enumerate(BLOCKS) if kind == "console"
]  # each of the file shown before it


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_loads_and_its_rows_pass(text: str, tmp_path: Path) -> None:
    assert load_text(tmp_path, text if "[default]" in text else text + DEFAULT).table.routes


@pytest.mark.parametrize(("file", "session"), SESSIONS)
def test_every_session_prints_what_the_page_shows(
    file: str, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "switchboard.toml").write_text(file, encoding="utf-8")
    be_business(tmp_path, monkeypatch, [name for name in AGENTS if name in file + session])
    monkeypatch.setattr(console, "width", 100)  # it was made with the width of whoever imported it first
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        result = CliRunner(env={"COLUMNS": "100"}).invoke(app, shlex.split(command)[1:])
        assert [line.rstrip() for line in result.output.splitlines()] == expected.rstrip("\n").splitlines()


KEYS = {
    *when.KEYS,
    *when.LATER,
    *RouteRow.key_names(),
    *RouteRow.refused,
    *SpeechKeys.key_names(),
    *call_spec.KEYS,
    *WorkerOptions.key_names(),
    *Overflow.key_names(),
    *AgentKeys.key_names(),
}


def test_no_key_is_missing_from_the_page() -> None:
    missing = [key for key in KEYS if f"`{key}`" not in PAGE]
    missing += [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in PAGE]
    missing += [name for name in Sections.key_names() if f"[{name}" not in PAGE]
    assert not missing


def test_every_condition_and_action_has_an_example() -> None:
    examples = "".join(EXAMPLES)
    missing = [key for key in when.KEYS if not re.search(rf"[{{,] {key}\b", examples)]
    keys = (*RouteRow.key_names(), *SpeechKeys.key_names(), *AgentKeys.key_names())
    missing += [key for key in keys if not re.search(rf"^{key} = ", examples, re.MULTILINE)]
    assert not missing
