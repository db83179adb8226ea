"""The directory that an address names."""

from __future__ import annotations

from urllib.parse import urlsplit

from switchboard.directory.directory import Directory

_WEB = ("http://", "https://")


def open_directory(place: str, token: str | None = None) -> Directory:
    """`place` is an http(s) URL with {number} in it, which gets `token` as a bearer token, or a database URL.

    Opens nothing yet. Raises BadDatabaseURL or DirectoryError where it cannot be one.
    """
    if place.startswith(_WEB):
        from switchboard.directory.http import HttpDirectory

        return HttpDirectory(place, token=token)
    from switchboard.database.engine import make_engine
    from switchboard.directory.sql import SqlDirectory

    # A look-up has long been given up when this patience ends: it only bounds what is left behind.
    return SqlDirectory(make_engine(place, patience_s=0.5))


def place_of(directory: str) -> str:
    """Where that directory is, for messages: no password, and nothing of a URL that may hold a key."""
    if directory.startswith(_WEB):
        return urlsplit(directory).netloc.rpartition("@")[2]
    from switchboard.database.engine import make_engine, place

    return place(make_engine(directory))


def is_there(directory: str) -> bool:
    """Whether it can be asked: a file that nobody has made yet cannot, all others are taken to be there."""
    if directory.startswith(_WEB):
        return True
    from switchboard.database.engine import make_engine, sqlite_file

    file = sqlite_file(make_engine(directory))
    return file is None or file.exists()
