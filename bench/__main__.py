"""`python -m bench`, which scripts/bench runs: measure, print the table, write JSON."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bench import answering, contenders, cost, decisions, overload, replies
from bench.contenders import Contender
from bench.contest import Contest, NotAnswered, set_up
from bench.report import machine, table
from bench.results import Results
from bench.sentences import Sentence, human, synthetic
from lab.stage.worker_process import WorkerFailed

_BY_NAME = ("overload",)  # measured where it is named: it is about ourselves alone
PARTS = ("answer", "replies", "typical", "synthetic", "cuts", "barge-in", "cost", "capacity", "start", "routing")
NAMES = tuple(one.name for one in contenders.ALL)
OTHERS = tuple(one.name for one in contenders.OTHERS)
TYPICAL = {"stt": 0.150, "llm": 0.350, "tts": 0.200}  # s, of the providers

_HAVE_PARTS = f"{', '.join(PARTS)}; only when named: {', '.join(_BY_NAME)}"
_HAVE = f"{', '.join(NAMES)}; only when named: {', '.join(OTHERS)}"
console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. The short form proves that the benchmark works; its figures mean nothing."""

    calls: int
    sentences: int
    paused_sentences: int
    few_sentences: int
    interruptions: int
    seconds: float
    at_once: int
    starts: int
    routes: tuple[int, ...]
    listed: int  # numbers in the lists that routes ask for
    rounds: int  # of a decision
    rush: int  # calls within a second


FULL = Size(6, 8, 7, 3, 3, 15.0, 9, 1, (10, 1_000, 10_000), 1_000_000, 40, 50)
SHORT = Size(1, 1, 1, 1, 1, 3.0, 1, 1, (10,), 10_000, 2, 6)


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Only this part, repeatable: {_HAVE_PARTS}.")] = None,
    contender: Annotated[list[str] | None, typer.Option(help=f"Only this one, repeatable: {_HAVE}.")] = None,
    short: Annotated[bool, typer.Option("--short", help="Try every part quickly; the figures mean nothing.")] = False,
    before: Annotated[Path | None, typer.Option(help="A checkout of an earlier version, measured beside ours.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write machine, versions and samples here.")] = None,
) -> None:
    """Measure this worker beside a plain one, a pipecat bot and the floor."""
    parts = _chosen(only, PARTS, "--only", _BY_NAME)
    names = _chosen(contender, NAMES, "--contender", OTHERS)
    who = [one for one in (*contenders.ALL, *contenders.OTHERS) if one.name in names]
    missing = [one.name for one in who if not Path(one.command[0]).exists()]
    if missing:
        _fail(f"not installed: {', '.join(missing)}; scripts/bench installs it")
    try:
        if before:
            who.insert(1, contenders.before(before))  # next to ours: they take turns
        spoken = human()
    except LookupError as fault:
        _fail(str(fault))
    results, started = Results(), time.perf_counter()
    size = SHORT if short else FULL
    try:
        if set(parts) - {"routing"}:
            asyncio.run(_measure(parts, who, size, spoken, results))
        if "routing" in parts and contenders.OURS in who:
            _decisions(size, results)
    except (KeyboardInterrupt, asyncio.CancelledError):
        results.remarks.append("ended before everything was measured")
        raise typer.Exit(1) from None
    except (NotAnswered, WorkerFailed) as fault:
        results.remarks.append(f"ended before everything was measured: {fault}")
        raise typer.Exit(1) from None
    finally:
        # What was measured is shown even if something broke.
        _show(results, short, time.perf_counter() - started, json_file)


def _show(results: Results, short: bool, seconds: float, json_file: Path | None) -> None:
    # A pipe has no width of its own: the table keeps its columns.
    Console(width=None if sys.stdout.isatty() else 140).print(table(results))
    for remark in results.remarks:
        console.print(remark)
    console.print(f"{seconds:.0f} s" + ("; the short form: no figure means anything" if short else ""))
    if json_file:
        json_file.write_text(json.dumps({"short": short, "machine": machine(), **results.as_json()}, indent=1))


async def _measure(
    parts: list[str], who: list[Contender], size: Size, spoken: list[Sentence], results: Results
) -> None:
    """Everything that was asked for, in order. What several contenders do is interleaved on the same machine."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # nothing is left running
    artificial = synthetic()[: size.few_sentences]
    talkers = [one for one in who if one.converses]
    async with set_up() as contest:
        if set(parts) & {"answer", "replies", "typical", "synthetic", "cuts", "barge-in"}:
            async with contest.contend(who) as running:
                talking = [one for one in running if one.contender.converses]
                for part, work in _side_by_side(contest, running, talking, size, spoken, artificial, results).items():
                    if part in parts:
                        await _step(part, work)
        for one in talkers if set(parts) & {"cost", "capacity"} else ():
            most = size.at_once if "capacity" in parts else 0
            seconds = size.seconds if "cost" in parts else 0.0
            await _step(
                f"{one.name} alone",
                lambda one=one, seconds=seconds, most=most: cost.alone(
                    contest, one, results, spoken[: size.few_sentences], seconds=seconds, most=most
                ),
            )
        if "overload" in parts:
            few = spoken[: size.few_sentences]
            await _step(
                "overload",
                lambda: overload.overload(contest, contest.folder / "overload", results, few, size.rush, size.seconds),
            )
        if "start" in parts:
            await _step("start", lambda: cost.cold_starts(contest, who, results, size.starts))


def _decisions(size: Size, results: Results) -> None:
    """One sample a kind of call: the median over many decisions."""
    for row in decisions.measure(size.routes, size.listed, size.rounds):
        results.add(f"routing, {row['routes']} routes", "ours", row["median_us"], "us", about=row["call"])


def _side_by_side(
    contest: Contest,
    running: list[contenders.Running],
    talking: list[contenders.Running],
    size: Size,
    spoken: list[Sentence],
    artificial: list[Sentence],
    results: Results,
) -> dict[str, Callable[[], Awaitable[None]]]:
    """The parts that all contenders take turns at."""
    few = spoken[: size.few_sentences]

    async def typical() -> None:
        await contest.providers.set_delays(**TYPICAL)
        await replies.replies(contest, talking, results, "reply, typical delays", few)
        await contest.providers.set_delays()

    return {
        "answer": lambda: answering.first_audio(contest, running, results, size.calls),
        "replies": lambda: replies.replies(contest, talking, results, "reply, human speech", spoken[: size.sentences]),
        "typical": typical,
        "synthetic": lambda: replies.replies(contest, talking, results, "reply, synthetic speech", artificial),
        "cuts": lambda: replies.cuts(contest, talking, results, spoken[: size.paused_sentences]),
        "barge-in": lambda: replies.barge_in(contest, talking, results, size.interruptions, spoken[0]),
    }


async def _step(name: str, work: Callable[[], Awaitable[None]]) -> None:
    started = time.perf_counter()
    await work()
    console.print(f"  {name}: {time.perf_counter() - started:.0f} s")


def _chosen(wanted: list[str] | None, known: tuple[str, ...], option: str, besides: tuple[str, ...] = ()) -> list[str]:
    """What is wanted, or all that is `known`; what is `besides` has to be named."""
    unknown = sorted(set(wanted or ()) - {*known, *besides})
    if unknown:
        _fail(f"{option} {unknown[0]}: unknown (have: {', '.join((*known, *besides))})")
    return list(wanted or known)


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
