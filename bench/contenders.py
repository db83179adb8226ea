"""Who is measured: their processes, started alike, and the way that a call reaches each."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livekit import api

from bench.processes import cpu_seconds, pss_bytes
from lab.stage.cache import own_cache
from lab.stage.livekit_server import LiveKitServer
from lab.stage.worker_process import WorkerProcess

ROOT = Path(__file__).resolve().parents[1]
PIPECAT = ROOT / "bench" / "pipecat"

_DRAINS_WITHIN = 3.0  # s; livekit-agents' own default is an hour


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to answer calls: its command, what it prints when it is ready, whether LiveKit dispatches to it."""

    name: str
    command: tuple[str, ...]
    ready: str = "registered worker"
    dispatched: bool = True
    converses: bool = True
    folder: Path = ROOT
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    speech: str = ""  # a line for every [speech.NAME] of the shipped routing file, which is then read with it


_PYTHON = sys.executable
PLAIN = Contender("plain", (_PYTHON, "-m", "livekit.agents", "start", "bench/plain.py"))
FLOOR = Contender("floor", (_PYTHON, "-m", "livekit.agents", "start", "bench/floor.py"), converses=False)
OURS = Contender("ours", (_PYTHON, "agent.py", "start"))
PIPECAT_BOT = Contender(
    "pipecat", (str(PIPECAT / ".venv/bin/python"), str(PIPECAT / "pool.py")), "ready", dispatched=False
)
ALL = (OURS, PLAIN, PIPECAT_BOT, FLOOR)
# Measured where they are named: the same worker with other speech.
OTHERS = (
    replace(OURS, name="ours-silero", speech='vad = "silero"'),
    replace(OURS, name="ours-realtime", speech='realtime = "openai/gpt-realtime:marin"'),
)


def before(folder: Path) -> Contender:
    """An earlier version of this worker: a checkout of it, run by our Python and its packages.

    Raises LookupError where `folder` is none, or where `switchboard` and `agents` would be imported from elsewhere.
    """
    folder = folder.resolve()
    if not (folder / "agent.py").is_file():
        raise LookupError(f"{folder} has no agent.py: give a checkout of this repository, `git worktree add` makes one")
    variables = {"PYTHONPATH": str(folder)}  # before the packages that are installed, which are those of here
    ask = "import agents, switchboard; print(agents.__file__, switchboard.__file__, sep='\\n')"
    told = subprocess.run(
        [_PYTHON, "-c", ask], cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if told.returncode or not all(Path(file).is_relative_to(folder) for file in told.stdout.splitlines()):
        raise LookupError(f"{folder} is not what its worker would import: {told.stdout}{told.stderr}".strip())
    return Contender("before", OURS.command, folder=folder, variables=variables)


def write_table(contender: Contender, folder: Path) -> Path:
    """The shipped routing file with the contender's line in each of its profiles."""
    shipped = (ROOT / "switchboard.toml").read_text(encoding="utf-8")
    changed, times = re.subn(
        r"^\[speech\..+$", lambda found: f"{found[0]}\n{contender.speech}", shipped, flags=re.MULTILINE
    )
    if not times:
        raise LookupError("switchboard.toml has no [speech.NAME] to change")
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "switchboard.toml"
    table.write_text(changed, encoding="utf-8")
    return table


class Running(WorkerProcess):
    """A contender's processes within the `async with`. `folder` holds its log, its database and its cache."""

    def __init__(
        self, contender: Contender, livekit: LiveKitServer, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.contender = contender
        self._livekit = livekit
        own = folder / contender.name
        variables = {
            **os.environ,
            **environment,
            "LIVEKIT_AGENT_NAME": contender.name,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / contender.name}.sqlite3",
            "SWITCHBOARD_SPOOL": str(own / "spool"),
            "SWITCHBOARD_CACHE": str(own_cache(own / "cache", ROOT / ".cache")),
            "SWITCHBOARD_MAX_CALLS": "64",  # `capacity` finds out how many it holds
            "PYTHONUNBUFFERED": "1",
            **contender.variables,
        }
        if contender.speech:
            variables["SWITCHBOARD_CONFIG"] = str(write_table(contender, own))
        super().__init__(
            variables,
            folder / f"{contender.name}.log",
            command=contender.command,
            folder=contender.folder,
            name=contender.name,
            ready_line=contender.ready,
            stops_within=_DRAINS_WITHIN,
            takes_lines=True,
        )

    @property
    def agent_name(self) -> str | None:
        """What a room asks for to get this contender; None where it is told by us."""
        return self.name if self.contender.dispatched else None

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def pss_bytes(self) -> int:
        return pss_bytes(self.pid)

    def takes_calls(self) -> bool:
        """Whether it has not declared itself full, which livekit-agents does when the processors are busy."""
        log = self.read_log()
        return log.rfind("marking as unavailable") <= log.rfind("marking as available")

    async def send_into(self, room: str) -> None:
        """Send a contender that LiveKit does not dispatch to into `room`, as a dispatcher of its own would."""
        if self.contender.dispatched:
            return
        livekit = self._livekit
        grants = api.VideoGrants(room_join=True, room=room)
        token = api.AccessToken(livekit.api_key, livekit.api_secret).with_identity(f"{self.name}-bot")
        await self.tell(json.dumps({"url": livekit.url, "token": token.with_grants(grants).to_jwt(), "room": room}))
