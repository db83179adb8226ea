"""A worker's cache for one run."""

from __future__ import annotations

from pathlib import Path


def own_cache(folder: Path, cache: Path) -> Path:
    """`folder`, made, with the tables of areas that `cache` has.

    Greetings in a stand-in's voice must not be kept for real calls, nor those of one worker given to another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in cache.glob("areas-*.sqlite3"):
        if not (folder / table.name).exists():
            (folder / table.name).symlink_to(table.resolve())
    return folder
