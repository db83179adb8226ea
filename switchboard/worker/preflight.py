"""What would keep a worker from serving, found before it begins: ports, folders, a LiveKit that refuses it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from switchboard.livekit_api.address import WrongAddress, check_address
from switchboard.worker.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_ASKS_WITHIN_S = 3.0


def obstacles(settings: Settings, engine: AsyncEngine) -> list[str]:
    """What this machine does not give the worker, a line each with the setting that would mend it. Opens nothing for
    longer than it takes to look."""
    return [*_address(settings), *_ports(settings), *unwritable(settings, engine)]


def _address(settings: Settings) -> Iterator[str]:
    try:
        check_address(settings.livekit_url)
    except WrongAddress as fault:
        yield str(fault)


def _ports(settings: Settings) -> Iterator[str]:
    page = ("SWITCHBOARD_HTTP", settings.http_host, settings.http_port)
    ready = ("SWITCHBOARD_HEALTH", settings.health_host, settings.health_port)
    if page[1:] == ready[1:] and settings.http_port:
        yield f"SWITCHBOARD_HTTP_PORT and SWITCHBOARD_HEALTH_PORT are both {settings.http_port}: give one another"
        return
    for name, host, port in (page, ready):
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.create_server((host, port), family=family):
                pass
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                yield f"port {port} is taken, perhaps by another worker: set {name}_PORT to another port"
            elif error.errno == errno.EACCES:
                yield f"port {port} may not be opened: set {name}_PORT to one above 1023"
            else:
                yield f'{name}_HOST = "{host}" is no address of this machine ({error.strerror})'


def unwritable(settings: Settings, engine: AsyncEngine) -> Iterator[str]:
    """The folders that a worker cannot do without and cannot write, a line each."""
    from switchboard.database.engine import sqlite_file

    file = sqlite_file(engine)
    # SQLite makes no folder, and needs its own for the write-ahead log.
    if file is not None and not (
        file.parent.is_dir() and _is_writable(file.parent) and (not file.exists() or os.access(file, os.W_OK))
    ):
        yield f"the database {file.absolute()} cannot be written: set DATABASE_URL to a file that can be"
    if not _is_writable(settings.spool):
        yield (
            f"the folder {settings.spool.absolute()} cannot be written, and records wait there while the database is "
            "away: set SWITCHBOARD_SPOOL to one that can be"
        )


def unkept(settings: Settings) -> list[str]:
    """What goes on without a folder that cannot be written, but not as well: a warning for each."""
    if _is_writable(settings.cache):
        return []
    where = settings.cache.absolute()
    return [f"{where} cannot be written, so greetings are spoken anew each time: set SWITCHBOARD_CACHE (warning)"]


def _is_writable(folder: Path) -> bool:
    """Whether `folder` can be written, or made."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


async def livekit_trouble(settings: Settings) -> tuple[str, bool] | None:
    """What is wrong with the LiveKit server of these settings, and whether that may pass by itself; None if nothing."""
    from switchboard.livekit_api.client import ServerTrouble, Unreachable, open_api, try_out

    secret = settings.livekit_api_secret.get_secret_value()
    try:
        async with open_api(
            settings.livekit_url, settings.livekit_api_key, secret, request_timeout=_ASKS_WITHIN_S
        ) as api:
            await try_out(api)
    except Unreachable as trouble:
        return str(trouble), True
    except ServerTrouble as trouble:
        return str(trouble), False
    return None
