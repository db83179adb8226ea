"""`scripts/chaos kills`: SIGKILL in the middle of calls, and after how long the caller is spoken to again.

Two workers are up. In each call something of the one that has it is killed at a random moment: the call's process, the
worker's own, or all of them at once, as when a machine dies. It is judged by the sound that the caller hears.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from lab.providers.server import OfflineServer
from lab.softphone import CallEnded, Caller, Softphone
from lab.stage.stage import Stage
from lab.stage.worker_process import WorkerFailed, WorkerProcess
from switchboard.talk.fixed_words import TEXTS

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("process", "worker", "both")
QUESTION = "What are your opening hours?"
_AGENT = "switchboard"
_LATEST_S = 9.0  # after the answer; by then the caller has asked, and been answered
_ON_ITS_WAY_S = 0.2  # what a killed agent has sent is heard for less than 0.1 s
_WITHIN_S = 30.0
_ANSWERS_WITHIN_S = 12.0
_AT_ONCE_S = 0.3  # of two voices: less is the end of a sentence that was on its way


@dataclass
class Kill:
    """What came of one. Seconds; `again_s` None where nobody spoke again, `at_s` counts from the answer."""

    kind: str
    at_s: float
    again_s: float | None = None
    answered: bool = False
    two_voices_s: float = 0.0
    fault: str = ""

    @property
    def passed(self) -> bool:
        return self.again_s is not None and self.two_voices_s < _AT_ONCE_S


class TwoWorkers(Stage[OfflineServer]):
    """Two workers on one database. `folder` takes their files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OfflineServer())
        self._folder = folder
        self.workers: list[WorkerProcess] = []

    async def set_up(self) -> None:
        await super().set_up()
        for name in ("one", "two"):
            self.workers.append(await self.bring_up(self._worker(name)))
        async with asyncio.timeout(120):  # until the words are spoken ahead that a rescue says
            while len(list(self._folder.glob("cache/fixed/**/*.wav"))) < 4 * len(TEXTS["en"]):
                await asyncio.sleep(0.2)

    def _worker(self, name: str) -> WorkerProcess:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "SWITCHBOARD_CONFIG": str(ROOT / "switchboard.toml"),
            "SWITCHBOARD_CACHE": str(self._folder / "cache"),
            "SWITCHBOARD_SPOOL": str(self._folder / name),
            "DATABASE_URL": f"sqlite:///{self._folder / 'calls.sqlite3'}",
            **self.environment,
        }
        command = (sys.executable, str(ROOT / "agent.py"), "start")
        return WorkerProcess(environment, self._folder / f"{name}.log", command=command, folder=self._folder, name=name)

    def phone(self) -> Softphone:
        livekit = self.livekit
        return Softphone(livekit.url, livekit.api_key, livekit.api_secret, Caller(agent_name=_AGENT))

    def holder(self, room: str) -> tuple[WorkerProcess, int]:
        """The worker that has the call in this room, by its ID, and the process. Raises LookupError."""
        for worker in self.workers:
            for record in reversed(worker.records()):
                if record["message"] == "routed" and record.get("room_id") == room:
                    return worker, int(record["pid"])
        raise LookupError("nobody has the call")


async def _talk(phone: Softphone) -> None:
    """Listen to the greeting, ask, listen to the answer."""
    with suppress(CallEnded, TimeoutError):
        await phone.heard_silence(0.8, 20)
        await phone.say(QUESTION)
        await phone.heard_speech(20)


async def _kill(stage: TwoWorkers, kind: str, at_s: float) -> Kill:
    kill = Kill(kind, round(at_s, 2))
    async with stage.phone() as phone:
        await phone.dial()
        await phone.heard_speech(30, after=0.0)
        talking = asyncio.create_task(_talk(phone))
        await asyncio.sleep(at_s)
        worker, process = stage.holder(await phone.room.sid)
        match kind:
            case "process":
                os.kill(process, signal.SIGKILL)
            case "worker":
                os.kill(worker.pid, signal.SIGKILL)
            case _:
                os.killpg(worker.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        try:
            async with asyncio.timeout(_WITHIN_S):
                # By when it is heard: the ear places a track that follows another in the same place too early.
                while not any(sound.start > killed_at + _ON_ITS_WAY_S for sound in phone.ear.sounds()):
                    await asyncio.sleep(0.01)
            kill.again_s = round(time.monotonic() - killed_at, 3)
            await talking
            await phone.heard_silence(1.2, 20)
            said = await phone.say(QUESTION)
            await phone.heard_speech(_ANSWERS_WITHIN_S, after=said.end)
            kill.answered = True
            await phone.heard_silence(0.8, 20)
        except (TimeoutError, CallEnded) as fault:
            kill.fault = type(fault).__name__
        talking.cancel()
        kill.two_voices_s = round(phone.ear.at_once(), 1)
    if kind != "process":
        await worker.stop()  # what is left of it
        await worker.__aenter__()
    return kill


def summary(kills: Sequence[Kill]) -> str:
    """The figures, as docs/reliability.md has them."""
    lines = ["| killed | times | spoken to again | p50 | p95 | worst | next question answered | two voices |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for kind in (*KINDS, "all"):
        some = [kill for kill in kills if kind in (kill.kind, "all")]
        times = sorted(kill.again_s for kill in some if kill.again_s is not None)
        if not times:
            continue
        p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
        times_s = f"{statistics.median(times):.2f} s | {p95:.2f} s | {times[-1]:.2f} s"
        answered = sum(kill.answered for kill in some)
        two = sum(kill.two_voices_s >= _AT_ONCE_S for kill in some)
        lines.append(f"| {kind} | {len(some)} | {len(times)} | {times_s} | {answered} | {two} |")
    return "\n".join(lines)


def main(
    kills: Annotated[int, typer.Argument(min=1, help="How many: a quarter of a minute each.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the random moments.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all that was measured here.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Leave logs and database in this folder.")] = None,
) -> None:
    """Kill processes of calls and workers at random moments; exit 1 if a caller is not spoken to again by one voice."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    results: list[Kill] = []
    try:
        asyncio.run(_run(kills, random.Random(seed), results, keep))
    except (KeyboardInterrupt, asyncio.CancelledError, WorkerFailed) as ended:
        print(f"ended before all was tried: {ended}", file=sys.stderr)
    print(summary(results))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(kill) for kill in results], indent=1))
    if len(results) < kills or not all(kill.passed for kill in results):
        raise typer.Exit(1)


async def _run(count: int, moments: random.Random, results: list[Kill], keep: Path | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # nothing is left running
    with tempfile.TemporaryDirectory(prefix="switchboard-kills-") as folder:
        async with TwoWorkers(keep or Path(folder)) as stage:
            for number in range(count):
                kill = await _kill(stage, KINDS[number % len(KINDS)], moments.uniform(0.0, _LATEST_S))
                results.append(kill)
                print(f"{number + 1:3} {kill.kind:8} at {kill.at_s:.1f} s: {_told(kill)}", flush=True)


def _told(kill: Kill) -> str:
    if kill.again_s is None:
        return f"nobody spoke again ({kill.fault})"
    after = f"spoken to again after {kill.again_s:.2f} s"
    question = "" if kill.answered else f", the next question was not answered ({kill.fault})"
    return after + question + (f", two voices for {kill.two_voices_s} s" if kill.two_voices_s >= _AT_ONCE_S else "")


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
