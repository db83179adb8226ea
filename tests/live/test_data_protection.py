"""docs/data-protection.md on PostgreSQL: what its statements delete is gone, and no more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from switchboard.call.reading import read_call
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.records.read import latest
from switchboard.records.recorder import Recorder
from switchboard.records.spool import Spool
from tests.business import ROOT
from tests.live.postgres import Postgres

_PAGE = (ROOT / "docs/data-protection.md").read_text(encoding="utf-8")
OLD, PERSON = [sql for kinds, sql in re.findall(r"```sql ([\w ]+)\n(.*?)```", _PAGE, re.DOTALL) if "postgres" in kinds]
ANN, BEN, CAY = "+14155550123", "+442079460018", "+442079460019"


@pytest.mark.parametrize(("statements", "left"), [(OLD, {ANN, CAY}), (PERSON, {BEN, CAY})], ids=["old", "a person"])
async def test_what_the_page_deletes_is_gone(
    postgres: Postgres, tmp_path: Path, statements: str, left: set[str]
) -> None:
    engine = make_engine(postgres.new_database())
    await migrate(engine)
    now = datetime.now(UTC)
    for number, age in ((ANN, 0), (BEN, 91), (CAY, 89)):
        recorder = Recorder(engine, Spool(tmp_path / "spool"))
        attributes = {"sip.ruleID": "SDR_1", "sip.phoneNumber": number}
        recorder.begin(read_call(attributes=attributes, at=now - timedelta(days=age)))
        await recorder.aclose()
    async with engine.begin() as connection:
        for statement in filter(str.strip, statements.split(";")):
            await connection.execute(text(statement))
    assert {record.from_number for record in await latest(engine, 10)} == left
    await engine.dispose()
