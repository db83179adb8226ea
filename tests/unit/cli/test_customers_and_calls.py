"""`switchboard customers`, `calls` and `migrate`: what they print, and their exit codes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import ToolCalled
from switchboard.call.reading import read_call
from switchboard.cli import app
from switchboard.database.engine import make_engine
from switchboard.records.recorder import Recorder
from switchboard.records.spool import Spool
from switchboard.routing.decision import Answer, Step
from switchboard.speech.profile import BUILT_IN

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWITCHBOARD_CONFIG", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'test.sqlite3'}")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def save(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_customers_are_imported_found_and_added(run: Run) -> None:
    file = save("c.csv", "number,name,tier\n(415) 555-0101,Ann,gold\n")
    assert json.loads(run("customers", "import", file, "--json").stdout)["added"] == 1
    assert run("customers", "add", "--number", "+14155550101", "--name", "Bob", "--column", "car=red").exit_code == 0
    found = run("customers", "find", "4155550101", "--json")
    assert json.loads(found.stdout) == [{"name": "Ann", "tier": "gold"}, {"name": "Bob", "car": "red"}]
    assert run("customers", "import", file, "--replace").stdout == "0 added, 1 updated, 1 removed\n"


def test_customers_are_listed_exported_imported_again_and_removed(run: Run, tmp_path: Path) -> None:
    rows = '+14155550101,Ann,en,gold,,"says ""hi"", often",Oakland\n+14155550101,Bob,,,,,\n+442079460018,,,,,,\n'
    content = f"number,name,language,tier,company,notes,branch\n{rows}"
    run("customers", "import", save("c.csv", content))
    listed = run("customers", "list").stdout.splitlines()
    assert listed[0] == '+14155550101  name: Ann, language: en, tier: gold, notes: says "hi", often, branch: Oakland'
    assert len(json.loads(run("customers", "list", "--json", "--last", "2").stdout)) == 2
    assert "and more: --last 20" in run("customers", "list", "--last", "2").stderr
    assert run("customers", "export", "out.csv").stdout == "out.csv: 3 customers\n"
    assert Path("out.csv").read_text() == content == run("customers", "export", "-").stdout
    assert Path("out.csv").stat().st_mode & 0o077 == 0
    assert run("customers", "import", "out.csv", "--replace").stdout == "0 added, 3 updated, 0 removed\n"
    assert run("customers", "remove", "+14155550101", "--name", "Bob").stdout == "+14155550101: 1 removed\n"
    assert run("customers", "remove", "+14155550101", "--name", "Bob").exit_code == 1
    assert run("customers", "remove", "(415) 555-0101").exit_code == 0
    assert run("customers", "list").stdout == "+442079460018  \n"


def test_an_export_overwrites_nothing_and_leaves_nothing_half_made(run: Run) -> None:
    assert run("customers", "export", "out.csv").exit_code == 1, "there is no database yet"
    assert not Path("out.csv").exists()
    run("migrate")
    refused = run("customers", "export", save("mine.csv", "mine"))
    assert (refused.exit_code, Path("mine.csv").read_text()) == (2, "mine")


def test_an_unknown_number_is_the_answer_no(run: Run) -> None:
    assert run("customers", "find", "+14155550199").exit_code == 1


@pytest.fixture
def crm() -> Iterator[str]:
    """A CRM that knows one customer; gives its DIRECTORY_URL."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.endswith("=%2B14155550101")
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(b'[{"name": "Ann", "visits": 3}]' if known else b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/?number={{number}}"
        server.shutdown()
        thread.join()


def test_find_asks_the_directory_that_calls_ask(run: Run, crm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRECTORY_URL", crm)
    assert run("customers", "find", "+14155550101").stdout == "name: Ann, visits: 3\n"
    unknown = run("customers", "find", "+14155550102")
    assert (unknown.exit_code, unknown.stderr) == (1, "nobody is known under +14155550102\n")
    monkeypatch.setenv("DIRECTORY_URL", "http://127.0.0.1:1/?number={number}")
    silent = run("customers", "find", "+14155550101")
    assert (silent.exit_code, silent.stderr) == (1, "customer directory: ConnectError\n")


def test_numbers_without_plus_are_read_in_the_region_of_the_routing_file(run: Run) -> None:
    save("switchboard.toml", '[worker]\nregion = "GB"\n')
    run("customers", "add", "--number", "020 7946 0018", "--name", "Ann")
    assert run("customers", "find", "+442079460018").exit_code == 0
    assert run("customers", "find", "020 7946 0018", "--region", "us").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("customers", "import", "none.csv"), "none.csv: No such file or directory"),
        (("customers", "import", "wrong.csv"), "Nothing was imported."),
        (("customers", "import", "wrong.csv", "--region", "Mars"), '--region "MARS" is no country'),
        (("customers", "find", "12"), '"12" is no telephone number in US'),
        (("customers", "add", "--number", "x"), '"x" is no telephone number in US'),
        (("customers", "add", "--number", "+14155550101", "--column", "tier"), '--column "tier" is not NAME=VALUE'),
        (("customers", "add", "--number", "+14155550101", "--column", "name=x"), "is given by --name"),
        (("customers", "add", "--number", "+14155550101", "--name", "x" * 201), "--name is longer than 200"),
        (("calls", "--last", "0"), "--last"),
        (("calls", "--from", "x"), '"x" is no telephone number in US'),
        (("calls", "--cause", "fualt"), 'did you mean "fault"'),
        (("calls", "--since", "soon"), '--since "soon" is no duration'),
    ],
)
def test_wrong_use_is_said_in_a_line_and_changes_nothing(run: Run, arguments: tuple[str, ...], message: str) -> None:
    save("wrong.csv", "number\nx\n")
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert run("customers", "find", "+14155550101").exit_code == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/x", "the database postgresql://ann:***@127.0.0.1:1/x cannot be used"),
        ("sqlite:////none/x.sqlite3", "the database /none/x.sqlite3 cannot be used"),
        ("sqlite://", "DATABASE_URL names no file"),
        ("mysql://x/y", 'DATABASE_URL names the database "mysql" (have: sqlite, postgresql)'),
        ("nonsense", "DATABASE_URL is no URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    for command in (("calls",), ("migrate",), ("customers", "find", "+14155550101")):
        done = run(*command)
        assert done.exit_code == 2
        assert message in done.stderr
        assert "secret" not in done.stderr


def test_migrate_says_what_it_did(run: Run) -> None:
    assert json.loads(run("migrate", "--json").stdout)["changed"] is True
    assert "nothing to do" in run("migrate").stdout


BEGAN = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ANSWER = Answer(route="support", line=12, agent="support", language="es", speech=BUILT_IN["phone"], greeting="Hola")
TRACE = (*(Step(f"r{line}", line, (), "to") for line in range(1, 8)), Step("support", 12, ("job.x = 1",), None))


def record_a_call(tmp_path: Path, caller: str = "4155550101", at: datetime = BEGAN) -> str:
    call = read_call(
        attributes={"sip.ruleID": "SDR_1", "sip.phoneNumber": caller, "sip.trunkPhoneNumber": "+18005550100"},
        job={"department": "support"},
        customers=[{"name": "Ann [bold]"}],
        at=at,
    )

    def later(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    async def write() -> str:
        recorder = Recorder(make_engine(f"sqlite:///{tmp_path / 'test.sqlite3'}"), Spool(tmp_path / "spool"))
        recorder.begin(call, ANSWER, TRACE)
        recorder.answered(later(0.5))
        recorder.changed("late", "x-queue", "[red]", later(20))
        for fault in ("", "KeyError: 'Ann' (rentals.py:17)"):
            arguments, at = '{"day": "Saturday"}', later(10)
            tool = ToolCalled(
                at=at, tool="rent_bike", arguments=arguments, result="Done.", failed=bool(fault), fault=fault
            )
            recorder.hear(tool)
        recorder.warning("the voice was slow")
        recorder.ended(Ending(Cause.CALLER_HUNG_UP), later(83.4))
        await recorder.aclose()
        return str(recorder.id)

    return asyncio.run(write())


def test_calls_are_listed_and_shown(run: Run, tmp_path: Path) -> None:
    run("migrate")
    assert run("calls").stdout == "no calls yet\n"
    call = record_a_call(tmp_path)
    assert call[:8] in run("calls").stdout
    assert [row["id"] for row in json.loads(run("calls", "--json").stdout)] == [call]
    shown = run("calls", "show", call[:8])
    assert 'department = "support"  from job' in shown.stdout
    assert "name: Ann [bold]" in shown.stdout
    assert 'late x-queue = "[red]"' in shown.stdout
    assert "+83.40 s: the caller hung up  (caller_hung_up)" in shown.stdout
    as_json = json.loads(run("calls", "show", call, "--json").stdout)
    assert as_json["facts"]["department"]["source"] == "job"
    assert as_json["call"]["from"] == "4155550101"


def test_the_list_fits_80_columns_with_times_in_the_zone_of_the_machine_and_how_long_each_call_lasted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    run("migrate")
    try:
        call = record_a_call(tmp_path, "+442079460018")
        listed = run("calls").stdout
    finally:
        monkeypatch.undo()
        time.tzset()
    head, row, *_ = listed.splitlines()
    assert max(map(len, listed.splitlines())) <= 80
    assert re.search(r"began \(E[SD]T\)", head)
    began = BEGAN.astimezone(ZoneInfo("America/New_York"))
    for cell in (call[:8], "+442079460018", "+18005550100", " 1:23 ", "support"):
        assert cell in row
    assert re.search(rf"{began:%m-%d} 1[34]:00", row), "one offset for all rows, that of now"


def test_calls_are_picked_by_number_route_agent_cause_and_time(run: Run, tmp_path: Path) -> None:
    run("migrate")
    old = record_a_call(tmp_path)
    new = record_a_call(tmp_path, "+442079460018", datetime.now(UTC))

    def picked(*arguments: str) -> list[str]:
        return [row["id"] for row in json.loads(run("calls", "--json", *arguments).stdout)]

    assert picked() == [new, old]
    assert picked("--from", "(415) 555-0101") == [old]
    assert picked("--to", "+18005550100", "--route", "support", "--agent", "support") == [new, old]
    assert picked("--since", "2h") == [new]
    assert picked("--cause", "caller_hung_up", "--last", "1") == [new]
    assert picked("--cause", "fault") == []
    assert run("calls", "--route", "sales").stdout == "no such calls\n"


def test_a_call_is_shown_for_people(run: Run, tmp_path: Path) -> None:
    run("migrate")
    shown = run("calls", "show", record_a_call(tmp_path)).stdout
    lines = shown.splitlines()
    assert any(line.startswith("began     2026-03-0") and not line.rstrip().endswith("00") for line in lines), "a zone"
    order = ["+14155550101", "what happened", 'rent_bike(day="Saturday")', "→ Done.", "late x-queue", "\nwhy\n"]
    assert sorted(order, key=shown.index) == order
    assert "failed: KeyError: 'Ann' (rentals.py:17)" in shown
    assert "the voice was slow" in shown
    assert "7 routes" in shown
    assert "r7" in run("calls", "show", lines[0].split()[1], "--all").stdout


@pytest.mark.parametrize("name", ["00000000", "zz", "' OR 1=1"])
def test_an_unknown_call_is_the_answer_no(run: Run, tmp_path: Path, name: str) -> None:
    run("migrate")
    record_a_call(tmp_path)
    done = run("calls", "show", name)
    assert (done.exit_code, "no call has the ID" in done.stderr) == (1, True)


def test_too_little_of_an_id_asks_for_more(run: Run, tmp_path: Path) -> None:
    run("migrate")
    ids = [record_a_call(tmp_path) for _ in range(17)]  # two of them begin with the same digit
    first = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    done = run("calls", "show", first)
    assert (done.exit_code, "write more of it" in done.stderr) == (2, True)


@pytest.mark.parametrize("reads", [("calls",), ("calls", "show", "1"), ("customers", "find", "+14155550101")])
def test_who_only_reads_leaves_no_empty_database_behind_and_says_where_none_is(
    run: Run, tmp_path: Path, reads: tuple[str, ...]
) -> None:
    result = run(*reads)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"there is no database {tmp_path / 'test.sqlite3'} yet")
    assert list(tmp_path.iterdir()) == []
