"""How a call's process comes by what the fork server made for all calls."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from livekit.agents import JobContext, JobProcess

from switchboard.worker.bootstrap import CannotStart, Services, bootstrap
from switchboard.worker.launch import BUSINESS

logger = logging.getLogger("switchboard")

_SERVICES = "services"


def hand_on_services(process: JobProcess) -> None:
    """Run by livekit-agents in each process for calls, before its call: gives it what the fork server made."""
    services: Services | None = None
    try:
        from switchboard.worker import preload

        # None: the routing file was at fault when the fork server read it. It may be mended by now.
        services = preload.services or bootstrap(Path(os.environ[BUSINESS]))
    except CannotStart as fault:
        logger.error("callers are told goodbye until this is mended: %s", fault)
    except Exception:  # else this process ends, and the next, and every call rings on with nobody to refuse it
        logger.exception("callers are told goodbye until this is mended")
    process.userdata[_SERVICES] = services


def services_of(ctx: JobContext) -> Services:
    """What this process was given. Raises CannotStart where there was nothing to give."""
    services: Services | None = ctx.proc.userdata.get(_SERVICES)
    if services is None:
        raise CannotStart("this process could not be made ready for calls: its first lines in the log say why")
    return services
