"""Finding livekit-sip."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.stage.sip_bridge import find_sip_bridge


def test_the_one_that_is_named_comes_before_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path, named = tmp_path / "livekit-sip", tmp_path / "mine"
    for file in (on_path, named):
        file.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LIVEKIT_SIP", str(named))
    assert find_sip_bridge() == named
    monkeypatch.delenv("LIVEKIT_SIP")
    assert find_sip_bridge() == on_path


def test_without_one_the_error_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LIVEKIT_SIP", raising=False)
    with pytest.raises(LookupError, match=r"docs/go-live\.md"):
        find_sip_bridge()
    monkeypatch.setenv("LIVEKIT_SIP", "/nowhere/livekit-sip")
    with pytest.raises(LookupError, match="LIVEKIT_SIP is /nowhere/livekit-sip"):
        find_sip_bridge()
