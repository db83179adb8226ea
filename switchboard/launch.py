"""The first second of a worker: what calls are forked from is loaded beside this process, and faults are told at once.

Both import the same for two seconds. One after the other, as livekit-agents would start them, they take twice as long.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import sys

from dotenv import load_dotenv

from switchboard.settings import MissingSettings
from switchboard.startup import CannotStart, Startup, startup

PRELOAD = "switchboard.preload"
# livekit-agents names these two itself when it comes to start a fork server, and finds this one.
_ITS_OWN = ("livekit.agents.ipc._preload", "livekit.agents.ipc._preload_freeze")


def begin() -> Startup:
    """Start loading, and read the environment and the table. Where they are at fault: what to mend, and exit code 2."""
    load_dotenv(".env")  # also for what livekit-agents reads itself, and for the processes of calls
    start_fork_server()
    try:
        start = startup()
        start.settings.require(start.config.providers())
    except (CannotStart, MissingSettings) as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
    return start


def start_fork_server() -> None:
    """Start it unless it runs. Does nothing where calls are not forked (macOS, Windows)."""
    # We do not use the end-of-turn model that livekit-agents would load (243 MB); `preload` loads the voice detector.
    os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")
    # A watchdog that wakes every process 50 times a second, for a tenth or more of a call's processor time.
    os.environ.setdefault("LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS", "0")
    if sys.platform.startswith("linux"):
        multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOAD, *_ITS_OWN])
        multiprocessing.forkserver.ensure_running()
