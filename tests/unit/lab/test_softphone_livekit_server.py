"""Finding livekit-server."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.stage.livekit_server import find_livekit_server


def test_the_one_on_path_comes_before_the_one_of_the_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path, cached = tmp_path / "bin" / "livekit-server", tmp_path / "cached"
    on_path.parent.mkdir()
    for file in (on_path, cached):
        file.touch(0o755)
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert find_livekit_server(cached) == on_path
    monkeypatch.setenv("PATH", "")
    assert find_livekit_server(cached) == cached


def test_without_one_the_error_names_the_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LookupError, match="scripts/setup"):
        find_livekit_server(tmp_path / "none")
