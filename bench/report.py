"""The table for people and the JSON for programs."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.results import Results, Summary
from lab.stage.livekit_server import find_livekit_server

_ORDER = ("ours", "before", "plain", "pipecat", "floor")
_BESIDE = ("before", "plain", "floor")
_PACKAGES = ("livekit-agents", "livekit", "livekit-plugins-deepgram", "livekit-plugins-openai", "numpy")
_DIGITS = {"s": 3, "cut": 0, "CPU s/min": 2, "MiB": 0, "calls": 0, "us": 1, "share": 3}


def table(results: Results) -> Table:
    """One row a measure and contender; `x plain` and its like are ratios of medians, for those who were there."""
    beside = [name for name in _BESIDE if any(one.contender == name for one in results.samples)]
    shown = Table(title="Benchmark", title_justify="left")
    shown.add_column("measure")
    shown.add_column("who")
    for heading in ("n", "median", "p95", "least", "most", *(f"x {name}" for name in beside)):
        shown.add_column(heading, justify="right")
    for measure in results.measures():
        names = list(dict.fromkeys([*_ORDER, *(sample.contender for sample in results.samples)]))
        found = [one for name in names if (one := results.summary(measure, name))]
        for index, one in enumerate(found):
            shown.add_row(
                f"{measure} ({one.unit})" if index == 0 else "",
                one.contender,
                *_numbers(one),
                *(_ratio(one, results.summary(measure, name)) for name in beside),
                end_section=index == len(found) - 1,
            )
    return shown


def machine() -> dict[str, Any]:
    """What the figures depend on: processors, memory, kernel, versions."""
    packages: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    server = subprocess.run([find_livekit_server(), "--version"], capture_output=True, text=True, check=False)
    return {
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "livekit-server": server.stdout.strip(),
        "pipecat-ai": _pipecat_version(),
        **packages,
    }


def _numbers(one: Summary) -> tuple[str, ...]:
    if one.unit == "cut":
        return (str(one.n), f"{one.total:.0f} of {one.n}", "", "", "")
    digits = _DIGITS[one.unit]
    n = f"{one.n}" + (f" ({one.missed} missed)" if one.missed else "")
    return (n, *(f"{value:.{digits}f}" for value in (one.median, one.p95, one.least, one.most)))


def _ratio(one: Summary, other: Summary | None) -> str:
    if other is None or one.unit == "cut" or not other.median:
        return ""
    return f"{one.median / other.median:.2f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _pipecat_version() -> str:
    found = sorted((Path(__file__).parent / "pipecat/.venv").glob("lib/python*/site-packages/pipecat_ai-*.dist-info"))
    return found[0].name.split("-")[1].removesuffix(".dist") if found else "not installed"
