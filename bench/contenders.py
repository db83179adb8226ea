"""Who is measured: their processes, started alike, and the way that a call reaches each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livekit import api

from bench.caller import LiveKit
from bench.processes import cpu_seconds, pss_bytes

ROOT = Path(__file__).resolve().parents[1]
PIPECAT = ROOT / "bench" / "pipecat"

_STARTS_WITHIN = 60.0  # s
_DRAINS_WITHIN = 3.0  # s; livekit-agents' own default is an hour
_TAIL = 2000  # characters


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to answer calls: its command, what it prints when it is ready, whether LiveKit dispatches to it."""

    name: str
    command: tuple[str, ...]
    ready: str
    dispatched: bool = True
    converses: bool = True


_PYTHON = sys.executable
PLAIN = Contender("plain", (_PYTHON, "-m", "livekit.agents", "start", "bench/plain.py"), "registered worker")
FLOOR = Contender(
    "floor", (_PYTHON, "-m", "livekit.agents", "start", "bench/floor.py"), "registered worker", converses=False
)
OURS = Contender("ours", (_PYTHON, "agent.py", "start"), "registered worker")
PIPECAT_BOT = Contender(
    "pipecat", (str(PIPECAT / ".venv/bin/python"), str(PIPECAT / "pool.py")), "ready", dispatched=False
)
ALL = (OURS, PLAIN, PIPECAT_BOT, FLOOR)


class ContenderFailed(RuntimeError):
    """A contender that did not come up; the message ends with its log."""


class Running:
    """A contender's processes. `root` is the pid of the topmost; `started_in` how long it took to be ready, in s."""

    def __init__(self, contender: Contender, process: asyncio.subprocess.Process, log: Path, livekit: LiveKit) -> None:
        self.contender = contender
        self.root = process.pid
        self.started_in = 0.0
        self._process = process
        self._log = log
        self._livekit = livekit

    @property
    def name(self) -> str:
        return self.contender.name

    @property
    def agent_name(self) -> str | None:
        """What a room asks for to get this contender; None where it is told by us."""
        return self.name if self.contender.dispatched else None

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.root)

    def pss_bytes(self) -> int:
        return pss_bytes(self.root)

    def takes_calls(self) -> bool:
        """Whether it has not declared itself full, which livekit-agents does when the processors are busy."""
        log = self._read_log()
        return log.rfind("marking as unavailable") <= log.rfind("marking as available")

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The JSON records of its log with this message, oldest first."""
        lines = (line for line in self._read_log().splitlines() if f'"{message}"' in line)
        return [record for record in map(json.loads, lines) if record.get("message") == message]

    async def tell(self, room: str) -> None:
        """Send a contender that LiveKit does not dispatch to into `room`, as a dispatcher of its own would."""
        if self.contender.dispatched:
            return
        grants = api.VideoGrants(room_join=True, room=room)
        token = api.AccessToken(self._livekit.key, self._livekit.secret).with_identity(f"{self.name}-bot")
        call = {"url": self._livekit.url, "token": token.with_grants(grants).to_jwt(), "room": room}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(call).encode() + b"\n")
        await self._process.stdin.drain()

    async def wait_ready(self, started: float) -> None:
        """Wait for the line that says so. Raises ContenderFailed with the end of the log when it does not come."""
        while self.contender.ready not in self._read_log():
            if self._process.returncode is not None or time.perf_counter() - started > _STARTS_WITHIN:
                await self.stop()
                raise ContenderFailed(f"{self.name} did not become ready; its log ends:\n{self._read_log()[-_TAIL:]}")
            await asyncio.sleep(0.005)
        self.started_in = time.perf_counter() - started

    async def stop(self) -> None:
        """Ask it to end, then end whatever of its group is left."""
        if self._process.returncode is None:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _DRAINS_WITHIN)
        with suppress(ProcessLookupError):
            os.killpg(self.root, signal.SIGKILL)
        await self._process.wait()

    def _read_log(self) -> str:
        return self._log.read_text(errors="replace")


async def start(contender: Contender, livekit: LiveKit, providers: Mapping[str, str], folder: Path) -> Running:
    """Start `contender` and wait until it can take calls. `folder` holds its log and its database."""
    environment = {
        **os.environ,
        **providers,
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.key,
        "LIVEKIT_API_SECRET": livekit.secret,
        "LIVEKIT_AGENT_NAME": contender.name,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / contender.name}.sqlite3",
        "PYTHONUNBUFFERED": "1",
    }
    path = folder / f"{contender.name}.log"
    started = time.perf_counter()
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *contender.command,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    running = Running(contender, process, path, livekit)
    await running.wait_ready(started)
    return running
