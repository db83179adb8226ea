"""`python -m lab.providers`: the benchmark's stand-ins, in a process of their own. Prints their address when they run.

What callers say and what is replied comes by `POST /_offline/words`. For the demonstration's: `switchboard offline`.
"""

from __future__ import annotations

import asyncio
import logging

from lab.providers.server import OfflineServer
from lab.providers.timed_words import TimedWords


async def main() -> None:
    """Serve on a free port until the process is ended."""
    # Who hangs up in the middle of an answer, as interrupted agents do, is no fault to be logged.
    for name in ("aiohttp.server", "lab.providers"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    async with OfflineServer(mind=TimedWords()) as server:
        print(server.origin, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
