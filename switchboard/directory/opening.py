"""The directory that an address names."""

from __future__ import annotations

from switchboard.directory.directory import Directory


def open_directory(place: str, token: str | None = None) -> Directory:
    """`place` is an http(s) URL with {number} in it, which gets `token` as a bearer token, or a database URL.

    Opens nothing yet. Raises BadDatabaseURL or DirectoryError where it cannot be one.
    """
    if place.startswith(("http://", "https://")):
        from switchboard.directory.http import HttpDirectory

        return HttpDirectory(place, token=token)
    from switchboard.database.engine import make_engine
    from switchboard.directory.sql import SqlDirectory

    # A look-up has long been given up when this patience ends: it only bounds what is left behind.
    return SqlDirectory(make_engine(place, patience_s=0.5))
