"""What the command line says to wrong use."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from switchboard.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dial"], "switchboard dial: Missing argument"),
        (["cal"], "switchboard: No such command 'cal'. Did you mean"),
        (["calls", "--last", "x"], "switchboard calls: Invalid value for '--last'"),
        (["calls", "--first", "1"], "switchboard calls: No such option"),
    ],
)
def test_wrong_use_gets_one_line_and_exit_code_2(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["switchboard", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.startswith(said)
    assert len(error.strip().splitlines()) == 1
    assert "--help" in error


def test_help_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["switchboard", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "explain" in capsys.readouterr().out


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["switchboard", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"switchboard {version('switchboard')}\n"
