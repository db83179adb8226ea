"""What a tree of processes costs: CPU time and memory, of the root and everything below it, from /proc (Linux)."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


def tree(root: int) -> set[int]:
    """The process `root` and its descendants that are alive: job processes, fork server, inference process."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, left = set[int](), [root]
    while left:
        pid = left.pop()
        found.add(pid)
        left += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time, user and system, of the tree so far, those of its processes that have ended included."""
    # Of a process's fields after its name: 11 and 12 are its own time, 13 and 14 that of children it has reaped.
    ticks = sum(sum(map(int, fields[11:15])) for pid in tree(root) if (fields := _stat(pid)))
    return ticks / _TICKS


def cpu_seconds_by_thread(root: int) -> dict[str, float]:
    """CPU time of the tree's threads that are alive, by their names: WebRTC names its own, Python's are `python`."""
    spent = defaultdict[str, float](float)
    for pid in tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                name, fields = _fields(task / "stat")
                spent[name] += sum(map(int, fields[11:13])) / _TICKS
    return spent


def pss_bytes(root: int) -> int:
    """Memory of the tree: a page that n processes share counts 1/n in each (proportional set size)."""
    return sum(_pss(pid) for pid in tree(root))


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name (state is 0, parent 1); None when the process has gone."""
    try:
        return _fields(Path(f"/proc/{pid}/stat"))[1]
    except (FileNotFoundError, ProcessLookupError):
        return None


def _fields(stat: Path) -> tuple[str, list[str]]:
    """The name in a stat file of /proc, which may have anything in it, and the fields after it."""
    name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
    return name, rest.split()


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIB
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0
