"""The processors that a container really has, by the files of control groups, and how many calls they carry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from switchboard.worker.processors import processors_here, quota_of, usual_calls
from switchboard.worker.settings import Settings

NONE = float("inf")
V1 = "4:memory:/docker/3cc\n3:cpu,cpuacct:/docker/3cc\n2:cpuset:/docker/3cc\n"


@pytest.mark.parametrize(
    ("membership", "files", "processors"),
    [
        # Version 2: a container sees its own group as the root.
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2.0),
        ("0::/\n", {"cpu.max": "max 100000\n"}, NONE),
        ("0::/\n", {"cpu.max": "50000\n"}, 0.5),
        # A service of systemd: the tighter of its own limit and its slice's.
        (
            "0::/w.slice/a.service\n",
            {"w.slice/cpu.max": "150000 100000", "w.slice/a.service/cpu.max": "max"},
            1.5,
        ),
        (
            "0::/w.slice/a.service\n",
            {"w.slice/cpu.max": "max", "w.slice/a.service/cpu.max": "300000 100000"},
            3.0,
        ),
        # Version 1, the path being the machine's or found below the mount.
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 2.5),
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, NONE),
        (V1, {"cpu/docker/3cc/cpu.cfs_quota_us": "400000", "cpu/docker/3cc/cpu.cfs_period_us": "200000"}, 2.0),
        # Both, version 2 holding nothing of the processors.
        ("1:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1.0),
        # Another controller's limit is none of processors, and nonsense is no limit.
        ("1:cpuset:/\n", {"cpuset/cpu.cfs_quota_us": "1", "cpuset/cpu.cfs_period_us": "100000"}, NONE),
        ("0::/\n", {"cpu.max": "much 0\n"}, NONE),
        ("0::/\n", {"cpu.max": "100000 0\n"}, NONE),
        ("0::/\n", {}, NONE),
        ("", {}, NONE),  # no Linux
    ],
)
def test_a_quota_is_read_as_the_processors_that_it_leaves(
    tmp_path: Path, membership: str, files: Mapping[str, str], processors: float
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert quota_of(membership, tmp_path) == processors


@pytest.mark.parametrize(("processors", "calls"), [(64.0, 224), (2.0, 7), (1.0, 3), (1.5, 5), (0.25, 1)])
def test_calls_are_as_many_as_the_processors_carry_and_one_at_least(processors: float, calls: int) -> None:
    assert usual_calls(processors) == calls


def test_a_worker_that_is_given_no_number_takes_what_its_own_processors_carry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    monkeypatch.delenv("SWITCHBOARD_MAX_CALLS", raising=False)
    assert 0 < processors_here() <= (os.cpu_count() or 1)
    assert Settings().max_calls == usual_calls(processors_here())
    monkeypatch.setenv("SWITCHBOARD_MAX_CALLS", "40")
    assert Settings().max_calls == 40
