"""Where a number is from, by the table that `switchboard prepare` writes, and without it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from switchboard.call.area import Area, area_of, table_path
from switchboard.call.area_table import build, is_built
from switchboard.call.numbers import Number, parse_number
from switchboard.cli import app
from switchboard.worker.areas import ensure

NOWHERE = Path("/nonexistent")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, written by a worker's start and `switchboard prepare` at once."""
    folder = tmp_path_factory.mktemp("areas") / "not yet there"

    async def both() -> list[bool | int]:
        command = (sys.executable, "-c", "from switchboard.cli import main; main()", "prepare")
        prepare = await asyncio.create_subprocess_exec(
            *command, env={"SWITCHBOARD_CACHE": str(folder), "PYTHONPATH": str(Path.cwd())}, stdout=subprocess.DEVNULL
        )
        return list(await asyncio.gather(ensure(folder), prepare.wait()))

    assert asyncio.run(both()) == [True, 0]
    return folder


def area(number: str, cache: Path, language: str = "en") -> Area:
    return area_of(parse_number(number, "US"), cache, language)


@pytest.mark.parametrize(
    ("number", "language", "expected"),
    [
        ("+14155550101", "en", Area("San Francisco", "CA", "United States", "America/Los_Angeles", "415")),
        ("+12095551234", "en", Area(None, "California", "United States", "America/Los_Angeles", "209")),
        ("+16132311111", "fr", Area("Ottawa", "ON", "Canada", "America/Toronto", "613")),
        ("+442079460018", "en", Area("London", None, "United Kingdom", "Europe/London", "20")),
        ("+4989123456", "de", Area("München", None, "Deutschland", "Europe/Berlin", "89")),
        ("+4989123456", "en", Area("Munich", None, "Germany", "Europe/Berlin", "89")),
        ("+525512345678", "es-MX", Area("Ciudad de México", "CDMX", "México", "America/Mexico_City", "55")),
        ("+559935251234", "pt", Area("Imperatriz", "MA", "Brazil", "America/Sao_Paulo", "99")),
        ("+442891234567", "en", Area("Bangor", None, "United Kingdom", "Europe/London", "28")),
    ],
)
def test_a_number_tells_where_it_is_from(number: str, language: str, expected: Area, cache: Path) -> None:
    assert area(number, cache, language) == expected


def test_a_mobile_number_of_argentina_has_its_city(cache: Path) -> None:
    assert area("+5491143211234", cache) == area("+541143211234", cache)
    assert area("+5491143211234", cache).city == "Buenos Aires"
    assert area("+5491143211234", cache).area_code == "11"


@pytest.mark.parametrize("number", ["+18005550100", "+4915123456789"])
def test_a_number_of_no_area_has_no_area_code(number: str) -> None:
    assert area(number, NOWHERE).area_code is None


@pytest.mark.parametrize(
    ("number", "country"),
    [("+6561234567", "Singapur"), ("+13459451234", "Kaiman-Inseln"), ("+4915123456789", "Deutschland")],
)
def test_a_place_that_is_the_country_is_no_city(number: str, country: str, cache: Path) -> None:
    found = area(number, cache, "de")
    assert (found.city, found.region, found.country) == (None, None, country)
    assert found.name == country


def test_of_several_towns_none_is_named(cache: Path) -> None:
    found = area("+19025550123", cache)  # "Nova Scotia/Prince Edward Island"
    assert (found.city, found.region, found.name) == (None, None, "Canada")


def test_several_time_zones_with_one_clock_are_the_mainlands(cache: Path) -> None:
    assert area("+447400123456", cache).timezone == "Europe/London"
    assert area("+3584012345678", cache).timezone == "Europe/Helsinki"


def test_several_time_zones_that_differ_are_none(cache: Path) -> None:
    assert area("+18005550100", cache).timezone is None


@pytest.mark.parametrize(
    "number", [None, Number(""), Number("anonymous"), parse_number("sip:alice@example.com", "US"), Number("911")]
)
@pytest.mark.parametrize("there_is_a_table", [True, False])
def test_what_is_no_number_is_from_nowhere(number: Number | None, there_is_a_table: bool, cache: Path) -> None:
    found = area_of(number, cache if there_is_a_table else NOWHERE)
    assert found == Area()
    assert found.name is None
    assert found.as_mapping() == {}


