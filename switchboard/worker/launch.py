"""The first second of a worker: what calls are forked from is loaded beside this process, and faults are told at once.

Both import the same for two seconds. One after the other, as livekit-agents would start them, they take twice as long.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import load_dotenv

from switchboard.livekit_api.internals import end_fork_server, start_fork_server

if TYPE_CHECKING:
    from switchboard.worker.bootstrap import Services

PRELOAD = "switchboard.worker.preload"
BUSINESS = "SWITCHBOARD_BUSINESS"  # how the fork server learns the folder: it has neither our arguments nor our path


def begin(business: Path) -> Services:
    """Start loading, and read the environment and the table. Where they are at fault: what to mend, and exit code 2.

    `business` is the folder of agent.py.
    """
    load_dotenv(".env")  # also for what livekit-agents reads itself, and for the processes of calls
    os.environ[BUSINESS] = str(business.resolve())
    # Nothing needs tidying up before calls are served: until then Ctrl-C ends this at once, and says nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    start_fork_server([PRELOAD])
    from switchboard.worker.bootstrap import CannotStart
    from switchboard.worker.settings import MissingSettings

    try:
        return _prepared(business)
    except (CannotStart, MissingSettings) as fault:
        end_fork_server()
        print(fault, file=sys.stderr)
        sys.exit(2)


def _prepared(business: Path) -> Services:
    """Raises CannotStart, MissingSettings."""
    from switchboard.speech.trial import plugin_troubles
    from switchboard.worker.bootstrap import CannotStart, bootstrap
    from switchboard.worker.preflight import obstacles, unkept

    services = bootstrap(business)
    settings, file = services.settings, services.tables.current
    for warning in (*services.warnings, *unkept(settings)):
        print(warning, file=sys.stderr)
    settings.require(file.variables())
    if troubles := obstacles(settings, services.engine) + plugin_troubles(file.profiles(), services.models.accesses):
        raise CannotStart("\n".join(troubles))
    if file.worker.require_providers and (troubles := _without_providers(services)):
        raise CannotStart("\n".join(troubles))
    return services


def _without_providers(services: Services) -> list[str]:
    """What keeps providers from serving calls, where the business would rather not start than start without them."""
    import asyncio

    from switchboard.speech.trial import endpoint_troubles

    profiles = services.tables.current.profiles()
    return asyncio.run(endpoint_troubles(profiles, services.models.accesses))
