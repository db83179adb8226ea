"""`python -m chaos`, which scripts/chaos runs: break, listen, print; exit 1 where a caller was left in silence."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bench.contenders import PIPECAT_BOT, PLAIN, Contender
from chaos import report
from chaos.call import run
from chaos.line import Line
from chaos.matrix import EVERY, FAULTS, OWN, PARTS, PHASES, REFUSED, SHORT, Cell, cells
from chaos.own import BY_CELL, OWN_FAULTS
from chaos.own_stage import OwnStage
from chaos.result import Result
from chaos.stage import Broken
from lab.stage.worker_process import WorkerFailed

PEERS = {peer.name: peer for peer in (PLAIN, PIPECAT_BOT)}
_PARTS, _FAULTS = (*PARTS, OWN), tuple(dict.fromkeys((*FAULTS, *(fault.name for fault in OWN_FAULTS))))
_LINES = 2  # calls at a time: more of them are slower on two processors, and the waits are what is measured


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Only this part, repeatable: {', '.join(_PARTS)}.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help=f"Only this one, repeatable: {', '.join(_FAULTS)}.")] = None,
    phase: Annotated[list[str] | None, typer.Option(help=f"Only this one, repeatable: {', '.join(PHASES)}.")] = None,
    short: Annotated[bool, typer.Option("--short", help="Eight cells, two minutes.")] = False,
    spares: Annotated[bool, typer.Option("--spares", help="Each part has a spare that works.")] = False,
    peer: Annotated[str | None, typer.Option(help=f"Call this one in place of ours: {', '.join(PEERS)}.")] = None,
    lines: Annotated[int, typer.Option(min=1, max=4, help="Calls at a time.")] = _LINES,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all that was measured here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table of docs/reliability.md here.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Leave log, database and the calls' sound in this folder.")] = None,
) -> None:
    """Break each provider in each way in each phase of a call, and tell what callers hear, after how long."""
    for option, wanted, known in (("--only", only, _PARTS), ("--fault", fault, _FAULTS), ("--phase", phase, PHASES)):
        if unknown := sorted(set(wanted or ()) - set(known)):
            _fail(f"{option} {unknown[0]}: unknown (have: {', '.join(known)})")
    if peer is not None and peer not in PEERS:
        _fail(f"--peer {peer}: unknown (have: {', '.join(PEERS)})")
    if peer is not None and not Path(PEERS[peer].command[0]).exists():
        _fail(f"{peer} is not installed: scripts/bench --contender {peer} --short installs it")
    every = SHORT if short else (*EVERY, *BY_CELL)
    chosen = cells(every, only or (), fault or (), phase or ())
    if peer is not None:
        chosen = [cell for cell in chosen if _of_a_peer(cell)]
    elif spares:
        chosen = [cell for cell in chosen if cell.part != OWN]
    if not chosen:
        _fail("no cell is left of what was asked for")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    for name in ("aiohttp.server", "lab.providers"):  # who is made to fail is no fault to be logged
        logging.getLogger(name).setLevel(logging.CRITICAL)
    results: list[Result] = []
    started = time.perf_counter()
    try:
        asyncio.run(_run(chosen, results, lines, spares, PEERS.get(peer or ""), keep))
    except (KeyboardInterrupt, asyncio.CancelledError, WorkerFailed) as ended:
        print(f"ended before all was tried: {ended}", file=sys.stderr)
    finally:
        results.sort(key=lambda result: chosen.index(result.cell))
        print(f"{report.summary(results)} {time.perf_counter() - started:.0f} s.")
        if json_file is not None:
            json_file.write_text(json.dumps([result.as_json() for result in results], indent=1))
        if markdown is not None:
            markdown.write_text(report.markdown(results) + "\n")
    if len(results) < len(chosen) or not all(result.passed for result in results):
        raise typer.Exit(1)


async def _run(
    chosen: Sequence[Cell], results: list[Result], lines: int, spares: bool, peer: Contender | None, keep: Path | None
) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # nothing is left running
    with tempfile.TemporaryDirectory(prefix="switchboard-chaos-") as temporary:
        folder = keep or Path(temporary)
        # In no order of theirs: what else this machine does for a while meets all kinds of them.
        waiting = random.Random(len(chosen)).sample(chosen, len(chosen))
        own = [cell for cell in waiting if cell.part == OWN]
        others = [cell for cell in waiting if cell.part != OWN]

        def note(result: Result) -> None:
            results.append(result)
            print(report.line(result), flush=True)

        if others:
            async with Broken(folder, lines, spares=spares, peer=peer) as stage:
                await stage.warm_up()

                async def work(line: Line) -> None:
                    while others:
                        note(await run(stage, line, others.pop()))

                await asyncio.gather(*(work(line) for line in stage.lines))
        if own:
            async with OwnStage(folder) as broken_within:
                for cell in own:
                    note(await broken_within.run(cell))


def _of_a_peer(cell: Cell) -> bool:
    """A peer has neither tools nor colleagues, and one address for model and voice: it cannot lose one alone."""
    has_it = cell.part != OWN and cell.phase not in ("tool", "hand-over")
    return has_it and (cell.fault != REFUSED or cell.part == "stt")


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
