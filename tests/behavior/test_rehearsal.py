"""What the fork server does before the first call."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from switchboard.worker import rehearsal

ROOT = Path(__file__).resolve().parents[2]
_PRELOAD = """
import os, sys, threading
import switchboard.worker.preload
assert sys.modules["__main__"] is sys.modules["agent"]
files = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
sockets = [file for file in files if os.path.islink(file) and os.readlink(file).startswith("socket")]
print(threading.active_count(), len(sockets))
"""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def test_the_fork_server_is_left_with_one_thread_no_socket_and_nothing_said(tmp_path: Path) -> None:
    known = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT)}
    keys = {
        "DEEPGRAM_API_KEY": "any",
        "OPENAI_API_KEY": "any",
        "SWITCHBOARD_CONFIG": str(ROOT / "switchboard.toml"),
        "SWITCHBOARD_BUSINESS": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PRELOAD], cwd=tmp_path, env=known | keys, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1 0\n", "")


def test_a_rehearsal_hears_thinks_and_speaks(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    asked: set[str] = set()

    def noting(handler: _Handler) -> _Handler:
        async def note(request: web.Request) -> web.StreamResponse:
            asked.add(request.path)
            return await handler(request)

        return note

    for name in ("_listen", "_list_models", "_complete", "_speak"):
        monkeypatch.setattr(rehearsal, name, noting(getattr(rehearsal, name)))
    rehearsal.rehearse()
    assert asked == {"/v1/listen", "/v1/models", "/v1/chat/completions", "/v1/audio/speech"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def _refused() -> None:
    raise OSError("no loopback here")


@pytest.mark.parametrize(
    ("fault", "told"), [(_refused, "no loopback here"), (lambda: asyncio.sleep(60), "TimeoutError")]
)
def test_a_rehearsal_that_fails_or_hangs_is_told_and_costs_nothing_else(
    fault: Callable[[], Awaitable[None]], told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rehearsal, "_converse", fault)
    monkeypatch.setattr(rehearsal, "_WITHIN_S", 0.05)
    rehearsal.rehearse()
    assert told in caplog.text
    assert "the rehearsal failed" in caplog.text


def test_where_everything_goes_through_a_proxy_nothing_is_rehearsed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setattr(rehearsal, "_converse", _refused)
    rehearsal.rehearse()
    assert not caplog.records
