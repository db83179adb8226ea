"""More calls than lines: what each caller gets and after how long, and whether those being served notice.

All lines are taken and talk. Then as many again call at once, and fifty within one second, for each way that
`[overflow]` knows to tell them. Times count from when the caller is in the room, as the bridge's ringing does: the
load generator joins its fifty on the same processors.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contenders import OURS, ROOT, Contender, Running
from bench.contest import TRIES, Contest, NotAnswered
from bench.light_phone import LightPhone
from bench.replies import REPLIES_WITHIN, SHORT_REPLY, greeted, turn
from bench.results import Results
from bench.sentences import Sentence

LINES = 4
WAYS = ("refuse", "announce", "queue")
_AT_MOST = 20
_OUTCOME_WITHIN = 12.0  # s
_LOOKS_EVERY = 0.1  # s
_WARM_UP = 8.0  # s, in which the words are spoken ahead


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one caller got, and how many seconds after they were in the room."""

    what: str
    after: float


def contender(way: str, folder: Path) -> Contender:
    """Our worker with a few lines, and a routing file that says `then = way`."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{way}.toml"
    overflow = f'[overflow]\nthen = "{way}"\nat_most = {_AT_MOST}\n'
    table.write_text(f"{overflow}\n{(ROOT / 'switchboard.toml').read_text(encoding='utf-8')}", encoding="utf-8")
    variables = {"SWITCHBOARD_CONFIG": str(table), "SWITCHBOARD_MAX_CALLS": str(LINES)}
    return replace(OURS, name=f"ours-{way}", variables=variables)


async def overload(
    contest: Contest, folder: Path, results: Results, sentences: Sequence[Sentence], rush: int, seconds: float
) -> None:
    """`rush` calls within a second, after twice the capacity at once, in each way; `seconds` of music are measured."""
    for way in WAYS:
        async with contest.contend([contender(way, folder)]) as (running,), AsyncExitStack() as stack:
            await asyncio.sleep(_WARM_UP)
            try:
                served = [
                    await stack.enter_async_context(contest.call(running, wait=False, tries=TRIES))
                    for _ in range(LINES)
                ]
            except NotAnswered as fault:
                results.remarks.append(f"overload: {fault}")
                continue
            await asyncio.gather(*map(greeted, served))
            at_once = asyncio.Event()
            at_once.set()
            quiet = await _replies(contest, served, sentences, at_once)
            idle = await _cpu(running, seconds)
            for count, within in ((LINES, 0.0), (rush, 1.0)):
                phones = [LightPhone(contest.livekit, f"rush-{secrets.token_hex(4)}") for _ in range(count)]
                told = asyncio.Event()
                rooms = Rooms(contest)
                watching = asyncio.create_task(rooms.watch())
                talking = asyncio.create_task(_replies(contest, served, sentences, told))
                name = f"{count} more {'at once' if not within else 'in 1 s'}"
                outcomes = await asyncio.gather(
                    *(_call(phone, running, within * index / count) for index, phone in enumerate(phones))
                )
                told.set()
                watching.cancel()
                outcomes = [rooms.outcome(phone.room_name, one) for phone, one in zip(phones, outcomes, strict=True)]
                _note(results, running.name, name, outcomes, quiet, await talking)
                if way == "queue" and within and (waiting := sum(one.what == "kept waiting" for one in outcomes)):
                    cost = (await _cpu(running, seconds) - idle) / waiting
                    results.add("CPU a waiting caller and minute", running.name, cost * 60, "CPU s/min")
                await asyncio.gather(*(phone.hang_up() for phone in phones))


class Rooms:
    """When each room was there, and when it was gone, as livekit-server lists them.

    A telephone whose room is deleted while the SDK still connects is never told: on a busy machine most of fifty are.
    """

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._came: dict[str, float] = {}
        self._went: dict[str, float] = {}

    async def watch(self) -> None:
        """Look ten times a second, until this is cancelled."""
        while True:
            now, there = time.perf_counter(), await self._contest.rooms()
            for room in there:
                self._came.setdefault(room, now)
            for room in self._came.keys() - there:
                self._went.setdefault(room, now)
            await asyncio.sleep(_LOOKS_EVERY)

    def outcome(self, room: str, seen: Outcome) -> Outcome:
        """What the caller in `room` got, where the telephone has `seen` nothing of it."""
        if seen.what != "rang on":
            return seen
        if room not in self._came:
            return Outcome("never came to LiveKit", _OUTCOME_WITHIN)
        return Outcome("refused", self._went[room] - self._came[room]) if room in self._went else seen


def _note(
    results: Results, who: str, name: str, outcomes: Sequence[Outcome], quiet: Sequence[float], busy: Sequence[float]
) -> None:
    for outcome in outcomes:
        results.add(f"{name}: told or served", who, outcome.after, about=outcome.what, missed=outcome.what == "rang on")
    counts = Counter(outcome.what for outcome in outcomes)
    got = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    results.remarks.append(f"{who}, {name}: {got}; slowest {max(one.after for one in outcomes):.2f} s")
    for measure, delays in ((f"{name}: reply before", quiet), (f"{name}: reply meanwhile", busy)):
        for delay in delays:
            results.add(measure, who, delay)
    if quiet and busy:
        ratio = statistics.median(busy) / statistics.median(quiet)
        results.add(f"{name}: reply meanwhile, times before", who, ratio, "share")


async def _replies(
    contest: Contest, callers: Sequence[LightPhone], sentences: Sequence[Sentence], until: asyncio.Event
) -> list[float]:
    """Those being served speak and listen, twice at least and until it is set."""
    delays: list[float] = []
    for count, sentence in enumerate(itertools.cycle(sentences), start=1):
        await contest.providers.script(sentence, reply=SHORT_REPLY)
        said = await asyncio.gather(*(turn(caller, sentence.whole) for caller in callers))
        delays += [REPLIES_WITHIN if delay is None else delay for delay in said]
        if count >= 2 and until.is_set():
            return delays
    return delays


async def _call(phone: LightPhone, running: Running, after: float) -> Outcome:
    """Call after so many seconds, and wait until it is known what becomes of it."""
    await asyncio.sleep(after)
    joining = asyncio.create_task(phone.join(running.agent_name))
    over = asyncio.create_task(phone.over.wait())
    heard = asyncio.create_task(_hears(phone))
    try:
        await asyncio.wait({over, heard}, timeout=_OUTCOME_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if heard.done():
            after = heard.result() - phone.joined_at
            with_agent = phone.has_agent()
            await asyncio.wait({over}, timeout=_OUTCOME_WITHIN)  # an announcement ends by itself
            what = "told" if phone.over.is_set() else "served" if with_agent else "kept waiting"
            return Outcome(what, after)
        if phone.over.is_set():
            return Outcome("refused", phone.over_at - phone.joined_at)
        return Outcome("rang on", _OUTCOME_WITHIN)
    finally:
        joining.add_done_callback(lambda done: done.cancelled() or done.exception())  # the SDK ends who gives up a join
        for task in (over, heard):
            task.cancel()
        await asyncio.gather(over, heard, return_exceptions=True)


async def _hears(phone: LightPhone) -> float:
    await phone.answered.wait()
    heard = await phone.hears_agent(phone.answered_at, _OUTCOME_WITHIN)
    return heard or phone.answered_at + _OUTCOME_WITHIN


async def _cpu(running: Running, seconds: float) -> float:
    """Cores that the worker and its calls take while nobody speaks."""
    began, before = time.perf_counter(), running.cpu_seconds()
    await asyncio.sleep(seconds)
    return (running.cpu_seconds() - before) / (time.perf_counter() - began)
