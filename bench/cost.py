"""What it costs: processor time and memory of a contender's whole process tree, and how many calls it holds at once.

Each contender is alone on the machine for this, started anew, which also gives the time from a cold start to ready:
pages that two contenders share would otherwise count half in each.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.contenders import Contender, Running
from bench.contest import TRIES, Contest, NotAnswered, own_cpu_seconds
from bench.light_phone import LightPhone
from bench.replies import REPLIES_WITHIN, SHORT_REPLY, greeted, turn
from bench.results import Results
from bench.sentences import Sentence

_MIB = 1024 * 1024
REFILLED_AFTER = 4.0  # s, in which the job processes for the next calls are in place again
_LATE = 2.0  # times the quiet median
_LATE_SHARE = 0.05


async def alone(
    contest: Contest,
    contender: Contender,
    results: Results,
    sentences: Sequence[Sentence],
    *,
    seconds: float,
    most: int,
) -> None:
    """Measure `contender` by itself: cold start, cost of three calls for `seconds`, up to `most` calls at once."""
    async with contest.contend([contender]) as (running,):
        measure = "cold start to registered" if contender.dispatched else "cold start to warm"
        results.add(measure, contender.name, running.started_in)
        if contender.converses:
            if seconds:
                await _three_calls(contest, running, results, sentences, seconds)
            if most:
                await _held_at_once(contest, running, results, sentences, most)


async def cold_starts(contest: Contest, contenders: Sequence[Contender], results: Results, rounds: int) -> None:
    """Start each contender `rounds` times, one at a time."""
    for _ in range(rounds):
        for contender in contenders:
            async with contest.contend([contender]) as (running,):
                measure = "cold start to registered" if contender.dispatched else "cold start to warm"
                results.add(measure, contender.name, running.started_in)


async def _three_calls(
    contest: Contest, running: Running, results: Results, sentences: Sequence[Sentence], seconds: float
) -> None:
    """Processor time per call and minute, and the memory of a further call, with one and with three calls."""
    try:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(contest.call(running, tries=TRIES))]
            await greeted(callers[0])
            await asyncio.sleep(REFILLED_AFTER)
            with_one = running.pss_bytes()
            for _ in range(2):
                await contest.takes_calls(running)
                callers.append(await stack.enter_async_context(contest.call(running, wait=False, tries=TRIES)))
            await asyncio.gather(*(greeted(caller) for caller in callers[1:]))
            await asyncio.sleep(REFILLED_AFTER)
            started, theirs, own = time.perf_counter(), running.cpu_seconds(), own_cpu_seconds()
            rest = contest.servers_cpu_seconds()
            await talk(contest, callers, sentences, seconds)
            minutes = (time.perf_counter() - started) / 60
            share = {"load generator": own_cpu_seconds() - own, "servers": contest.servers_cpu_seconds() - rest}
            cpu = running.cpu_seconds() - theirs
            results.add("CPU per call and minute", running.name, cpu / minutes / len(callers), "CPU s/min")
            results.add("memory of a further call", running.name, (running.pss_bytes() - with_one) / 2 / _MIB, "MiB")
            results.add("memory with one call", running.name, with_one / _MIB, "MiB")
            for what, spent in share.items():
                per_call = spent / minutes / len(callers)
                results.add(f"CPU per call and minute, {what}", running.name, per_call, "CPU s/min")
    except NotAnswered as fault:
        results.remarks.append(f"cost: {fault}")


async def _held_at_once(
    contest: Contest, running: Running, results: Results, sentences: Sequence[Sentence], most: int
) -> None:
    """Add two calls at a time until more than 5 % of replies come later than twice the quiet median.

    A call that is not answered is the limit too. Two levels in a row must fail: one late reply of ten is no trend.
    """
    quiet: list[float] = []
    held, failed, why = 0, 0, f"{most} calls were the most that was tried"
    async with AsyncExitStack() as stack:
        callers: list[LightPhone] = []
        try:
            while len(callers) < most and failed < 2:
                for _ in range(2 if callers else 1):
                    callers.append(await stack.enter_async_context(contest.call(running, wait=False)))
                    await greeted(callers[-1])
                delays = [
                    REPLIES_WITHIN if delay is None else delay
                    for index in range(4 if not quiet else 2)
                    for delay in await _all_speak(contest, callers, sentences[index % len(sentences)])
                ]
                quiet = quiet or [delay for delay in delays if delay > 0]  # a cut-in is no delay
                limit = _LATE * statistics.median(quiet or [REPLIES_WITHIN])
                late = sum(delay > limit for delay in delays) / len(delays)
                if late > _LATE_SHARE:
                    failed += 1
                    why = f"{late:.0%} of replies later than {limit:.2f} s at {len(callers)} calls"
                else:
                    failed, held = 0, len(callers)
        except NotAnswered as fault:
            why = f"call {len(callers) + 1}: {fault}"
    results.add("calls held at once", running.name, held, "calls", about=why)


async def talk(contest: Contest, callers: Sequence[LightPhone], sentences: Sequence[Sentence], seconds: float) -> None:
    """All callers speak and are replied to, over and over, until `seconds` have passed."""
    ends = time.perf_counter() + seconds
    for sentence in itertools.cycle(sentences):
        await _all_speak(contest, callers, sentence)
        if time.perf_counter() >= ends:
            return


async def _all_speak(contest: Contest, callers: Sequence[LightPhone], sentence: Sentence) -> list[float | None]:
    """All callers say the same and listen to the reply."""
    await contest.providers.script(sentence, reply=SHORT_REPLY)
    return list(await asyncio.gather(*(turn(caller, sentence.whole) for caller in callers)))
