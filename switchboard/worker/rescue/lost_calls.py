"""A call whose process died: the worker that had it sends another agent to the caller, and closes its record.

The caller hears nothing meanwhile, and the dead agent is listed in the room for another 20 s. Its process is known to
have ended, so that it can neither speak nor join again: it is removed, and its dispatch is made anew. Where several see
the same loss, who takes the old dispatch away makes the new one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from enum import StrEnum

import aiohttp
from livekit.agents import AgentServer
from livekit.agents.types import ATTRIBUTE_AGENT_NAME
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import RoomParticipantIdentity

from switchboard.call.causes import Cause, Ending
from switchboard.intake.reading import expected
from switchboard.line.emptying import empty_room
from switchboard.line.patience import Patience
from switchboard.livekit_api.attendants import is_attendant
from switchboard.livekit_api.dispatching import claim, dispatch_again, is_gone
from switchboard.livekit_api.internals import LostJob, on_job_lost
from switchboard.livekit_api.rescues import after, generation_of, is_after
from switchboard.livekit_api.rooms import delete_room
from switchboard.records.recorder import Recorder
from switchboard.records.row import end, id_of
from switchboard.records.spool import Spool
from switchboard.worker.bootstrap import Services
from switchboard.worker.server_api import registered
from switchboard.worker.waiting import OFFERED_FOR_S, is_agent, is_caller, state_of

logger = logging.getLogger("switchboard")

MOST = 2  # rescues of one call: what kills its process a third time is in the call
WITHIN_S = 30.0  # for an agent to come; after that the caller is let go
_LOOKS_EVERY_S = 0.5
_WRITES_EVERY_S = 5.0

_FAILURES = (ServerError, aiohttp.ClientError, TimeoutError, OSError)
_SPEAKING_KINDS = (ParticipantInfo.Kind.STANDARD, ParticipantInfo.Kind.CONNECTOR)


class Outcome(StrEnum):
    """What became of a call whose process was lost."""

    GOES_ON = "another agent has it"
    NOBODY_WAITS = "the caller has gone"
    ELSEWHERE = "somebody else sent an agent, or took the dispatch away"
    GIVEN_UP = "no agent came: the caller was let go"


def waits(person: ParticipantInfo) -> bool:
    """Whether this may be the caller of a call that has lost its agent."""
    may_speak = person.permission.can_publish and not person.permission.hidden and not is_attendant(person)
    return is_caller(person) or (person.kind in _SPEAKING_KINDS and may_speak)


class Rescue:
    """The call of a lost `job`, whose agents in the room, `dead`, are known to be so.

    Where it is `claimed`, by its lease, nobody else is to send an agent, whatever has become of the job's dispatch.
    """

    def __init__(
        self,
        api: LiveKitAPI,
        job: Job,
        dead: Collection[str],
        *,
        claimed: bool = False,
        clock: Callable[[], float] = time.monotonic,
        looks_every_s: float = _LOOKS_EVERY_S,
    ) -> None:
        self._api = api
        self._job = job
        self._dead = frozenset(dead)
        self._claimed = claimed
        self._room = job.room.name
        self._generation = generation_of(job.attributes)
        self._clock = clock
        self._looks_every_s = looks_every_s
        self._again: AgentDispatch | None = None  # to be made: the old one is ours, or was asked for
        self._offered_at = float("-inf")

    async def run(self) -> Outcome:
        """Send an agent, and see it come. Never raises."""
        until = self._clock() + WITHIN_S
        may_go_on = self._generation <= MOST
        while may_go_on and self._clock() < until:
            try:
                if (outcome := await self._step()) is not None:
                    return outcome
            except _FAILURES as error:
                # Only the kind: the text may name the room, which may hold the caller's number.
                logger.warning("a call that lost its process cannot be given an agent yet: %s", type(error).__name__)
            await asyncio.sleep(self._looks_every_s)
        return await self._give_up()

    async def _step(self) -> Outcome | None:
        """What is still to be done, None while nobody has come. Raises what the server, and the way to it, raise."""
        dispatches, people = await state_of(self._api, self._room) or ([], [])
        if not any(map(waits, people)):
            return Outcome.NOBODY_WAITS
        if any(map(self._is_living, people)):
            return Outcome.GOES_ON if self._again else Outcome.ELSEWHERE
        if (again := self._again) is None:
            lost = next((one for one in dispatches if one.id == self._job.dispatch_id), None)
            if lost is None and not self._claimed:
                return Outcome.ELSEWHERE
            self._again = again = after(lost or self._dispatch(), self._generation + 1)
            if lost is not None and not await claim(self._api, lost) and not self._claimed:
                return Outcome.ELSEWHERE
            if any(is_after(one, again) for one in dispatches):  # by whoever took the job's
                self._offered_at = self._clock()
        offers = [one for one in dispatches if is_after(one, again)]
        # A worker that was given it, and whose process dies as well, sees to that itself.
        if self._clock() - self._offered_at < OFFERED_FOR_S or any(one.state.jobs for one in offers):
            return None
        for person in people:
            if person.identity in self._dead:
                await self._remove(person.identity)
        for offer in offers:  # that found only full workers
            await claim(self._api, offer)
        await dispatch_again(self._api, again)
        self._offered_at = self._clock()
        return None

    def _dispatch(self) -> AgentDispatch:
        """The job's dispatch, as its job has it: the server has it no more."""
        job = self._job
        return AgentDispatch(
            room=self._room, agent_name=job.agent_name, metadata=job.metadata, attributes=job.attributes
        )

    async def _remove(self, identity: str) -> None:
        """Take a dead agent out of the room: whoever comes later of two agents of our name leaves again."""
        try:
            await self._api.room.remove_participant(RoomParticipantIdentity(room=self._room, identity=identity))
        except ServerError as error:
            if not is_gone(error):
                raise

    async def _give_up(self) -> Outcome:
        """A line on which nobody will speak again is a dead line."""
        await empty_room(lambda: delete_room(self._api, self._room), Patience())
        return Outcome.GIVEN_UP

    def _is_living(self, person: ParticipantInfo) -> bool:
        return is_one_of(self._job.agent_name, person) and person.identity not in self._dead


