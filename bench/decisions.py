"""How long a decision takes, with tables of 10, 1,000 and 10,000 routes and a million listed numbers.

Run it with `python -m bench.decisions`. Each table is a file that is loaded as the worker loads it. The routes take
turns to ask for a dialled number, a caller's number, a prefix, a trunk, a listed number, and two things at once; the
calls are taken by the first route, by the last, by one in the middle, or by the default.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from switchboard.call.call import Call
from switchboard.call.spec import read_spec
from switchboard.routing.table import Table
from switchboard.worker.routing_file import load_file

SIZES = (10, 1_000, 10_000)
LISTED = 1_000_000
_ROUNDS = 40
_REPEATS = 50  # decisions in one timing: the clock itself costs a tenth of one


def measure(sizes: tuple[int, ...] = SIZES, listed: int = LISTED, rounds: int = _ROUNDS) -> Iterator[dict[str, Any]]:
    """One row a table and call: microseconds for `decide`, as median, 5th and 95th percentile of `rounds`."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder, "listed.txt")
        listing.write_text("".join(f"+1201{number:07d}\n" for number in range(2_000_000, 2_000_000 + listed)))
        for size in sizes:
            path = Path(folder, f"{size}.toml")
            path.write_text(_table(size))
            start = time.perf_counter()
            table = load_file(path, agents=["desk"]).table
            loaded = time.perf_counter() - start
            for shape, call, expected in _calls(size):
                assert table.match(call).name == expected, (shape, table.match(call).name)
                yield {"routes": size, "call": shape, "load_s": loaded, **_timed(table, call, rounds)}


def _timed(table: Table, call: Call, rounds: int) -> dict[str, float]:
    times: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(_REPEATS):
            table.decide(call)
        times.append((time.perf_counter() - start) / _REPEATS * 1e6)
    parts = statistics.quantiles(times, n=20)
    return {"median_us": statistics.median(times), "p5_us": parts[0], "p95_us": parts[-1]}


_WHENS: tuple[Callable[[int], str], ...] = (
    lambda n: f'to = "+1800{n:07d}"',
    lambda n: f'from = "+1302{n:07d}"',
    lambda n: f'from = {{ prefix = "+44{n:06d}" }}',
    lambda n: f'trunk = "ST_{n}"',
    lambda n: f'to = "+1800{n:07d}", from = "@listed"',
    lambda n: f'job.tenant = "{n}", header.x-queue = "q{n % 7}"',
)


def _table(size: int) -> str:
    routes = "".join(
        f'[[route]]\nname = "r{n}"\nwhen = {{ {_WHENS[n % len(_WHENS)](2_000_000 + n)} }}\nagent = "desk"\n'
        for n in range(size - 2)
    )
    first = '[[route]]\nname = "first"\nwhen = { to = "+18009999999" }\nagent = "desk"\n'
    last = '[[route]]\nname = "last"\nwhen = { from = "@listed" }\nagent = "desk"\n'
    head = '[numbers]\nlisted = { file = "listed.txt" }\n'
    return f'{head}{first}{routes}{last}[default]\nagent = "desk"\n'


def _calls(size: int) -> Iterator[tuple[str, Call, str]]:
    about = {"trunk": "ST_none", "rule": "SDR_1", "job": {"tenant": "none"}, "attributes": {"sip.h.x-queue": "q1"}}
    for shape, spec, expected in (
        ("hit first", {"to": "+18009999999", "from": "+14155550101"}, "first"),
        ("hit last", {"to": "+18001112222", "from": "+12012000000"}, "last"),
        ("default", {"to": "+18001112222", "from": "+442079460018"}, "default"),
        ("number hidden", {"to": "+18001112222"}, "default"),
        ("middle, by trunk", {"to": "+18001112222", "trunk": f"ST_{2_000_003 + (size - 10) // 12 * 6}"}, None),
    ):
        call = read_spec({**about, **spec}, "US")
        yield shape, call, expected or f"r{int(spec['trunk'][3:]) - 2_000_000}"


def main() -> None:
    rows = list(measure())
    base = {row["call"]: row["median_us"] for row in rows if row["routes"] == min(SIZES)}
    print(f"{'routes':>7}  {'call':<17} {'median':>9} {'p5 to p95':>16} {'to 10 routes':>13} {'load':>7}")
    for row in rows:
        spread = f"{row['p5_us']:.1f} to {row['p95_us']:.1f}"
        ratio = row["median_us"] / base[row["call"]]
        line = f"{row['routes']:>7,}  {row['call']:<17} {row['median_us']:>6.1f} µs {spread:>16} {ratio:>12.2f}x"
        print(f"{line} {row['load_s']:>5.1f} s")


if __name__ == "__main__":
    main()
