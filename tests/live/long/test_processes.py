"""Processes that calls are given and that do not work: the call is answered all the same."""

from __future__ import annotations

import os
import signal

import psutil

from tests.live.town import Town
from tests.live.worker import Worker
from tests.until import until


def _idle(worker: Worker) -> list[int]:
    """The processes that are ready for a call, oldest first."""
    return [int(record["pid"]) for record in worker.records() if record["message"] == "process initialized"]


async def test_a_prewarmed_process_that_died_costs_the_next_caller_nothing_but_a_moment(town: Town) -> None:
    """Reported as agents#3841: jobs were given to processes that had died."""
    async with town.worker() as worker, town.phone() as phone:
        (pid,) = _idle(worker)
        os.kill(pid, signal.SIGKILL)
        await phone.dial()
        await phone.heard_speech(20, after=0.0)


async def test_a_process_that_starts_slowly_takes_the_call_and_no_more_are_started_than_are_needed(town: Town) -> None:
    """Reported as agents#4857: processes that took long to start were started without end."""
    async with town.worker() as worker, town.phone() as phone:
        (pid,) = _idle(worker)
        (nursery,) = (one for one in psutil.Process(worker.pid).children() if pid in {c.pid for c in one.children()})
        nursery.suspend()  # where processes are forked: until it goes on, none starts
        try:
            os.kill(pid, signal.SIGKILL)
            await phone.dial()
            await until(lambda: "no warmed process available" in worker.read_log())
        finally:
            nursery.resume()
        await phone.heard_speech(20, after=0.0)
        assert len(_idle(worker)) <= 3, "the one that died, the one that took the call, the one for the next"