def is_one_of(agent_name: str, person: ParticipantInfo) -> bool:
    """Whether this is an agent of that name."""
    return is_agent(person) and person.attributes.get(ATTRIBUTE_AGENT_NAME) == agent_name


async def close_record(services: Services, job: Job, at: datetime) -> None:
    """The record of a call whose process died says so; what the process had not written is not known any more.

    Where it had written nothing, there is a row of what its dispatch said. Tries until the database answers.
    """
    spool = Spool(services.settings.spool)
    ending = Ending(Cause.PROCESS_LOST)
    while True:
        try:
            await spool.drain(services.engine)  # what the process left there is later than what the database has
            is_known = await end(services.engine, id_of(job.id), ending, at)
            break
        except Exception as error:
            logger.warning("the record of a lost call waits for the database (%s)", type(error).__name__)
        await asyncio.sleep(_WRITES_EVERY_S)
    if not is_known:
        record = Recorder(services.engine, spool, job.room.name, id_of(job.id))
        record.begin(expected(job, at, services.tables.current.worker.region))
        record.ended(ending, at)
        await record.aclose()


async def rescue_calls(server: AgentServer, services: Services, open_api: Callable[[], LiveKitAPI]) -> None:
    """For as long as `server` serves: whenever the process of a call dies, send another agent to its caller."""
    await registered(server)
    async with open_api() as api, asyncio.TaskGroup() as tasks:

        async def rescue(lost: LostJob) -> None:
            outcome = await Rescue(api, lost.job, {lost.identity}).run()
            logger.warning(
                "a call lost its process",
                extra={"outcome": outcome.value, "generation": generation_of(lost.job.attributes)},
            )

        def on_lost(lost: LostJob) -> None:
            tasks.create_task(rescue(lost))
            tasks.create_task(close_record(services, lost.job, datetime.now(UTC)))

        on_job_lost(server, on_lost)
        await asyncio.Event().wait()
