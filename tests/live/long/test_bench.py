"""The benchmark itself: a short run of every part measures every contender. No time is asserted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MINUTES = 10
# The parts that are left out are these with other delays, pauses or another voice.
# pipecat has packages of its own, a gigabyte: `scripts/bench` installs and measures it.
RUNS = (
    "--only answer --only replies --only barge-in --only routing --contender ours --contender plain --contender floor",
    "--only cost --only capacity --contender ours",
)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """measure -> contender -> number of samples that were really heard, from short runs."""
    found: dict[str, dict[str, float]] = {}
    for index, options in enumerate(RUNS):
        found |= short_run(options, tmp_path_factory.mktemp("bench") / f"{index}.json")
    return found


def short_run(options: str, path: Path) -> dict[str, dict[str, float]]:
    done = subprocess.run(
        [ROOT / "scripts/bench", "--short", "--json", path, *options.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, float]] = {}
    for row in json.loads(path.read_text())["summaries"]:
        found.setdefault(row["measure"], {})[row["contender"]] = row["n"] - row["missed"]
    return found


def test_everybody_is_heard_after_answering(figures: dict[str, dict[str, float]]) -> None:
    heard = figures["join to first audible sample"]
    assert {name for name, calls in heard.items() if calls} == {"ours", "plain", "floor"}


# Every sentence is judged for being cut off; one that was has no delay.
@pytest.mark.parametrize("measure", ["reply, human speech: cut off", "barge-in to silence"])
def test_every_conversation_partner_is_measured(figures: dict[str, dict[str, float]], measure: str) -> None:
    assert {"ours", "plain"} <= set(figures[measure])


@pytest.mark.parametrize("measure", ["CPU per call and minute", "memory of a further call", "calls held at once"])
def test_costs_are_measured(figures: dict[str, dict[str, float]], measure: str) -> None:
    assert figures[measure]["ours"]


def test_routing_is_timed(figures: dict[str, dict[str, float]]) -> None:
    assert figures["routing, 10 routes"]["ours"]


def test_an_unknown_part_is_refused_with_the_ones_there_are() -> None:
    done = subprocess.run(
        [ROOT / "scripts/bench", "--only", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "have: answer, replies" in done.stderr
    assert "Traceback" not in done.stderr
