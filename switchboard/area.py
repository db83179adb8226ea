"""Where a number is from: city, region, country and time zone.

phonenumbers knows all of it, but its table of areas takes 3 s and 170 MB to import: too much for a process that
answers a call. `build` writes that table once into a small SQLite file (`switchboard prepare`), and `area_of` asks
the file. Where there is none, country and time zone are all that is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import logging
import os
import re
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_geographical_number

from switchboard.numbers import Number

logger = logging.getLogger("switchboard")

LANGUAGES = ("en", "es", "fr", "de")  # English first: where a language has no name of its own, it is used
_STATES_COUNTRIES = ("US", "CA")  # there, a name without ", ST" is a state or province
_LONGEST_PREFIX = 10  # digits; the library has 9, and Argentina's mobile numbers add one
_ADVICE = "run `switchboard prepare` (SWITCHBOARD_CACHE is where it writes)"


@dataclass(frozen=True, slots=True)
class Area:
    """Where a number is from, as far as that is known. Mobile numbers often tell the country only.

    `city`, `region` and `country` are names to say; `timezone` is an IANA name ("Europe/London").
    """

    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None

    @property
    def name(self) -> str | None:
        """The closest place known."""
        return self.city or self.region or self.country

    def as_mapping(self) -> dict[str, str]:
        """What is known, and nothing else."""
        return {key: value for key, value in asdict(self).items() if value}


def table_path(cache: Path) -> Path:
    """The file for the installed phonenumbers: a newer one has newer areas."""
    return cache / f"areas-{phonenumbers.__version__}.sqlite3"


# --- asking -----------------------------------------------------------------------------------------------


def area_of(number: Number | None, cache: Path, language: str = "en") -> Area:
    """Where `number` is from, in `language` (`es-MX` is read as `es`; others than LANGUAGES are answered in English).

    Never raises. Without a usable table the first call of a process logs what to do.
    """
    if number is None or number.e164 is None:
        return Area()
    spoken = language.partition("-")[0].lower()
    spoken = spoken if spoken in LANGUAGES else LANGUAGES[0]
    zone = _time_zone(number.e164, number.country)
    try:
        table = _open(table_path(cache))
        place = _place(table, number.e164, spoken)
        names = _country_names(table, number.country or "", spoken)
    except sqlite3.Error as error:
        _warn_once(str(error))
        country = _library_country_name(number.country, spoken) or _library_country_name(number.country, LANGUAGES[0])
        return Area(country=country, timezone=zone)
    city, region = _city_and_region(place, number.country) if place not in names else (None, None)
    return Area(city, region, names[0] if names else None, zone)


@functools.cache
def _open(path: Path) -> sqlite3.Connection:
    """A connection for the life of the process. `immutable`: nobody writes to the file, so no locks are taken."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def _place(table: sqlite3.Connection, e164: str, language: str) -> str:
    """What the table says about the longest prefix of the number that it has, `""` for nothing."""
    digits = e164.lstrip("+")[:_LONGEST_PREFIX]
    prefixes = [int(digits[:length]) for length in range(1, len(digits) + 1)]
    row = table.execute(
        f"SELECT coalesce({language}, en) AS name FROM area WHERE prefix IN ({','.join('?' * len(prefixes))}) "
        "AND name IS NOT NULL ORDER BY prefix DESC LIMIT 1",
        prefixes,
    ).fetchone()
    return row[0] if row else ""


def _country_names(table: sqlite3.Connection, country: str, language: str) -> list[str]:
    """The country's name in `language`, and in English, which a place may have been named in."""
    row = table.execute(f"SELECT coalesce({language}, en), en FROM country WHERE code = ?", [country]).fetchone()
    return [name for name in row if name] if row else []


def _city_and_region(place: str, country: str | None) -> tuple[str | None, str | None]:
    """`"San Francisco, CA"` and `"Imperatriz - MA"` are city and region; `"Ontario"` is a region, `"London"` a city."""
    place = re.sub(r"\s*\([^)]*\)", "", place)  # "Bangor (Co. Down)": nobody says it
    city, _, region = place.partition(", ") if ", " in place else place.partition(" - ")
    if "/" in city:  # several towns share the prefix, "Turku/Pori": which one is not known
        city = ""
    if not region and country in _STATES_COUNTRIES:
        city, region = "", city
    return city or None, region or None


def _time_zone(e164: str, country: str | None) -> str | None:
    """The number's time zone, None where it could be one of several that differ."""
    try:
        zones = time_zones_for_geographical_number(phonenumbers.parse(e164))
        if len(zones) > 1 and country and _agree(zones):
            # A mobile of the United Kingdom is from Guernsey, Jersey, the Isle of Man or London: the clock is the
            # same, and the library's example of a number is from the mainland.
            example = phonenumbers.example_number(country)
            likely = time_zones_for_geographical_number(example) if example else ()
            zones = likely if len(likely) == 1 and likely[0] in zones else zones[:1]
    except (phonenumbers.NumberParseException, LookupError, OSError):  # ZoneInfoNotFoundError is a LookupError
        return None
    return zones[0] if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE else None


