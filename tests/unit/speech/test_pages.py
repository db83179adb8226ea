"""`docs/speech.md`: every example is read, and what it says of faults is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switchboard.cli import app
from switchboard.speech.provider_reading import ProviderKeys
from switchboard.speech.reading import SpeechKeys
from tests.unit.routing.routing_files import DEFAULT, load_text

PAGE = Path("docs/speech.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(toml|toml faulty|toml plugins|console)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "toml"])
def test_every_example_is_read(text: str, tmp_path: Path) -> None:
    assert load_text(tmp_path, text + DEFAULT).profiles()


def test_faults_are_printed_as_the_page_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (faulty,) = [text for kind, text in BLOCKS if kind == "toml faulty"]
    (session,) = [text for kind, text in BLOCKS if kind == "console"]
    (tmp_path / "switchboard.toml").write_text(faulty, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check"])
    assert result.output.splitlines() == session.splitlines()[1:]


@pytest.mark.parametrize("key", [*ProviderKeys.key_names(), *SpeechKeys.key_names()])
def test_no_key_is_missing_from_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE or f"`{key} = " in PAGE
