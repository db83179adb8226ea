"""The worker as users run it: a process of its own, with an environment, a table and a log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN = 60.0  # s, on a busy machine
_STOPS_WITHIN = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Worker:
    """`agent.py start` with a table of its own, ready for calls within the `async with`.

    `environment` is all that the process gets besides PATH and HOME. Leaving ends it with SIGTERM.
    """

    def __init__(self, folder: Path, table: str | Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.log_file = folder / "worker.log"
        self._table = table
        self._environment = environment
        self._port = free_port()
        self.ready_url = f"http://127.0.0.1:{self._port}/ready"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Worker:
        await self.start()
        try:
            await self.ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        table = self._table
        if isinstance(table, str):
            (self.folder / "switchboard.toml").write_text(table)
            table = self.folder / "switchboard.toml"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "SWITCHBOARD_CONFIG": str(table),
            "SWITCHBOARD_HTTP_PORT": "0",
            "SWITCHBOARD_HEALTH_PORT": str(self._port),
            "SWITCHBOARD_CACHE": str(self.folder / "cache"),
            "SWITCHBOARD_SPOOL": str(self.folder / "spool"),
            "DATABASE_URL": f"sqlite:///{self.folder / 'switchboard.sqlite3'}",
            **self._environment,
        }
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(ROOT / "agent.py"),
                "start",
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Wait until the worker is registered. Raises AssertionError, with its log, when it is not."""
        try:
            async with asyncio.timeout(_READY_WITHIN), httpx.AsyncClient() as client:
                while True:
                    if self._process is not None and self._process.returncode is not None:
                        break
                    try:
                        answer = await client.get(self.ready_url)
                    except httpx.TransportError:
                        answer = None
                    if answer is not None and answer.is_success:
                        return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass
        raise AssertionError(f"the worker did not get ready; its log:\n{self.log_file.read_text()[-4000:]}")

    async def exit_code(self, within: float = _STOPS_WITHIN) -> int:
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), within)

    def terminate(self) -> None:
        """SIGTERM, as an orchestrator sends it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOPS_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError("the worker did not stop on SIGTERM") from None

    def log(self) -> list[dict[str, Any]]:
        """The records of the log, oldest first; what is no JSON as {"message": the line}."""
        records: list[dict[str, Any]] = []
        for line in self.log_file.read_text().splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                records.append({"message": line, "level": "RAW"})
        return records

    async def logged(self, message: str, within: float = 20.0, **fields: Any) -> dict[str, Any]:
        """Wait for a record with this message and these fields. Raises AssertionError, with the log."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for record in self.log():
                        if record["message"] == message and all(record.get(k) == v for k, v in fields.items()):
                            return record
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log = self.log_file.read_text()[-4000:]
            raise AssertionError(f"{message!r} {fields} is not in the log:\n{log}") from None

    def traceback(self) -> str | None:
        """The first trace-back in the log, None where there is none."""
        for record in self.log():
            if "exc_info" in record or "Traceback" in str(record["message"]):
                return json.dumps(record)
        return None
