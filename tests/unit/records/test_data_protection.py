"""docs/data-protection.md: what it deletes is gone, and what every table has is in its table."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from switchboard.call.reading import read_call
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.records.read import latest
from switchboard.records.recorder import Recorder
from switchboard.records.spool import Spool
from switchboard.worker.settings import Settings
from tests.business import ROOT

PAGE = (ROOT / "docs/data-protection.md").read_text(encoding="utf-8")
SQL = [text for kinds, text in re.findall(r"```sql ([\w ]+)\n(.*?)```", PAGE, re.DOTALL) if "sqlite" in kinds]
ANN = "+14155550123"


async def _left_after(tmp_path: Path, sql: str) -> list[str | None]:
    engine = make_engine(f"sqlite:///{tmp_path / 'calls.sqlite3'}")
    await migrate(engine)
    now = datetime.now(UTC)
    calls = (("+442079460018", now - timedelta(days=91)), ("+442079460019", now - timedelta(days=89)), (ANN, now))
    for number, at in calls:
        recorder = Recorder(engine, Spool(tmp_path / "spool"))
        recorder.begin(read_call(attributes={"sip.ruleID": "r", "sip.phoneNumber": number}, at=at))
        await recorder.aclose()
    with closing(sqlite3.connect(tmp_path / "calls.sqlite3", isolation_level=None)) as database:
        database.executescript(sql)
    return [record.from_number for record in await latest(engine, 10)]


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("calls.sqlite3*"))


async def test_what_is_older_than_the_page_says_is_gone_and_no_more(tmp_path: Path) -> None:
    assert await _left_after(tmp_path, SQL[0]) == [ANN, "+442079460019"]
    content = _bytes_of(tmp_path)
    assert b"+442079460019" in content
    assert b"+442079460018" not in content, "nothing of it stays in the file"


async def test_a_person_s_calls_are_gone(tmp_path: Path) -> None:
    assert ANN not in await _left_after(tmp_path, SQL[1])


def test_every_place_where_something_is_kept_is_on_the_page() -> None:
    fields = ("database_url", "spool", "cache", "directory_url")
    for name in fields:
        alias = Settings.model_fields[name].validation_alias
        assert f"`{alias if isinstance(alias, str) else name.upper()}`" in PAGE
    for folder in (".cache/demo", "recordings/"):
        assert f"`{folder}" in PAGE
