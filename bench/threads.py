"""`python -m bench.threads [ours|plain]`: which threads a call's processor time goes to, over three calls that talk."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack

from bench.contenders import ALL, Contender
from bench.contest import TRIES, set_up
from bench.cost import REFILLED_AFTER, talk
from bench.processes import cpu_seconds_by_thread
from bench.replies import greeted
from bench.sentences import human

_CALLS = 3
_SECONDS = 30.0
_SHOWN = 0.02  # CPU seconds a minute


async def profile(contender: Contender) -> None:
    """Print CPU seconds per call and minute, by the threads' names, the greediest first."""
    sentences = human()[:4]
    async with set_up() as contest, contest.contend([contender]) as (running,), AsyncExitStack() as calls:
        callers = [
            await calls.enter_async_context(contest.call(running, wait=False, tries=TRIES)) for _ in range(_CALLS)
        ]
        await asyncio.gather(*(greeted(caller) for caller in callers))
        await asyncio.sleep(REFILLED_AFTER)
        before, started = cpu_seconds_by_thread(running.pid), time.perf_counter()
        await talk(contest, callers, sentences, _SECONDS)
        minutes = (time.perf_counter() - started) / 60
        after = cpu_seconds_by_thread(running.pid)
    spent = {name: (seconds - before.get(name, 0.0)) / minutes / _CALLS for name, seconds in after.items()}
    print(f"{contender.name}: {sum(spent.values()):.2f} CPU seconds per call and minute")
    for name in sorted(spent, key=lambda name: -spent[name]):
        if spent[name] > _SHOWN:
            print(f"  {name:<16} {spent[name]:.2f}")


def main() -> None:
    wanted = sys.argv[1:] or ["ours"]
    for contender in ALL:
        if contender.name in wanted and contender.converses:
            asyncio.run(profile(contender))


if __name__ == "__main__":
    main()
