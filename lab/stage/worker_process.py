"""A worker as a process of its own, from start to ready to ended, with nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from lab.stage.ports import free_port

SWITCHBOARD = (sys.executable, "-c", "from switchboard.cli import main; main()", "start")

_READY_WITHIN = 60.0  # s, on a busy machine
_ASKS_EVERY = 0.05  # s
_READS_EVERY = 0.005  # s: the time of a start is read off the log
_TAIL = 15  # lines of the log that are shown


class WorkerFailed(RuntimeError):
    """A worker did not come up. The message has the end of its log."""


class WorkerProcess:
    """`command` with `environment` and no other variables, ready for calls for as long as the `async with` lasts.

    `log` is the file that it writes to, anew with each start. It is ready when `/ready` says so (it gets ports of its
    own), or with `ready_line` when that is in its log. Entering raises WorkerFailed when it ends or is not ready in
    time. `started_in` is how long that took, in seconds; `pid` the topmost process. With `takes_lines` its stdin is
    open for `tell`.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        *,
        command: Sequence[str] = SWITCHBOARD,
        folder: Path | None = None,
        name: str = "the worker",
        ready_line: str = "",
        stops_within: float = 8.0,
        takes_lines: bool = False,
    ) -> None:
        self.log = log
        self.name = name
        self.pid = 0
        self.started_in = 0.0
        self._port = free_port()
        self.ready_url = f"http://127.0.0.1:{self._port}/ready"
        self._environment = {
            **environment,
            "SWITCHBOARD_HEALTH_PORT": str(self._port),
            "SWITCHBOARD_HTTP_PORT": "0",
        }
        self._command = command
        self._folder = folder
        self._ready_line = ready_line
        self._stops_within = stops_within
        self._takes_lines = takes_lines
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        started = time.perf_counter()
        await self.start()
        try:
            await self._ready(started + _READY_WITHIN)
        except BaseException:
            await self.stop()
            raise
        self.started_in = time.perf_counter() - started
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the process, and wait for nothing."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            # In a session of its own, so that Ctrl-C in the terminal ends it in our order, not all at once.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE if self._takes_lines else asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def terminate(self) -> None:
        """SIGTERM, as an orchestrator sends it."""
        self._started().terminate()

    async def exit_code(self, within: float) -> int:
        """Wait until it has ended by itself. Raises TimeoutError after `within` seconds."""
        return await asyncio.wait_for(self._started().wait(), within)

    async def stop(self) -> bool:
        """End the worker and every process of its calls, and wait until they are gone; whether SIGTERM was enough."""
        process, self._process = self._process, None
        if process is None:
            return True
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._stops_within)
        obeyed = process.returncode is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return obeyed

    async def tell(self, line: str) -> None:
        """Write `line` to its stdin."""
        stdin = self._started().stdin
        assert stdin is not None
        stdin.write(line.encode() + b"\n")
        await stdin.drain()

    def read_log(self) -> str:
        """All that it has written since it was started."""
        return _read(self.log)

    def records(self) -> list[dict[str, Any]]:
        """The records of its log, oldest first; a line that is none as {"message": the line, "level": "RAW"}."""
        return [_record(line) for line in self.read_log().splitlines()]

    def _started(self) -> asyncio.subprocess.Process:
        assert self._process is not None, f"{self.name} is not running"
        return self._process

    async def _ready(self, deadline: float) -> None:
        process = self._started()
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while process.returncode is None and time.perf_counter() < deadline:
                if self._ready_line:
                    if self._ready_line in self.read_log():
                        return
                    await asyncio.sleep(_READS_EVERY)
                    continue
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(self.ready_url)).is_success:
                        return
                await asyncio.sleep(_ASKS_EVERY)
        ended = process.returncode
        what = f"ended with exit code {ended}" if ended is not None else f"was not ready in {_READY_WITHIN:.0f} s"
        raise WorkerFailed(f"{self.name} {what}. The end of its log, {self.log}:\n{tail(self.log)}")


def tail(log: Path) -> str:
    """The last lines of a log, without what is for machines; empty where there is none."""
    return "\n".join(_readable(_record(line)) for line in _read(log).splitlines()[-_TAIL:])


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _record(line: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
        return {**record, "message": record["message"], "level": record["level"]}
    except (ValueError, TypeError, KeyError):
        return {"message": line, "level": "RAW"}


def _readable(record: dict[str, Any]) -> str:
    if record["level"] == "RAW":
        return str(record["message"])
    text = f"{record['level']:>8}  {record['message']}"
    return f"{text}\n{record['exc_info']}" if "exc_info" in record else text
