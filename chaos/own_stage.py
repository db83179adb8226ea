"""The stage of our own faults: a worker of a small business that can be broken from within, and from beside it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from chaos.line import TYPICAL
from chaos.listening import VOICE, Listening
from chaos.matrix import Cell
from chaos.own import BY_CELL
from chaos.records import cause_of
from chaos.result import Result
from lab.providers.server import OfflineServer
from lab.softphone import CallEnded, Caller, Softphone
from lab.softphone import Line as PhoneLine
from lab.stage.cache import own_cache
from lab.stage.stage import Stage
from lab.stage.up import Up
from lab.stage.worker_process import WorkerProcess
from switchboard.talk.fixed_words import TEXTS

ROOT = Path(__file__).resolve().parents[1]
_BUSINESS = Path(__file__).with_name("business")
_AGENT_PY = ROOT / "switchboard/cli/new_business/agent.py.txt"  # what every business begins with
_GREETING = "Post office, how can I help you?"
_NUMBERS = {"desk": "+18005550130", "sales": "+18005550131"}
_TABLE = f"""
[worker]
agent_name = "switchboard"
region = "US"

[speech.phone]
tts = "openai/gpt-4o-mini-tts:{VOICE}"

[agent.desk]
hand_over = {{ sales = "stamps" }}

[[route]]
name = "sales"
when = {{ to = "{_NUMBERS["sales"]}" }}
agent = "sales"
greeting = "{_GREETING}"

[default]
agent = "desk"
greeting = "{_GREETING}"
"""
# Where its agent.py fails when it is to: the line, and the place's name in trouble.py.
_PLACES = {
    "    async with open_call(ctx) as live:\n": "entrypoint",
    "    session = make_session(": "session",
    "    ask_again_when_unheard(session)\n": "greeted",
}
_WORDS_WITHIN_S = 60.0


class Directory(Up):
    """Knows nobody, unless it `raises` or `hangs`: `way`."""

    def __init__(self) -> None:
        super().__init__()
        self.way = ""
        self.url = ""

    async def set_up(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/{number}", self._find)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        self.url = f"http://{host}:{port}/{{number}}"

    async def _find(self, _: web.Request) -> web.Response:
        if self.way == "hangs":
            await asyncio.Event().wait()
        return web.Response(status=500 if self.way == "raises" else 404)


class OwnStage(Stage[OfflineServer]):
    """Within the `async with`: `run` cells, one after the other. `folder` takes all files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OfflineServer(delays=TYPICAL))
        self.folder = folder
        self.business = folder / "business"
        self.directory = Directory()

    async def set_up(self) -> None:
        await super().set_up()
        await self.bring_up(self.directory)
        await asyncio.to_thread(self._write)
        await self.bring_up(self._worker())
        await self._words_ahead()

    def _write(self) -> None:
        shutil.copytree(_BUSINESS, self.business, dirs_exist_ok=True)
        (self.business / "trouble").mkdir(exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "switchboard.toml").write_text(_TABLE, encoding="utf-8")
        text = _AGENT_PY.read_text(encoding="utf-8").replace("import sys\n", "import sys\nfrom agents import trouble\n")
        for before, place in _PLACES.items():
            assert before in text
            text = text.replace(before, f'    trouble.at("{place}")\n{before}')
        (self.business / "agent.py").write_text(text, encoding="utf-8")

    def _worker(self) -> WorkerProcess:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            **self.environment,
            "SWITCHBOARD_CONFIG": str(self.folder / "switchboard.toml"),
            "SWITCHBOARD_CACHE": str(own_cache(self.folder / "cache", ROOT / ".cache")),
            "SWITCHBOARD_SPOOL": str(self.folder / "spool"),
            "DATABASE_URL": f"sqlite:///{self._database}",
            "DIRECTORY_URL": self.directory.url,
        }
        command = (sys.executable, str(self.business / "agent.py"), "start")
        return WorkerProcess(variables, self.folder / "own.log", command=command, folder=self.folder, stops_within=20.0)

    @property
    def _database(self) -> Path:
        return self.folder / "data" / "calls.sqlite3"

    async def _words_ahead(self) -> None:
        """Until the worker has had its fixed words spoken."""
        async with asyncio.timeout(_WORDS_WITHIN_S):
            while len(list(self.folder.glob("cache/fixed/**/*.wav"))) < len(TEXTS["en"]):
                await asyncio.sleep(0.1)

    async def run(self, cell: Cell) -> Result:
        """Break, call, and tell what was heard."""
        fault, livekit = BY_CELL[cell], self.livekit
        caller = Caller(to_number=_NUMBERS[fault.agent], agent_name="switchboard")
        self.providers.controls.requests.clear()
        if fault.asks:
            self.providers.controls.add_script({"language": None, "utterances": [fault.asks]})
        line = PhoneLine(ring_timeout=30.0)
        async with Softphone(livekit.url, livekit.api_key, livekit.api_secret, caller, line) as phone:
            listening = Listening(phone, _GREETING, self._spoken)
            is_early = cell.phase in ("ringing", "greeting")
            with suppress(CallEnded):
                if is_early:
                    with fault.breaks(self):
                        await self._ring(phone, listening)
                        await self._ask(phone, listening, fault.asks)
                else:
                    await self._ring(phone, listening)
                    with fault.breaks(self):
                        await self._ask(phone, listening, fault.asks)
        await asyncio.to_thread((self.folder / f"{cell}.wav").write_bytes, phone.recording())
        self.providers.controls.scripts.clear()
        cause = await cause_of(self._database, phone.caller.room_name)
        return Result(cell, tuple(listening.waits), phone.outcome, cause, cause is not None)

    async def _ring(self, phone: Softphone, listening: Listening) -> None:
        began = time.monotonic()
        await phone.dial()
        await listening.hear("dispatch", began)

    async def _ask(self, phone: Softphone, listening: Listening, text: str) -> None:
        if text and not phone.ended.is_set():
            said = await phone.say(text)
            await listening.hear("the caller's last sample", said.end)

    def _spoken(self) -> Iterable[tuple[str, str]]:
        for one in self.providers.controls.requests:
            if one["kind"] == "tts":
                yield str(one["body"]["input"]), str(one["body"].get("voice"))
