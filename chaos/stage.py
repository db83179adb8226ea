"""The stage of the matrix: a livekit-server, lines that can be broken, and the worker that answers on them."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from bench.contenders import Contender, Running
from chaos.line import Line
from chaos.listening import VOICE
from chaos.records import cause_of
from lab.providers.address import environment
from lab.providers.server import OfflineServer
from lab.softphone import CallEnded, Caller, Softphone
from lab.softphone import Line as PhoneLine
from lab.stage.cache import own_cache
from lab.stage.stage import Stage
from lab.stage.worker_process import WorkerProcess

ROOT = Path(__file__).resolve().parents[1]
CALLER = "Miss Wilson"
GREETING = "Harbor Bikes. Hello {}, how can I help you?"
_AGENT = "switchboard"
_WRITTEN_WITHIN_S = 15.0
_QUIET_S = 2.5
_STOPS_WITHIN_S = 20.0

_TABLE = """
[worker]
agent_name = "switchboard"
region = "US"

[agent.front_desk]
hand_over = { sales = "prices, stock, buying a bike", support = "orders, repairs, complaints" }
"""
# The greeting has something personal in it: it is never kept, and needs the voice in each call.
_LINE = """
[provider.ears{n}]
kind = "deepgram"
base_url = "{stt}"
key = "DEEPGRAM_API_KEY"

[provider.mind{n}]
kind = "openai"
base_url = "{llm}/v1"
key = "OPENAI_API_KEY"

[provider.voice{n}]
kind = "openai"
base_url = "{tts}/v1"
key = "OPENAI_API_KEY"

[speech.line{n}]
stt = ["ears{n}/nova-2-phonecall"{spare_stt}]
llm = ["mind{n}/gpt-4.1-mini"{spare_llm}]
tts = ["voice{n}/gpt-4o-mini-tts:{voice}"{spare_tts}]

[[route]]
name = "line {n}"
when = {{ to = "+1800555011{n}" }}
agent = "front_desk"
speech = "line{n}"
language = "en"
greeting = "{greeting}"

[[route]]
name = "support, line {n}"
when = {{ to = "+1800555012{n}" }}
agent = "support"
speech = "line{n}"
language = "en"
greeting = "{greeting}"
"""
_SPARE = """
[provider.spare_ears]
kind = "deepgram"
base_url = "{origin}"
key = "DEEPGRAM_API_KEY"

[provider.spare]
kind = "openai"
base_url = "{origin}/v1"
key = "OPENAI_API_KEY"
"""


class Broken(Stage[None]):
    """Within the `async with`: `lines` into one worker of ours, or one line into a `peer`. `folder` takes its files.

    With `spares` each part has another to take its place, which is never broken.
    """

    def __init__(self, folder: Path, lines: int, *, spares: bool = False, peer: Contender | None = None) -> None:
        super().__init__(None)
        self.lines = [Line(number) for number in range(1 if peer else lines)]
        self.peer = peer
        self.spare: OfflineServer | None = OfflineServer() if spares else None
        self._folder = folder
        self._running: Running | None = None

    async def set_up(self) -> None:
        await super().set_up()
        for line in self.lines:
            await self.bring_up(line)
        if self.spare is not None:
            await self.bring_up(self.spare)
        if self.peer is not None:
            self._running = await self.bring_up(Running(self.peer, self.livekit, self._environment(), self._folder))
        else:
            await self.bring_up(self._worker())

    def _environment(self) -> dict[str, str]:
        """Of a peer, who has one address for model and voice: it is behind the model's door."""
        doors = self.lines[0].doors
        found = self.environment | environment(doors["llm"].url)
        return found | {"DEEPGRAM_BASE_URL": doors["stt"].url}

    def _worker(self) -> WorkerProcess:
        table = self._folder / "switchboard.toml"
        table.write_text(self._table(), encoding="utf-8")
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            **self.environment,
            **environment(self.lines[0].providers.origin),
            "SWITCHBOARD_CONFIG": str(table),
            "SWITCHBOARD_CACHE": str(own_cache(self._folder / "cache", ROOT / ".cache")),
            "SWITCHBOARD_SPOOL": str(self._folder / "spool"),
            "DATABASE_URL": f"sqlite:///{self._folder / 'calls.sqlite3'}",
        }
        command = (sys.executable, str(ROOT / "agent.py"), "start")
        return WorkerProcess(
            variables, self._folder / "worker.log", command=command, folder=ROOT, stops_within=_STOPS_WITHIN_S
        )

    def _table(self) -> str:
        table = _TABLE
        spare = {"spare_stt": "", "spare_llm": "", "spare_tts": ""}
        if self.spare is not None:
            table += _SPARE.format(origin=self.spare.origin)
            spare = {
                "spare_stt": ', "spare_ears/nova-2-phonecall"',
                "spare_llm": ', "spare/gpt-4.1-mini"',
                "spare_tts": f', "spare/gpt-4o-mini-tts:{VOICE}"',
            }
        for line in self.lines:
            doors = {part: door.url for part, door in line.doors.items()}
            greeting = GREETING.format("{data.caller}")
            table += _LINE.format(n=line.number, voice=VOICE, greeting=greeting, **doors, **spare)
        return f'{table}\n[default]\nagent = "front_desk"\nspeech = "line0"\n'

    def phone(self, line: Line, agent: str = "front_desk") -> Softphone:
        """A caller on `line` whom that agent is to answer."""
        livekit = self.livekit
        number = f"+1800555012{line.number}" if agent == "support" else f"+1800555011{line.number}"
        caller = Caller(
            to_number=number,
            agent_name=self._running.agent_name if self._running else _AGENT,
            job_metadata={"caller": CALLER},
        )
        return Softphone(livekit.url, livekit.api_key, livekit.api_secret, caller, PhoneLine(ring_timeout=30.0))

    async def send(self, phone: Softphone) -> None:
        """Send a peer that LiveKit does not dispatch to where `phone` rings."""
        if self._running is not None:
            await self._running.send_into(phone.caller.room_name)

    async def warm_up(self) -> None:
        """A call on each line that is not counted; then wait until all that is spoken ahead is spoken."""
        for line in self.lines:
            async with self.phone(line) as phone:
                await phone.dial()
                await self.send(phone)
                with suppress(TimeoutError, CallEnded):
                    await phone.heard_speech(_WRITTEN_WITHIN_S, after=0.0)
        seen = -1
        while (now := sum(len(line.requests("tts")) for line in self.lines)) != seen:
            seen = now
            await asyncio.sleep(_QUIET_S)

    async def forget_failures(self) -> None:
        """The next call asks the first of each part again."""
        for file in (self._folder / "cache" / "health").glob("*"):
            file.unlink(missing_ok=True)

    def keep(self, name: str, content: bytes) -> None:
        """Write a file into the stage's folder."""
        (self._folder / name).write_bytes(content)

    async def cause(self, phone: Softphone) -> str | None:
        """Why the call of `phone` ended, as it is on the record; None where it is not, in time."""
        return await cause_of(self._folder / "calls.sqlite3", phone.caller.room_name)
