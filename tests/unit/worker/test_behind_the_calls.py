"""What a worker does beside its calls: where it fails, the log says so at once."""

from __future__ import annotations

import pytest

from switchboard.worker.serving import tell_when_it_fails


async def look_for_calls() -> None:
    raise KeyError("room")


async def test_what_fails_behind_the_calls_is_told_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    await tell_when_it_fails(look_for_calls())
    assert "look_for_calls has stopped: restart the worker" in caplog.text
    assert "KeyError" in caplog.text
