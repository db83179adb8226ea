"""`switchboard offline` as a process of its own."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp
import pytest

_COMMAND = (sys.executable, "-c", "from switchboard.cli import main; main()", "offline")


async def _started(*options: str) -> Process:
    return await asyncio.create_subprocess_exec(*_COMMAND, *options, stdout=PIPE, stderr=PIPE)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_how_to_use_it_serves_and_stops_cleanly(end: signal.Signals) -> None:
    process = await _started("--llm-delay", "0.1", "--phrase", "Is my bike ready?")
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(30):
        while "OPENAI_BASE_URL" not in text:
            text += (await process.stdout.readline()).decode()
    found = re.search(r"DEEPGRAM_BASE_URL=(http://127\.0\.0\.1:\d+)$", text, re.MULTILINE)
    assert found
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as session,
        session.get(f"{found[1]}/v1/models") as answer,
    ):
        assert answer.status == 200
    process.send_signal(end)
    _, complaints = await process.communicate()
    assert process.returncode == 0
    assert b"stand-ins" in complaints
    assert b"Traceback" not in complaints


async def test_a_port_that_is_taken_is_one_line_and_exit_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await _started("--port", str(port))
        _, complaints = await process.communicate()
    assert process.returncode == 2
    [line] = complaints.decode().strip().splitlines()
    assert str(port) in line
    assert "--port" in line


@pytest.mark.parametrize("options", [["--tts-delay", "-1"], ["--tts-delay", "nan"], ["--port", "70000"], ["--phrase"]])
async def test_wrong_options_are_exit_2_without_a_traceback(options: list[str]) -> None:
    process = await _started(*options)
    _, complaints = await process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in complaints