def test_a_mapping_has_what_is_known_and_nothing_else(cache: Path) -> None:
    assert area("+442079460018", cache).as_mapping() == {
        "city": "London",
        "country": "United Kingdom",
        "timezone": "Europe/London",
        "area_code": "20",
    }
    assert area("+14155550101", cache).name == "San Francisco"
    assert area("+12095551234", cache).name == "California"


def test_without_a_table_country_and_time_zone_are_known() -> None:
    assert area("+442079460018", NOWHERE, "fr") == Area(None, None, "Royaume-Uni", "Europe/London", "20")
    assert area("+4989123456", NOWHERE, "es") == Area(None, None, "Alemania", "Europe/Berlin", "89")


def test_a_process_that_answers_calls_never_imports_the_librarys_table(cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from switchboard.call.area import area_of; "
        "from switchboard.call.numbers import parse_number; number = parse_number('+442079460018', 'US'); "
        f"cities = [area_of(number, Path(folder)).city for folder in ({str(cache)!r}, '/nonexistent')]; "
        "print(cities, 'phonenumbers.geodata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['London', None] False"
    assert "run `switchboard prepare`" in done.stderr
    assert "7946" not in done.stderr  # the number is the caller's


def without_tables(path: Path) -> None:
    sqlite3.connect(path).close()
    path.touch()


def of_other_columns(path: Path) -> None:
    table = sqlite3.connect(path)
    table.executescript("CREATE TABLE area (prefix INTEGER PRIMARY KEY, it); CREATE TABLE country (code TEXT)")
    table.close()


@pytest.mark.parametrize("damage", ["rubbish", "cut off", "empty", "without tables", "of other columns"])
def test_a_broken_table_costs_the_city_alone_and_is_recognised(damage: str, cache: Path, tmp_path: Path) -> None:
    path = table_path(tmp_path)
    whole = table_path(cache).read_bytes()
    match damage:
        case "rubbish":
            path.write_bytes(b"\xff" * 10_000)
        case "cut off":
            path.write_bytes(whole[:20_000])
        case "empty":
            path.write_bytes(b"")
        case "without tables":
            without_tables(path)
        case _:
            of_other_columns(path)
    assert area("+442079460018", tmp_path) == Area(None, None, "United Kingdom", "Europe/London", "20")
    assert not is_built(tmp_path)


@settings(deadline=None)
@given(digits=st.from_regex(r"\A\+[0-9]{1,25}\Z"), language=st.text(max_size=8))
def test_no_number_and_no_language_makes_it_raise(digits: str, language: str, cache: Path) -> None:
    for folder in (cache, NOWHERE):
        assert isinstance(area_of(parse_number(digits, "US"), folder, language), Area)
        assert isinstance(area_of(Number(digits, digits, "US"), folder, language), Area)


def test_writing_leaves_one_file_that_others_may_read(cache: Path) -> None:
    assert [path.name for path in cache.iterdir()] == [table_path(cache).name]
    assert table_path(cache).stat().st_mode & 0o444 == 0o444


async def test_a_table_that_is_there_is_left_alone(cache: Path) -> None:
    before = table_path(cache).stat()
    assert await ensure(cache)
    assert table_path(cache).stat() == before


async def test_a_start_that_cannot_write_the_table_goes_on_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert not await ensure(tmp_path / "file")
    assert "run `switchboard prepare`" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_worker_that_stops_takes_the_writing_with_it(tmp_path: Path) -> None:
    def files() -> list[Path]:
        return list(tmp_path.iterdir())

    def wait_for_a_file() -> None:
        while not files():
            time.sleep(0.01)

    writing = asyncio.create_task(ensure(tmp_path))
    await asyncio.to_thread(wait_for_a_file)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert files() == []


def test_prepare_says_that_the_table_is_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHBOARD_CACHE", str(cache))
    done = CliRunner().invoke(app, ["prepare"])
    assert (done.exit_code, done.stdout) == (0, f"areas: {table_path(cache)} is there\n")


def test_prepare_names_the_folder_that_it_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SWITCHBOARD_CACHE", str(tmp_path / "file"))
    done = CliRunner().invoke(app, ["prepare"])
    assert done.exit_code == 2
    assert str(tmp_path / "file") in done.stderr
    assert "set SWITCHBOARD_CACHE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_building_in_a_folder_that_is_none_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        build(tmp_path / "file")
