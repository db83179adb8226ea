"""Harbor Bikes, the business that the tests call."""

from __future__ import annotations

from pathlib import Path

from switchboard.talk.roster import Roster

ROOT = Path(__file__).resolve().parents[1]
ROSTER = Roster(ROOT)
AGENTS = ROSTER.names()
