"""The leases of a worker's calls, renewed; and the calls of which nobody renews it any more: they get another agent.

A worker that was killed with all its processes, or its machine, tells nobody. Every worker looks, and who claims the
lease sends the agent. Before that the one in the room is asked: a worker that only stands still, or lost the database,
loses no call.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from livekit.agents import AgentServer
from livekit.api import LiveKitAPI
from livekit.protocol.agent import Job
from livekit.protocol.models import ParticipantInfo, Room

from switchboard.leases.store import Lapsed, claim, look, purge, release
from switchboard.livekit_api.asking import answers
from switchboard.livekit_api.internals import is_connected
from switchboard.livekit_api.rescues import GENERATION
from switchboard.worker.bootstrap import Services
from switchboard.worker.rescue.lost_calls import Outcome, Rescue, close_record, is_one_of, waits
from switchboard.worker.server_api import registered
from switchboard.worker.waiting import state_of

logger = logging.getLogger("switchboard")

LOOKS_EVERY_S = 0.7
AFTER_OUTAGE = 3  # looks: by then every holder has renewed what it holds
_ATTEMPT_S = 2.0
_LEFT_ALONE_S = 3.0
_PURGES_EVERY_S = 60.0


class Lapses:
    """What one worker does about leases. `jobs` are the IDs of those that it has at the moment."""

    def __init__(
        self,
        services: Services,
        api: LiveKitAPI,
        jobs: Callable[[], Iterable[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._api = api
        self._jobs = jobs
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._left_alone: dict[str, float] = {}
        self._claims_in = 0  # looks
        self._is_away = False
        self._purged_at = float("-inf")

    async def look(self, claims: bool = True) -> None:
        """Renew, and see to what has lapsed; without `claims` only renew. Never raises."""
        engine, name = self._services.engine, self._services.agent_name
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                lapsed = await look(engine, list(self._jobs()), name)
                if self._clock() - self._purged_at > _PURGES_EVERY_S and not self._claims_in:
                    await purge(engine)
                    self._purged_at = self._clock()
        except Exception as error:
            if not self._is_away:
                logger.warning("the leases of calls cannot be renewed (%s)", type(error).__name__)
            self._is_away, self._claims_in = True, AFTER_OUTAGE
            return
        self._is_away = False
        if self._claims_in:
            self._claims_in -= 1
            return
        self._left_alone = {sid: until for sid, until in self._left_alone.items() if until > self._clock()}
        for one in lapsed if claims else ():
            if one.room_sid not in self._tasks and one.room_sid not in self._left_alone:
                self._tasks[one.room_sid] = asyncio.create_task(self._see_to(one))

    async def _see_to(self, lapsed: Lapsed) -> None:
        try:
            outcome = await self._rescue(lapsed)
            if outcome is not None:
                extra = {"outcome": outcome.value, "generation": lapsed.generation}
                logger.warning("a call lost its worker", extra=extra)
        except Exception as error:
            # Only the kind: the text may name the room, which may hold the caller's number.
            logger.warning("a call that lost its worker cannot be seen to yet: %s", type(error).__name__)
        finally:
            del self._tasks[lapsed.room_sid]

    async def _rescue(self, lapsed: Lapsed) -> Outcome | None:
        """What became of the call; None where it is not ours to see to. Raises what server and database raise."""
        engine = self._services.engine
        _, people = await state_of(self._api, lapsed.room) or ([], [])
        if not any(map(waits, people)):
            await release(engine, lapsed.room_sid)
            await self._close_record(lapsed)
            return Outcome.NOBODY_WAITS
        agents = [person for person in people if is_one_of(lapsed.agent_name, person)]
        if await self._any_lives(lapsed.room, agents):
            self._left_alone[lapsed.room_sid] = self._clock() + _LEFT_ALONE_S
            return None
        if not await claim(engine, lapsed):
            return None
        dead = {person.identity for person in agents}
        closing = asyncio.create_task(self._close_record(lapsed))
        outcome = await Rescue(self._api, _job_of(lapsed), dead, claimed=True).run()
        if outcome is not Outcome.GOES_ON:
            await release(engine, lapsed.room_sid, holder="")
        await closing
        return outcome

    async def _any_lives(self, room: str, agents: list[ParticipantInfo]) -> bool:
        return any(await asyncio.gather(*(answers(self._api, room, agent.identity) for agent in agents)))

    async def _close_record(self, lapsed: Lapsed) -> None:
        if lapsed.holder:
            await close_record(self._services, _job_of(lapsed), datetime.now(UTC))

    async def aclose(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def _job_of(lapsed: Lapsed) -> Job:
    """The job that had the call, as far as its lease says."""
    return Job(
        id=lapsed.holder,
        dispatch_id=lapsed.dispatch["id"],
        agent_name=lapsed.agent_name,
        room=Room(sid=lapsed.room_sid, name=lapsed.room),
        metadata=lapsed.dispatch["metadata"],
        attributes={**lapsed.dispatch["attributes"], GENERATION: str(lapsed.generation)},
    )


async def keep_leases(
    server: AgentServer, services: Services, open_api: Callable[[], LiveKitAPI], jobs: Callable[[], Iterable[str]]
) -> None:
    """For as long as `server` serves: renew the leases of its `jobs`, and see to calls that others have lost."""
    await registered(server)
    async with open_api() as api:
        lapses = Lapses(services, api, jobs)
        try:
            while True:
                await lapses.look(claims=is_connected(server) and not server.draining)
                await asyncio.sleep(LOOKS_EVERY_S)
        finally:
            await lapses.aclose()
