"""Where a number is from: city, region, country and time zone.

phonenumbers knows all of it, but its table of areas takes 3 s and 170 MB to import: too much for a process that
answers a call. `build` writes that table once into a small SQLite file (`switchboard prepare`), and `area_of` asks
the file. Where there is none, country and time zone are all that is known.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_geographical_number

from switchboard.call.numbers import Number

logger = logging.getLogger("switchboard")

LANGUAGES = ("en", "es", "fr", "de")  # English first: where a language has no name of its own, it is used
_STATES_COUNTRIES = ("US", "CA")  # there, a name without ", ST" is a state or province
_LONGEST_PREFIX = 10  # digits; the library has 9, and Argentina's mobile numbers add one
ADVICE = "run `switchboard prepare` (SWITCHBOARD_CACHE is where it writes)"


@dataclass(frozen=True, slots=True)
class Area:
    """Where a number is from, as far as that is known. Mobile numbers often tell the country only.

    `city`, `region` and `country` are names to say; `timezone` is an IANA name ("Europe/London"); `area_code` is its
    digits, as they are dialled after the country's ("415").
    """

    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None
    area_code: str | None = None

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


def area_of(number: Number | None, cache: Path, language: str = "en") -> Area:
    """Where `number` is from, in `language` (`es-MX` is read as `es`; others than LANGUAGES are answered in English).

    Never raises. Without a usable table the first call of a process logs what to do.
    """
    if number is None or number.e164 is None:
        return Area()
    spoken = language.partition("-")[0].lower()
    spoken = spoken if spoken in LANGUAGES else LANGUAGES[0]
    zone, code = _time_zone(number.e164, number.country), _area_code(number.e164)
    try:
        table = _open(table_path(cache))
        place = place_of(table, number.e164, spoken)
        names = country_names(table, number.country or "", spoken)
    except sqlite3.Error as error:
        _warn_once(str(error))
        country = library_country_name(number.country, spoken) or library_country_name(number.country, LANGUAGES[0])
        return Area(country=country, timezone=zone, area_code=code)
    city, region = _city_and_region(place, number.country) if place not in names else (None, None)
    return Area(city, region, names[0] if names else None, zone, code)


@functools.cache
def _open(path: Path) -> sqlite3.Connection:
    """A connection for the life of the process. `immutable`: nobody writes to the file, so no locks are taken."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def place_of(table: sqlite3.Connection, e164: str, language: str) -> str:
    """What the table says about the longest prefix of the number that it has, `""` for nothing."""
    digits = e164.lstrip("+")[:_LONGEST_PREFIX]
    prefixes = [int(digits[:length]) for length in range(1, len(digits) + 1)]
    row = table.execute(
        f"SELECT coalesce({language}, en) AS name FROM area WHERE prefix IN ({','.join('?' * len(prefixes))}) "
        "AND name IS NOT NULL ORDER BY prefix DESC LIMIT 1",
        prefixes,
    ).fetchone()
    return row[0] if row else ""


def country_names(table: sqlite3.Connection, country: str, language: str) -> list[str]:
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


def _area_code(e164: str) -> str | None:
    """None where the number is of no area: free of charge, or a mobile telephone in most countries."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None
    digits = phonenumbers.national_significant_number(number)
    code = digits[: phonenumbers.length_of_geographical_area_code(number)]
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE:
        code = code.removeprefix(phonenumbers.country_mobile_token(number.country_code or 0))  # Argentina's 9
    return code or None


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


def library_country_name(country: str | None, language: str) -> str | None:
    name = library_countries().get(country or "", {}).get(language, "")
    if name.startswith("*"):  # "*aa": the same as in that language
        name = library_countries()[country or ""].get(name[1:], "")
    return name or None


@functools.cache
def library_countries() -> Mapping[str, Mapping[str, str]]:
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
    logger.warning("callers' cities are not known, the table of areas cannot be read (%s): %s", fault, ADVICE)
