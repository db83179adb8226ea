"""Which models failed lately: known to every call of this machine, so that not each of them has to find out.

A small file for each stands for "leave it out"; its age is what counts. Where the folder cannot be written a process
knows only what it saw itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

# Longer than any probing takes to notice that it is well; after that the next call tries it again itself.
_LEFT_OUT_S = 120.0
_PROBED_EVERY_S = 15.0


class Health:
    """What failed, and when. `folder` None keeps it in this process alone; `clock` tells seconds since 1970."""

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._seen: dict[str, float] = {}

    def failed(self, model: str) -> None:
        """Leave it out from now on. Also a probe of it that failed."""
        now = self._clock()
        self._seen[model] = now
        if (path := self._path(model)) is not None:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                os.utime(path, (now, now))

    def works(self, model: str) -> None:
        """Ask it again from now on."""
        self._seen.pop(model, None)
        if (path := self._path(model)) is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def is_out(self, model: str) -> bool:
        """Whether another should be asked in its place."""
        since = self._since(model)
        return since is not None and self._clock() - since < _LEFT_OUT_S

    def take_probe(self, model: str) -> bool:
        """Whether it is time to see if it works again, and this caller is to do so: nobody else is told for a while."""
        since = self._since(model)
        if since is None or self._clock() - since < _PROBED_EVERY_S:
            return False
        self.failed(model)
        return True

    def _since(self, model: str) -> float | None:
        path = self._path(model)
        if path is None:
            return self._seen.get(model)
        try:
            return path.stat().st_mtime
        except FileNotFoundError:
            # Another process may have found that it works. Where nothing can be written, what was seen here counts.
            if path.parent.is_dir() and os.access(path.parent, os.W_OK):
                self._seen.pop(model, None)
            return self._seen.get(model)
        except OSError:
            return self._seen.get(model)

    def _path(self, model: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / hashlib.sha256(model.encode()).hexdigest()[:32]
