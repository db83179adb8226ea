"""The worker as users run it, with what tests ask of it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.stage.cache import own_cache
from lab.stage.worker_process import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]
_STOPS_WITHIN = 30.0  # s, on a busy machine


class Worker(WorkerProcess):
    """`agent.py start` of the business in that folder, with a table of its own, a path or its text.

    `environment` is all that the process gets besides PATH and HOME. Leaving ends it with SIGTERM.
    """

    def __init__(self, folder: Path, table: str | Path, environment: Mapping[str, str], business: Path = ROOT) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(table, str):
            (folder / "switchboard.toml").write_text(table)
            table = folder / "switchboard.toml"
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "SWITCHBOARD_CONFIG": str(table),
            "SWITCHBOARD_CACHE": str(own_cache(folder / "cache", ROOT / ".cache")),  # as after `switchboard prepare`
            "SWITCHBOARD_SPOOL": str(folder / "spool"),
            "SWITCHBOARD_SPEAK_AHEAD": "false",  # two dozen requests a worker, which most tests have no use for
            "DATABASE_URL": f"sqlite:///{folder / 'switchboard.sqlite3'}",
            **environment,
        }
        command = (sys.executable, str(business / "agent.py"), "start")
        super().__init__(
            variables, folder / "worker.log", command=command, folder=folder, stops_within=_STOPS_WITHIN
        )  # fmt: skip

    async def exit_code(self, within: float = _STOPS_WITHIN) -> int:
        return await super().exit_code(within)

    async def stop(self) -> bool:
        """Raises AssertionError when SIGTERM was not enough."""
        assert await super().stop(), "the worker did not stop on SIGTERM"
        return True

    async def logged(self, message: str, within: float = 20.0, **fields: Any) -> dict[str, Any]:
        """Wait for a record with this message and these fields. Raises AssertionError, with the log."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for record in self.records():
                        if record["message"] == message and all(record.get(k) == v for k, v in fields.items()):
                            return record
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{message!r} {fields} is not in the log:\n{self.read_log()[-4000:]}") from None

    def traceback(self) -> str | None:
        """The first trace-back in the log, None where there is none."""
        for record in self.records():
            if "exc_info" in record or "Traceback" in str(record["message"]):
                return json.dumps(record)
        return None
