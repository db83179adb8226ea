"""The record of a call, written behind the call's back."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Ended, Identified, ToolCalled
from switchboard.call.reading import read_call
from switchboard.call.spec import read_spec
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.records.read import by_id, latest
from switchboard.records.record import CallRecord
from switchboard.records.recorder import Recorder
from switchboard.records.row import Row, from_json, to_json, write
from switchboard.records.spool import Spool
from switchboard.routing.decision import Answer, Refuse, Step
from switchboard.speech.profile import BUILT_IN

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CALL = read_call(
    attributes={
        "sip.callID": "SCL_1",
        "sip.ruleID": "SDR_1",
        "sip.phoneNumber": "4155550101",
        "sip.trunkPhoneNumber": "+18005550100",
        "queue": "bikes",
    },
    job={"department": "support"},
    customers=[{"name": "Ann"}],
    at=AT,
    warnings=["room metadata is empty: ignored"],
)
DECISION = Answer(
    route="support",
    line=12,
    agent="support",
    language="es",
    speech=BUILT_IN["phone"],
    greeting="Hola",
    warnings=("no voice for es",),
)
TRACE = (Step("vip", 3, ("to",), "from"), Step("support", 12, ("department",), None))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncEngine:
    engine = make_engine(f"sqlite:///{tmp_path / 'switchboard.sqlite3'}")
    await migrate(engine)
    return engine


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "state" / "spool")


def dead(tmp_path: Path) -> AsyncEngine:
    """A database that cannot be opened: its folder is not there."""
    return make_engine(f"sqlite:///{tmp_path / 'away' / 'switchboard.sqlite3'}")


async def come_back(engine: AsyncEngine) -> None:
    Path(engine.url.database or "").parent.mkdir()
    await migrate(engine)


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until it holds, as things that happen in the background do."""
    async with asyncio.timeout(30):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def waiting(spool: Spool) -> bool:
    return any(spool.folder.glob("*.json"))


async def emptied(spool: Spool) -> bool:
    return not await waiting(spool)


async def record(engine: AsyncEngine, recorder: Recorder) -> CallRecord:
    (found,) = await by_id(engine, str(recorder.id))
    return found


async def test_a_call_is_on_the_record_with_what_was_known_and_decided(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool, "call-1")
    recorder.rang(AT)
    recorder.begin(CALL, DECISION, TRACE, "f00d")
    recorder.answered(AT)
    recorder.changed("data", "mood", {"now": "cross"}, AT)
    recorder.warning("the voice was slow")
    recorder.ended(Ending(Cause.CALLER_HUNG_UP), AT)
    await recorder.aclose()

    row = await record(engine, recorder)
    assert (row.sip_call_id, row.provider_call_id, row.room) == ("SCL_1", None, "call-1")
    assert (row.from_raw, row.from_number, row.to_number) == ("4155550101", "+14155550101", "+18005550100")
    assert (row.kind, row.direction) == ("sip", "inbound")
    assert (row.started_at, row.rang_at, row.answered_at, row.ended_at) == (AT, AT, AT, AT)
    assert row.end_reason == "the caller hung up"
    assert (row.route, row.agent, row.language, row.refusal) == ("support", "support", "es", None)
    assert row.fingerprint == "f00d"
    assert row.facts["department"] == {"value": "support", "source": "job", "trusted": True}
    assert row.facts["queue"] == {"value": "bikes", "source": "attribute", "trusted": False}
    assert row.decision["speech"]["stt"] == "deepgram/nova-2-phonecall"
    assert row.decision["greeting"] == "Hola"
    assert row.trace[0] == {"route": "vip", "line": 3, "matched": ["to"], "failed": "from"}
    assert row.warnings == ["room metadata is empty: ignored", "no voice for es", "the voice was slow"]
    assert row.changes == [{"at": AT.isoformat(), "what": "data", "key": "mood", "value": {"now": "cross"}}]
    assert not spool.folder.exists()


