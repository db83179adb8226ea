"""The table of areas, made when the worker starts: calls do not wait for it."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from switchboard.call.area import ADVICE
from switchboard.call.area_table import is_built

logger = logging.getLogger("switchboard")


async def ensure(cache: Path) -> bool:
    """Build the table if there is none, in a process of its own at low priority. Never raises; False: there is none.

    For the worker's start: it does not wait for the areas, and calls that come first do without.
    """
    if await asyncio.to_thread(is_built, cache):
        return True
    command = (sys.executable, "-m", "switchboard.call.area_table", str(cache))
    try:
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    except OSError as error:
        logger.warning("the table of areas could not be built (%s): %s", error, ADVICE)
        return False
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:  # cancelled: the worker stops
            process.terminate()
            await process.wait()
    if process.returncode != 0:
        reason = said.decode(errors="replace").strip().rpartition("\n")[2]
        logger.warning("the table of areas could not be built (%s): %s", reason, ADVICE)
    return process.returncode == 0
