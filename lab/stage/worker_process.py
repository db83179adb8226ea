"""The worker as a process of its own, from start to registered to ended, with nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

_REGISTERS_WITHIN = 60.0  # s, on a busy machine
_STOPS_WITHIN = 8.0  # s
_LOOKS_EVERY = 0.05  # s
_TAIL = 15  # lines of the log that are shown


class WorkerFailed(RuntimeError):
    """The worker did not come up. The message has the end of its log."""


class WorkerProcess:
    """`switchboard start` with `environment`, registered for as long as the `async with` lasts.

    `log` is the file that it writes to. Raises WorkerFailed when it ends, or is not registered in time.
    """

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._port = _free_port()
        self._environment = {
            **os.environ,
            **environment,
            "SWITCHBOARD_HEALTH_PORT": str(self._port),
            "SWITCHBOARD_HTTP_PORT": "0",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> WorkerProcess:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            # In a session of its own, so that Ctrl-C in the terminal ends it in our order, not all at once.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from switchboard.cli import main; main()",
                "start",
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            await self._registered()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the worker and every process of its calls, and wait until they are gone."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _STOPS_WITHIN)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def _registered(self) -> None:
        assert self._process is not None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _REGISTERS_WITHIN
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while self._process.returncode is None and loop.time() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self._port}/ready")).status_code == 200:
                        return
                await asyncio.sleep(_LOOKS_EVERY)
        ended = self._process.returncode
        what = (
            f"ended with exit code {ended}" if ended is not None else f"did not register in {_REGISTERS_WITHIN:.0f} s"
        )
        raise WorkerFailed(f"the worker {what}. The end of its log, {self.log}:\n{tail(self.log)}")


def tail(log: Path) -> str:
    """The last lines of a log, without what is for machines; empty where there is none."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(_readable(line) for line in lines[-_TAIL:])


def _readable(line: str) -> str:
    try:
        record: dict[str, object] = json.loads(line)
        text = f"{record['level']:>8}  {record['message']}"
    except (ValueError, TypeError, KeyError):
        return line
    return f"{text}\n{record['exc_info']}" if "exc_info" in record else text


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