def _agree(zones: tuple[str, ...]) -> bool:
    """Whether the clocks of these zones show the same time, in summer and winter."""
    return all(_offsets(zone) == _offsets(zones[0]) for zone in zones[1:])


@functools.cache
def _offsets(zone: str) -> list[timedelta | None]:
    year = datetime.now(UTC).year
    return [datetime(year, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)]


def _library_country_name(country: str | None, language: str) -> str | None:
    name = _library_countries().get(country or "", {}).get(language, "")
    if name.startswith("*"):  # "*aa": the same as in that language
        name = _library_countries()[country or ""].get(name[1:], "")
    return name or None


@functools.cache
def _library_countries() -> Mapping[str, Mapping[str, str]]:
    """phonenumbers' names of countries, `{"US": {"en": …}}`, read past its package, which would import the areas too.

    Takes up to 150 ms, once a process: only where there is no table.
    """
    try:
        path = Path(phonenumbers.__file__).with_name("geodata") / "locale.py"
        spec = importlib.util.spec_from_file_location("phonenumbers.geodata.locale", path)
        if spec is None or spec.loader is None:
            return {}
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.LOCALE_DATA
    except (ImportError, OSError, AttributeError):
        return {}


@functools.cache
def _warn_once(fault: str) -> None:
    logger.warning("callers' cities are not known, the table of areas cannot be read (%s): %s", fault, _ADVICE)


# --- building ---------------------------------------------------------------------------------------------


def is_built(cache: Path) -> bool:
    """Whether a whole table is there."""
    path = table_path(cache)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as table:
            found = _place(table, "+442083661177", LANGUAGES[-1]), _country_names(table, "GB", LANGUAGES[-1])
            return all(found) and table.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


async def ensure(cache: Path) -> bool:
    """Build the table if there is none, in a process of its own at low priority. Never raises; False: there is none.

    For the worker's start: it does not wait for the areas, and calls that come first do without.
    """
    if await asyncio.to_thread(is_built, cache):
        return True
    command = (sys.executable, "-m", "switchboard.area", str(cache))
    try:
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    except OSError as error:
        logger.warning("the table of areas could not be built (%s): %s", error, _ADVICE)
        return False
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:  # cancelled: the worker stops
            process.terminate()
            await process.wait()
    if process.returncode != 0:
        reason = said.decode(errors="replace").strip().rpartition("\n")[2]
        logger.warning("the table of areas could not be built (%s): %s", reason, _ADVICE)
    return process.returncode == 0


def build(cache: Path) -> Path:
    """Write the table and return its path. Takes seconds and 170 MB: for a process that ends soon.

    Several may build at once: each writes a file of its own and moves it into place. Raises OSError where the folder
    cannot be written, sqlite3.Error where the disk is full.
    """
    cache.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=cache, prefix="areas-", suffix=".part")
    os.close(handle)
    try:
        with contextlib.closing(sqlite3.connect(name)) as table, table:
            table.execute("PRAGMA journal_mode = OFF")
            columns = ", ".join(LANGUAGES)
            table.execute(f"CREATE TABLE area (prefix INTEGER PRIMARY KEY, {columns})")
            table.execute(f"CREATE TABLE country (code TEXT PRIMARY KEY, {columns}) WITHOUT ROWID")
            marks = ",".join("?" * (1 + len(LANGUAGES)))
            table.executemany(f"INSERT INTO area VALUES ({marks})", _areas())
            table.executemany(f"INSERT INTO country VALUES ({marks})", _countries())
        Path(name).chmod(0o644)
        return Path(name).replace(table_path(cache))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _areas() -> Iterator[tuple[Any, ...]]:
    """Rows of (prefix, a name for each of LANGUAGES)."""
    from phonenumbers.geodata import GEOCODE_DATA

    for prefix, names in GEOCODE_DATA.items():
        row = _row(names)
        yield (int(prefix), *row)
        if mobile := _mobile_prefix(prefix):
            yield (int(mobile), *row)


def _mobile_prefix(prefix: str) -> str | None:
    """How mobile numbers of the same area begin, where that differs: +54 9 11 is Buenos Aires as +54 11 is."""
    for code in (prefix[:length] for length in (1, 2, 3)):
        if token := phonenumbers.country_mobile_token(int(code)):
            return code + token + prefix[len(code) :]
    return None


def _row(names: Mapping[str, str]) -> tuple[str | None, ...]:
    """A name for each of LANGUAGES, None where it is the English one."""
    english = names.get(LANGUAGES[0])
    return (english, *(None if (name := names.get(other)) == english else name for other in LANGUAGES[1:]))


def _countries() -> Iterator[tuple[Any, ...]]:
    for code in _library_countries():
        names = {language: name for language in LANGUAGES if (name := _library_country_name(code, language))}
        yield (code, *_row(names))


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the unfinished file is removed
    try:
        build(Path(sys.argv[1]))
    except (OSError, sqlite3.Error) as fault:
        sys.exit(str(fault))
