"""Calls that no line is free for: what `[overflow]` says becomes of them, by the worker's own process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Protocol

from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.room import RoomParticipantIdentity

from switchboard.livekit_api.attendants import is_attendant
from switchboard.livekit_api.rescues import generation_of
from switchboard.livekit_api.rooms import delete_room
from switchboard.routing.decision import Answer
from switchboard.worker.overflow.unserved import Unserved, is_inbound, rings
from switchboard.worker.overflow.waiting_line import WaitingLine
from switchboard.worker.routing_file import RoutingFile
from switchboard.worker.waiting import Verdict, dispatches_of, judge, state_of

logger = logging.getLogger("switchboard")

# s between looks. LiveKit asks one worker after the other, each of which answers within milliseconds: a call that
# nobody has by the first look, nobody will take. The later ones are for a caller who comes after the dispatch, and for
# a server that failed.
LOOKS_AFTER_S = (0.3, 0.7, 1.0)
# Another worker looks every five seconds, and takes whom it found twice.
FOUND_WITHIN_S = 8.0
# Each takes processor time from the calls: whoever comes while so many are told is refused.
TOLD_AT_ONCE = 20
_NO_LINE = "all lines are taken"


class Desk(Protocol):
    """Who speaks to callers and keeps the records of those without an agent (switchboard/worker/overflow/desk.py)."""

    async def announce(self, caller: Unserved, answer: Answer) -> bool: ...

    async def transfer(self, caller: Unserved, answer: Answer) -> None: ...

    async def keep_waiting(self, caller: Unserved, answer: Answer, place: Callable[[], int]) -> None: ...

    async def record_refusal(self, caller: Unserved, why: str) -> None: ...


class FullHouse:
    """What a worker without a free line does for a caller whom no other took: by `[overflow]`, as it is at that time.

    Every worker that was full looks, so the last of them that LiveKit asked does too. Who comes second to refuse finds
    nothing, who comes second to speak takes the first one's place.
    """

    def __init__(
        self,
        open_api: Callable[[], LiveKitAPI],
        agent_name: str,
        file: Callable[[], RoutingFile],
        desk: Desk,
        looks_after_s: Sequence[float] = LOOKS_AFTER_S,
        found_within_s: float = FOUND_WITHIN_S,
    ) -> None:
        self._open_api = open_api
        self._agent_name = agent_name
        self._file = file
        self._desk = desk
        self._looks_after_s = looks_after_s
        self.line = WaitingLine()
        self._kept: dict[str, tuple[Unserved, Answer]] = {}  # in the queue, by us
        self._found_within_s = found_within_s
        self._told = 0  # how many are told so now
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def acts(self) -> bool:
        """Whether anything is done for these callers but to let them ring."""
        return self._file().overflow.then != "wait"

    @property
    def keeps_s(self) -> float:
        """How long callers are kept waiting in a queue: seconds, 0.0 without one."""
        overflow = self._file().overflow
        return overflow.for_s if overflow.then == "queue" else 0.0

    @property
    def kept_lines(self) -> int:
        """How many of the free lines are for those who wait in the queue already."""
        return len(self.line) if self.keeps_s else 0

    async def tell(self, room: Room) -> None:
        """See to the caller in `room`, whose call we have left to others. Raises nothing of the server's."""
        if not self.acts:
            return  # until a line is free: `take_ringing_calls`
        trouble: Exception | None = None
        for pause in self._looks_after_s:
            await asyncio.sleep(pause)
            try:
                async with self._open_api() as api:
                    if await self.see_to(api, room):
                        return
            except Exception as error:
                trouble = error
        if trouble is not None:
            # Only the kind: the text may name the room, which may hold the caller's number.
            logger.warning("a call beyond the lines could not be seen to: %s", type(trouble).__name__)

    async def see_to(self, api: LiveKitAPI, room: Room) -> bool:
        """Refuse whoever rings in `room`, or begin to speak to them, if nobody has the call. False where there is no
        caller yet.

        Raises livekit.api's ServerError, and what reaching the server raises.
        """
        state = await state_of(api, room.name)
        if state is None:
            return True
        dispatches, people = state
        verdict = judge(dispatches, people, self._agent_name, now_s=float("inf"))  # however young the dispatch is
        if verdict is not Verdict.WAITING:
            return verdict is not Verdict.NOT_OURS
        dispatch = dispatches_of(self._agent_name, dispatches)[-1]
        callers = list(filter(is_inbound, people))
        if not callers:
            return False
        if any(map(is_attendant, people)) or generation_of(dispatch.attributes) > 1:
            return True  # another speaks to them; or had an agent, and whoever lost it sends one (the rescue)
        caller = Unserved.of(callers[0], room, dispatch, self._file())
        overflow, decision = self._file().overflow, caller.decision
        if not isinstance(decision, Answer) or overflow.then == "refuse":
            return await self._refuse(api, caller, people)
        if overflow.then == "queue" and self.line.before(caller.room, caller.came_at) < overflow.at_most:
            self.line.enter(caller.room, caller.came_at)
            self._kept[caller.room] = (caller, decision)
            self._start(self._keep_waiting(caller, decision))
            return True
        has_words = overflow.then != "queue" or overflow.announce is not None
        if not (has_words and self._told < TOLD_AT_ONCE) and await self._refuse(api, caller, people):
            return True
        if overflow.then == "transfer":
            self._start(self._tell_one(self._desk.transfer(caller, decision)))
        else:
            self._start(self._tell_one(self._announce_or_refuse(caller, decision, people)))
        return True

    async def run(self) -> None:
        """For as long as the worker serves. When this is cancelled, those who wait are left to other workers; whom none
        has found then is told that nobody comes."""
        try:
            await asyncio.Event().wait()
        finally:
            kept, tasks = dict(self._kept), tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if kept:
                await asyncio.sleep(self._found_within_s)
                parting = (self._part_with(caller, answer) for caller, answer in kept.values())
                await asyncio.gather(*parting, return_exceptions=True)

    async def _part_with(self, caller: Unserved, answer: Answer) -> None:
        async with self._open_api() as api:
            dispatches, people = await state_of(api, caller.room) or ([], [])
        verdict = judge(dispatches, people, self._agent_name, now_s=float("inf"))
        if verdict is Verdict.WAITING and not any(map(is_attendant, people)):
            await self._announce_or_refuse(caller, answer, people)

    async def _keep_waiting(self, caller: Unserved, answer: Answer) -> None:
        def place() -> int:
            return self.line.before(caller.room, caller.came_at) + 1

        try:
            await self._desk.keep_waiting(caller, answer, place)
        finally:
            self.line.leave(caller.room)
            self._kept.pop(caller.room, None)

    async def _tell_one(self, telling: Coroutine[None, None, None]) -> None:
        self._told += 1
        try:
            await telling
        finally:
            self._told -= 1

    async def _announce_or_refuse(self, caller: Unserved, answer: Answer, people: Iterable[ParticipantInfo]) -> None:
        if not await self._desk.announce(caller, answer):
            async with self._open_api() as api:
                if not await self._refuse(api, caller, people):
                    await delete_room(api, caller.room)  # whoever was answered would listen to silence

    async def _refuse(self, api: LiveKitAPI, caller: Unserved, people: Iterable[ParticipantInfo]) -> bool:
        """Let the bridge answer those who ring 486: with their room, unless others are in it. False where none does."""
        people = list(people)
        ringing = [person.identity for person in people if rings(person)]
        if not ringing:
            return False
        if len(ringing) == len(people):
            await delete_room(api, caller.room)
        else:
            for identity in ringing:
                await api.room.remove_participant(RoomParticipantIdentity(room=caller.room, identity=identity))
        logger.info("refused a call while it rang: all lines are taken")
        why = _NO_LINE if isinstance(caller.decision, Answer) else caller.decision.reason
        self._start(self._desk.record_refusal(caller, why))
        return True

    def _start(self, work: Coroutine[None, None, None]) -> None:
        async def see_through() -> None:
            try:
                await work
            except Exception as error:
                logger.warning("a call beyond the lines could not be seen to: %s", type(error).__name__)

        task = asyncio.create_task(see_through())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
