"""The worker's process: registered with LiveKit, healthy only when it is, drained when told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import math
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine

from livekit.agents import AgentServer, JobContext

from switchboard.livekit_api.internals import end_fork_server, set_up_log
from switchboard.records.keeping import keep
from switchboard.records.spool import Spool
from switchboard.speech.trial import endpoint_troubles
from switchboard.worker.areas import ensure
from switchboard.worker.bootstrap import Services
from switchboard.worker.fixed_words import speak_ahead
from switchboard.worker.handing_on import hand_on_services
from switchboard.worker.health import Health
from switchboard.worker.last_words import turn_away_where_it_fails
from switchboard.worker.launch import PRELOAD
from switchboard.worker.lines import Lines
from switchboard.worker.offers import Offers
from switchboard.worker.overflow.attendant import Access
from switchboard.worker.overflow.desk import Desk
from switchboard.worker.overflow.full_house import FullHouse
from switchboard.worker.preflight import livekit_trouble
from switchboard.worker.privacy import keep_log_private
from switchboard.worker.rescue.lapses import keep_leases
from switchboard.worker.rescue.lost_calls import rescue_calls
from switchboard.worker.ringing import take_ringing_calls
from switchboard.worker.server_api import api_of
from switchboard.worker.settings import Settings
from switchboard.worker.terminal import READY, STOPPING, is_terminal, speak_to_people

logger = logging.getLogger("switchboard")

_FAILED = 1
_WRONG_USE = 2
# Without LiveKit: no call comes any more, and the supervisor should start a worker that may reach it.
_LOST_FOR_S = 30


class CallServer(AgentServer):
    """A LiveKit agent server that takes as many calls as it has `lines`, and leaves the others to its `full_house`."""

    def __init__(self, settings: Settings, full_house: FullHouse) -> None:
        self.full_house = full_house
        self.lines = Lines(settings.max_calls, self.job_ids)
        super().__init__(
            ws_url=settings.livekit_url,
            api_key=settings.livekit_api_key,
            api_secret=settings.livekit_api_secret.get_secret_value(),
            load_fnc=self.lines.load,
            load_threshold=math.inf,  # it would call itself full, or say no, by an estimate of its own
            num_idle_processes=settings.idle_processes,
            max_retry=settings.connect_tries,
            host=settings.http_host,
            port=settings.http_port,
            drain_timeout=settings.drain_timeout,
            preload_modules=[PRELOAD],
            setup_fnc=hand_on_services,
        )

    def job_ids(self) -> list[str]:
        """LiveKit's IDs of the calls that it has at the moment."""
        return [running.job.id for running in self.active_jobs]


def _full_house(services: Services) -> FullHouse:
    settings = services.settings
    access = Access(settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret.get_secret_value())
    desk = Desk(services, access, api_of(settings))
    return FullHouse(api_of(settings), services.agent_name, lambda: services.tables.current, desk)


def make_server(services: Services, answer: Callable[[JobContext], Awaitable[None]]) -> CallServer:
    """A server that gives each call of our name to `answer`."""
    server = CallServer(services.settings, _full_house(services))
    answer = functools.partial(turn_away_where_it_fails, answer)
    answer_offer = Offers(server.lines, server.full_house).answer
    server.rtc_session(answer, agent_name=services.agent_name, on_request=answer_offer)
    return server


def run(server: CallServer, services: Services) -> int:
    """Serve calls until SIGTERM or Ctrl-C, then let the running ones finish. Returns the exit code."""
    level = os.environ.get("LIVEKIT_LOG_LEVEL", "INFO").upper()
    set_up_log(level)
    if is_terminal():
        speak_to_people(logging.getLevelNamesMapping().get(level, logging.INFO))
    keep_log_private()
    # Drained and closed under the loop that ran it; a second signal ends the process at once.
    return asyncio.run(_serve(server, services))


async def _serve(server: CallServer, services: Services) -> int:
    settings = services.settings
    if trouble := await livekit_trouble(settings):
        text, may_pass = trouble
        logger.log(logging.WARNING if may_pass else logging.ERROR, text)
        if not may_pass:
            end_fork_server()
            return _WRONG_USE
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, stop)

    def on_registered(*_: object) -> None:
        _tell_ready(services)

    server.on("worker_registered", on_registered)
    health = Health(server)
    await health.start(settings.health_host, settings.health_port)
    behind = [asyncio.create_task(tell_when_it_fails(task)) for task in _behind_the_calls(server, services)]
    serving = asyncio.create_task(server.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if serving.done() and (fault := serving.exception()) is not None:
        logger.error("the worker stopped: %s (LIVEKIT_URL is %s)", fault, settings.livekit_url)
        code = _FAILED
    stopping.cancel()
    health.draining = True
    await wind_up(server, min(settings.drain_timeout, _LOST_FOR_S) if code else settings.drain_timeout)
    with contextlib.suppress(Exception):
        await serving
    await health.stop()
    for task in behind:
        task.cancel()
    await asyncio.gather(*behind, return_exceptions=True)
    return code


async def wind_up(server: AgentServer, within_s: int) -> None:
    """Let running calls finish for at most `within_s` seconds. Whoever is still there then hears a goodbye."""
    if within_s:  # 0 is no limit to livekit-agents
        with contextlib.suppress(TimeoutError):
            await server.drain(within_s)
    await server.aclose()


async def tell_when_it_fails(work: Coroutine[None, None, object]) -> None:
    """`work` that nobody waits for: what it raises is in the log at once, and not only when the worker stops."""
    try:
        await work
    except Exception:
        logger.exception("%s has stopped: restart the worker when its calls allow it", work.__qualname__)


def _behind_the_calls(server: CallServer, services: Services) -> list[Coroutine[None, None, object]]:
    """What the worker's own process does beside: calls that ring unanswered are found, calls that lose their process
    go on, the database is kept up to date, the table of areas made."""
    settings = services.settings
    open_api = api_of(settings)
    return [
        speak_ahead(services.tables.current, services.models, settings.fixed_words if settings.speak_ahead else None),
        warn_of_endpoints(services),
        take_ringing_calls(server, server.lines, open_api, services.agent_name, server.full_house),
        server.full_house.run(),
        rescue_calls(server, services, open_api),
        keep_leases(server, services, open_api, server.job_ids),
        keep(services.engine, Spool(settings.spool)),
        ensure(settings.cache),
    ]


async def warn_of_endpoints(services: Services) -> None:
    """Say in the log what calls would otherwise find out: an address that is no provider, a key that is refused."""
    if services.tables.current.worker.require_providers:
        return  # it would not have started (switchboard/worker/launch.py)
    for trouble in await endpoint_troubles(services.tables.current.profiles(), services.models.accesses):
        logger.warning(trouble)


def _tell_ready(services: Services) -> None:
    routes, url = len(services.tables.current.table.routes), services.settings.livekit_url
    logger.info(READY, extra={"routes": routes, "agent": services.agent_name, "url": url})


def _stop(stop: asyncio.Event) -> None:
    if stop.is_set():  # the operator means it
        os._exit(_FAILED)
    logger.info(STOPPING)
    stop.set()
