"""The table of areas: phonenumbers' own, written once into a small SQLite file (`switchboard prepare`)."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import phonenumbers

from switchboard.call.area import (
    LANGUAGES,
    country_names,
    library_countries,
    library_country_name,
    place_of,
    table_path,
)

logger = logging.getLogger("switchboard")


def is_built(cache: Path) -> bool:
    """Whether a whole table is there."""
    path = table_path(cache)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as table:
            found = place_of(table, "+442083661177", LANGUAGES[-1]), country_names(table, "GB", LANGUAGES[-1])
            return all(found) and table.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


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
    for code in library_countries():
        names = {language: name for language in LANGUAGES if (name := library_country_name(code, language))}
        yield (code, *_row(names))


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the unfinished file is removed
    try:
        build(Path(sys.argv[1]))
    except (OSError, sqlite3.Error) as fault:
        sys.exit(str(fault))
