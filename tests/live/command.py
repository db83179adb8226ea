"""The `switchboard` command as people run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ENDS_WITHIN = 60.0  # s, on a busy machine


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        return self.err.splitlines()


async def switchboard(folder: Path, environment: Mapping[str, str], *arguments: str) -> Ended:
    """Run it to its end. Of this process's environment it gets no LiveKit server but the one in `environment`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from switchboard.cli import main; main()", *arguments),
        cwd=folder,
        env=clean | {"PYTHONPATH": str(_ROOT)} | dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _ENDS_WITHIN)
    except TimeoutError:
        process.kill()
        raise
    return Ended(process.returncode or 0, out.decode(), err.decode())