async def test_a_recorded_call_can_be_explained_again(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    await recorder.aclose()
    again = read_spec((await record(engine, recorder)).call, "US")
    assert (again.from_number, again.to_number, again.at) == (CALL.from_number, CALL.to_number, AT)
    assert again.data == CALL.data
    assert again.customer == CALL.customer


async def test_the_carrier_s_identifier_may_come_late(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, DECISION)
    recorder.identified(read_call(attributes={**CALL.attributes, "sip.twilio.callSid": "CA1"}))
    recorder.identified(read_call())  # nothing known any more is no reason to forget
    await recorder.aclose()
    row = await record(engine, recorder)
    assert (row.sip_call_id, row.provider_call_id) == ("SCL_1", "CA1")


async def test_a_refused_call_says_so(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, Refuse(route="blocked", line=2, reason="busy"))
    await recorder.aclose()
    row = await record(engine, recorder)
    assert (row.route, row.agent, row.refusal) == ("blocked", None, "busy")


async def test_a_call_that_ends_before_it_is_routed_is_on_the_record(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    recorder.ended(Ending(Cause.CALLER_HUNG_UP))
    await recorder.aclose()
    row = await record(engine, recorder)
    assert (row.route, row.trace, row.end_reason) == (None, [], "the caller hung up")


async def test_a_room_without_a_call_leaves_no_record(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.ended(Ending(Cause.NO_CALLER))
    await recorder.aclose()
    assert await latest(engine, 10) == []


async def test_the_row_is_there_while_the_call_goes_on(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, DECISION)
    await until(lambda: latest(engine, 1))
    assert (await record(engine, recorder)).ended_at is None
    recorder.ended(Ending(Cause.AGENT_ENDED))
    await recorder.aclose()
    assert (await record(engine, recorder)).end_reason == "the agent ended the call"


async def test_text_that_postgresql_refuses_is_made_storable(engine: AsyncEngine, spool: Spool) -> None:
    dirty = "a\x00b\ud800"
    recorder = Recorder(engine, spool, dirty)
    attributes = {"sip.ruleID": "x", "sip.phoneNumber": dirty, dirty: dirty, "sip.callID": dirty}
    recorder.begin(read_call(attributes=attributes))
    recorder.changed("data", dirty, {dirty: [dirty, float("inf")]})
    recorder.warning(dirty)
    recorder.ended(Ending(Cause.FAULT, dirty))
    await recorder.aclose()
    row = await record(engine, recorder)
    assert row.from_raw == row.sip_call_id == row.room == row.warnings[-1] == "ab?"
    assert row.end_reason == "a fault in the worker: ab?"
    assert row.facts["ab?"]["value"] == "ab?"
    assert row.changes[0]["value"] == {"ab?": ["ab?", None]}


async def test_a_caller_who_changes_things_all_day_does_not_fill_the_record(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    for i in range(2000):
        recorder.changed("data", "x", i)
    await recorder.aclose()
    row = await record(engine, recorder)
    assert len(row.changes) < 1000
    assert [text for text in row.warnings if "changes" in text] == [row.warnings[-1]]


async def test_a_caller_who_sends_all_that_livekit_carries_does_not_fill_the_record(
    engine: AsyncEngine, spool: Spool
) -> None:
    flood = {f"sip.h.x-{number}": "y" * 30 for number in range(1500)}
    own = {"sip.callID": "SCL_1", "sip.ruleID": "SDR_1", "sip.twilio.callSid": "CA\x1b[31m" + "1" * 9000}
    call = read_call(
        attributes=flood | own | {"sip.phoneNumber": "4" * 60_000}, participant="z" * 60_000, room={"order": 7}, at=AT
    )
    recorder = Recorder(engine, spool)
    recorder.begin(call, DECISION)
    for number in range(40):
        recorder.changed("data", "k" * 60_000, {f"{number}": ["v" * 60_000] * 5}, AT)
        recorder.warning("w" * 60_000)
    await recorder.aclose()
    row = await record(engine, recorder)
    sizes = {name: len(json.dumps(getattr(row, name))) for name in ("call", "facts", "changes", "warnings")}
    assert sum(sizes.values()) < 350_000, sizes
    assert row.facts["order"]["value"] == 7
    assert row.call["attributes"]["sip.callID"] == "SCL_1"
    assert row.call["room"] == {"order": 7}
    assert row.provider_call_id == "CA[31m" + "1" * 194 + "…"
    assert len(row.from_raw or "") < 3_000
    assert row.call["rule"] == "SDR_1"


def called(result: str = "", *, fault: str = "") -> ToolCalled:
    return ToolCalled(
        at=AT, tool="rent_bike", arguments='{"day": "Saturday"}', result=result, failed=bool(fault), fault=fault
    )


async def test_each_tool_is_on_the_record_with_its_result_or_what_was_raised(
    engine: AsyncEngine, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    recorder.hear(called("A bike for Ann."))
    recorder.hear(called("An internal error occurred", fault="KeyError: 'Ann' (rentals.py:17)"))
    await recorder.aclose()
    row = await record(engine, recorder)
    told = {"at": AT.isoformat(), "tool": "rent_bike", "arguments": '{"day": "Saturday"}'}
    assert row.tools == [
        {**told, "failed": False, "result": "A bike for Ann.", "fault": ""},
        {**told, "failed": True, "result": "An internal error occurred", "fault": "KeyError: 'Ann' (rentals.py:17)"},
    ]
    assert "Ann" not in caplog.text


async def test_what_a_tool_gives_is_bounded_and_so_is_their_number(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    recorder.hear(called("x" * 1_000_000))
    for _ in range(600):
        recorder.hear(called())
    await recorder.aclose()
    row = await record(engine, recorder)
    assert row.tools[0]["result"] == "x" * 2000 + "…"
    assert len(row.tools) < 600
    assert row.warnings[-1] == "more than 500 tools: the rest is not on the record"


async def test_a_row_of_a_version_that_knows_no_tools_has_none(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.begin(CALL)
    older = {key: value for key, value in recorder._row.items() if key != "tools"}  # pyright: ignore[reportPrivateUsage]
    await write(engine, older)
    assert (await record(engine, recorder)).tools == []
    await recorder.aclose()


async def test_a_database_that_is_away_at_the_end_leaves_the_row_in_the_spool(tmp_path: Path, spool: Spool) -> None:
    engine = dead(tmp_path)
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, DECISION, TRACE)
    recorder.ended(Ending(Cause.AGENT_ENDED), AT)
    await recorder.aclose()
    (file,) = spool.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700

    await come_back(engine)
    assert await spool.drain(engine) == 1
    assert list(spool.folder.iterdir()) == []
    row = await record(engine, recorder)
    assert (row.end_reason, row.ended_at, row.agent, len(row.trace)) == ("the agent ended the call", AT, "support", 2)


async def test_a_database_that_comes_back_during_the_call_gets_the_row(tmp_path: Path, spool: Spool) -> None:
    engine = dead(tmp_path)
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, DECISION)
    await until(partial(waiting, spool))  # safe from here on, whatever happens to this process
    await come_back(engine)
    await until(lambda: latest(engine, 1))
    await until(partial(emptied, spool))
    recorder.ended(Ending(Cause.AGENT_ENDED))
    await recorder.aclose()
    assert (await record(engine, recorder)).end_reason == "the agent ended the call"
    assert list(spool.folder.iterdir()) == []


class SlowToForget(Spool):
    """A spool that takes its time to remove what the database has."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.forgetting, self.go_on = Event(), Event()

    def discard(self, call: UUID, revision: int) -> None:
        if revision:
            self.forgetting.set()
            self.go_on.wait(30)
        super().discard(call, revision)


async def test_what_happens_while_a_row_is_being_written_is_written_before_the_end(tmp_path: Path) -> None:
    engine, spool = dead(tmp_path), SlowToForget(tmp_path / "spool")
    recorder = Recorder(engine, spool)
    recorder.begin(CALL, DECISION)
    await until(partial(waiting, spool))
    await come_back(engine)
    await asyncio.to_thread(spool.forgetting.wait, 30)
    recorder.ended(Ending(Cause.AGENT_ENDED))
    closing = asyncio.create_task(recorder.aclose(30))
    await asyncio.sleep(0)
    spool.go_on.set()
    await closing
    assert (await record(engine, recorder)).end_reason == "the agent ended the call"
    assert list(spool.folder.iterdir()) == []


async def test_a_spool_that_cannot_be_written_ends_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    recorder = Recorder(dead(tmp_path), Spool(tmp_path / "file" / "spool"))
    recorder.begin(CALL, DECISION)
    await recorder.aclose()
    assert "set SWITCHBOARD_SPOOL" in caplog.text


async def test_no_log_line_names_the_caller(tmp_path: Path, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(dead(tmp_path), spool, "call-4155550101")
    recorder.begin(CALL, DECISION)
    await recorder.aclose()
    assert str(recorder.id) in caplog.text
    assert "4155550101" not in caplog.text
    assert "Ann" not in caplog.text


def row(recorder: Recorder, **columns: Any) -> Row:
    known: Row = {"kind": "sip", "direction": "inbound", "started_at": AT, "call": {}, "facts": {}, "decision": {}}
    return {"id": recorder.id, **known, "trace": [], "warnings": [], "changes": [], **columns}


async def test_an_older_row_never_replaces_a_newer_one(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    for revision in (2, 1, 3, 3, 2):
        await write(engine, row(recorder, revision=revision, end_reason=f"revision {revision}"))
    assert (await record(engine, recorder)).end_reason == "revision 3"
    assert len(await latest(engine, 10)) == 1


async def test_the_spool_keeps_the_newest_row_of_a_call(engine: AsyncEngine, spool: Spool) -> None:
    first, second = Recorder(engine, spool), Recorder(engine, spool)
    for recorder in (first, second):
        for revision in (1, 2):
            spool.put(row(recorder, revision=revision))
    assert len(list(spool.folder.iterdir())) == 2
    spool.discard(first.id, 1)
    assert len(list(spool.folder.iterdir())) == 2
    spool.discard(first.id, 2)
    assert await spool.drain(engine) == 1


async def test_a_spoilt_file_keeps_no_other_waiting(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    spool.put(row(recorder, revision=1))
    for name, text in (("0.1.json", "{"), ("1.1.json", "[]"), ("2.1.json", '{"id": "x"}')):
        (spool.folder / name).write_text(text)
    (spool.folder / "3.1.json").write_text(to_json(row(recorder, revision=2, kind=None)))
    assert await spool.drain(engine) == 1
    assert sorted(file.name for file in spool.folder.iterdir()) == ["0.1.bad", "1.1.bad", "2.1.bad", "3.1.bad"]


async def test_an_empty_spool_is_no_fault(engine: AsyncEngine, spool: Spool) -> None:
    assert await spool.drain(engine) == 0


def test_a_row_survives_its_way_through_a_file() -> None:
    recorder = Recorder(make_engine("sqlite:///x.sqlite3"), Spool(Path("x")))
    before = row(recorder, revision=1, ended_at=AT)
    assert from_json(to_json(before)) == before
    with pytest.raises(ValueError, match="unknown columns"):
        from_json(json.dumps({"id": str(recorder.id), "colour": "red"}))


async def test_a_call_that_ends_before_it_is_decided_is_on_the_record(engine: AsyncEngine, spool: Spool) -> None:
    recorder = Recorder(engine, spool)
    recorder.hear(Identified(at=AT, call=CALL))
    recorder.hear(Ended(at=AT, ending=Ending(Cause.CALLER_HUNG_UP)))
    await recorder.aclose()
    row = await record(engine, recorder)
    assert (row.route, row.cause, row.sip_call_id) == (None, "caller_hung_up", "SCL_1")


@pytest.mark.parametrize(
    "text", ["", "[]", "5", '{"id": 5}', '{"id": ' + "[" * 20_000, '{"id": null}', '[["id", "x"]]']
)
def test_a_file_that_is_no_row_is_one_kind_of_fault(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of any words
        from_json(text)
