"""`python -m tests.fuzz`, which scripts/fuzz runs: inputs by the thousand into all that reads what others wrote."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Annotated, Any

import typer

from tests.fuzz.mutation import inputs

app = typer.Typer(add_completion=False)


@app.command()
def fuzz(
    count: Annotated[int, typer.Option("--inputs", min=1, help="Over all targets.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same inputs.")] = 0,
    only: Annotated[list[str] | None, typer.Option(help="A target; may be repeated.")] = None,
    guided: Annotated[str, typer.Option(help="One target, guided by what its code runs through: needs atheris.")] = "",
) -> None:
    """Exit 1 at the first input that raises what its reader does not promise."""
    logging.disable()  # of plug-ins that say what they do not understand
    if guided:
        _by_coverage(guided, count, seed)
    from tests.fuzz.targets import TARGETS

    if unknown := set(only or ()) - TARGETS.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: have {', '.join(TARGETS)}")
    chosen = {name: target for name, target in TARGETS.items() if not only or name in only}
    for name, target in chosen.items():
        began, each = time.perf_counter(), -(-count // len(chosen))
        for data in islice(inputs(target.seeds, Random(f"{name} {seed}")), each):
            try:
                target.run(data)
            except Exception:
                traceback.print_exc()
                print(f"{name}: {data!r}", file=sys.stderr)
                raise typer.Exit(1) from None
        print(f"{name:15} {each:8} inputs  {time.perf_counter() - began:7.1f} s", flush=True)


def _by_coverage(name: str, count: int, seed: int) -> None:
    """Ends the process, with another exit code than 0 where an input shows a fault."""
    import atheris  # pyright: ignore[reportMissingImports, reportMissingModuleSource] - not on every system, and needed by nothing else

    fuzzer: Any = atheris
    with fuzzer.instrument_imports(include=["switchboard"]):
        from tests.fuzz.targets import TARGETS
    corpus = Path(mkdtemp(prefix="switchboard-corpus-"))
    for number, data in enumerate(TARGETS[name].seeds):
        (corpus / str(number)).write_bytes(data)
    options = [
        f"-atheris_runs={count}",
        f"-seed={seed + 1}",
        "-max_len=20000",
        f"-artifact_prefix={corpus}/",
        str(corpus),
    ]
    fuzzer.Setup([sys.argv[0], *options], TARGETS[name].run)
    fuzzer.Fuzz()


if __name__ == "__main__":
    app()
