"""Faults of our own in real calls, by scripts/chaos: what callers hear is told by the sound, and all leave a record."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chaos.own import OWN_FAULTS
from chaos.waits import LIMIT_S

ROOT = Path(__file__).parents[3]
MINUTES = 12  # four on a machine that does nothing else
WITHIN_S = 2 * LIMIT_S  # scripts/chaos itself judges by its limit; here the machine may have other work
GOODBYE = {"entrypoint raises", "no agent can be made", "session cannot be made", "way of the call raises"}
APOLOGY_OR_REPLY = {"apology", "reply"}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """Fault and phase -> what came of it."""
    path = tmp_path_factory.mktemp("own") / "cells.json"
    done = subprocess.run(
        [ROOT / "scripts/chaos", "--only", "own", "--json", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return {(row["cell"]["fault"], row["cell"]["phase"]): row for row in json.loads(path.read_text())}


@pytest.mark.parametrize("fault", OWN_FAULTS, ids=lambda fault: str(fault.cell))
def test_a_caller_is_not_left_in_silence_and_the_call_is_on_the_record(
    cells: dict[tuple[str, str], Any], fault: Any
) -> None:
    found = cells[fault.name, fault.phase]
    for wait in found["waits"]:
        assert wait["longest_s"] <= WITHIN_S, found
    last = set(found["waits"][-1]["heard"])
    if fault.name in GOODBYE:
        assert "goodbye" in last, found
        assert found["cause"] == "fault"
    else:
        assert last & (APOLOGY_OR_REPLY if fault.asks else {"greeting"}), found
        assert found["cause"] == "caller_hung_up"
