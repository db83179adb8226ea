"""How many processors this process really has, which in a container are seldom all that the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# docs/performance.md, "calls held at once": 7 on two processors, callers and livekit-server on the same two.
CALLS_A_PROCESSOR = 3.5


def usual_calls(processors: float) -> int:
    """How many calls a worker with so many processors takes at once where nobody says: 1 or more."""
    return max(1, int(processors * CALLS_A_PROCESSOR))


def processors_here() -> float:
    """Those that the scheduler gives this process, or fewer where its container has a quota of their time."""
    # macOS has no affinity, and no containers of its own.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(float(allowed), quota_of(_read(Path("/proc/self/cgroup")), Path("/sys/fs/cgroup")))


def quota_of(membership: str, root: Path) -> float:
    """The processors that control groups leave a process; infinite where none limits it.

    `membership` is its /proc/PID/cgroup, `root` where the groups are mounted (/sys/fs/cgroup), version 1, 2 or both. A
    group is limited by every group above it too. In a container whose own group is mounted as the root, the path in
    `membership` may be the machine's, and is not found there: what is above it holds then.
    """
    return min((_quota(folder) for folder in _groups(membership, root)), default=float("inf"))


def _groups(membership: str, root: Path) -> Iterator[Path]:
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:  # version 2 has one hierarchy for all; beside version 1 it is mounted as `unified`
            mounts = [root, root / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [root / controllers, root / "cpu"]
        else:
            continue
        inside = PurePosixPath(path.lstrip("/"))
        for mount in mounts:
            yield from (mount / part for part in (inside, *inside.parents))


def _quota(group: Path) -> float:
    limit, _, period = _read(group / "cpu.max").strip().partition(" ")
    if not limit:
        limit, period = _read(group / "cpu.cfs_quota_us").strip(), _read(group / "cpu.cfs_period_us").strip()
    try:
        quota = float(limit) / float(period or 100_000)
    except (ValueError, ZeroDivisionError):  # "max", or not there
        return float("inf")
    return quota if quota > 0 else float("inf")  # version 1 writes -1 for no limit


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
