"""Calls that ring and were given to nobody: found by looking, and taken.

livekit-server offers a dispatch to the workers that are there, once. A call that comes while all lines are taken, or
while the only worker starts, would ring to its end. So a worker that registers, or has a line free again, looks for
rooms in which a caller waits and no agent is coming, and dispatches itself anew; now and then it looks unasked. Several
may look at once: who takes the old dispatch away makes the new one, and the server gives it to one alone.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from livekit.agents import AgentServer
from livekit.api import LiveKitAPI
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import Room
from livekit.protocol.room import ListRoomsRequest

from switchboard.livekit_api.attendants import is_attendant, next_in_line
from switchboard.livekit_api.dispatching import claim, dispatch_again
from switchboard.livekit_api.internals import is_connected
from switchboard.livekit_api.rescues import after, generation_of
from switchboard.worker.lines import Lines
from switchboard.worker.overflow.full_house import FullHouse
from switchboard.worker.overflow.unserved import came_at
from switchboard.worker.waiting import OFFERED_FOR_S, Verdict, dispatches_of, is_agent, is_caller, judge, state_of

logger = logging.getLogger("switchboard")

RINGS_AT_MOST_S = 300.0  # the bridge's own limit is 180: older rooms are not looked into
LOOKS_INTO = 50  # rooms in one look
_TICKS_EVERY_S = 1.0
_LOOKS_EVERY = 5  # ticks
_LEFT_ALONE_S = 30.0
_SERVED_S = 60.0  # then it is seen whether the agent is still there
# By then every worker with a free line has looked twice.
BEYOND_AFTER_S = OFFERED_FOR_S + 2 * _LOOKS_EVERY * _TICKS_EVERY_S


def worth_a_look(
    rooms: Iterable[Room], left_alone: Mapping[str, float], now_s: float, oldest_s: float = RINGS_AT_MOST_S
) -> list[Room]:
    """The rooms that may hold a call without an agent, the longest waiting first and none older than `oldest_s`, unless
    it is known. `left_alone` says until when, by room id."""
    found = [
        room
        for room in rooms
        if (now_s - room.creation_time < oldest_s or room.sid in left_alone) and left_alone.get(room.sid, 0.0) <= now_s
    ]
    return sorted(found, key=lambda room: room.creation_time_ms or room.creation_time * 1000)


@dataclass(frozen=True, slots=True)
class _Caller:
    """Somebody who waits, since `came_at` (Unix seconds), and whose `dispatch` brought nobody, or `is_offered` yet.
    Whether an attendant keeps them company."""

    dispatch: AgentDispatch
    came_at: float
    is_attended: bool
    is_offered: bool


class RingingCalls:
    """The calls that nobody was given, as one worker finds and takes them.

    One is taken when it was found waiting twice in a row: neither a clock that is wrong nor an offer under way may cost
    a caller the agent who is coming.
    """

    def __init__(
        self,
        api: LiveKitAPI,
        agent_name: str,
        full: FullHouse,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._agent_name = agent_name
        self._full = full
        self._clock = clock
        self._left_alone: dict[str, float] = {}
        self._found: set[str] = set()  # dispatches of calls that waited at the last look
        self._owed: dict[str, tuple[Room, AgentDispatch]] = {}  # taken away, and perhaps not made again
        self._more = False

    @property
    def more_to_see(self) -> bool:
        """Whether to look again soon."""
        return self._more or bool(self._found)

    @property
    def owes(self) -> bool:
        """Whether to look again soon, with or without a free line: a call was taken from all workers, us included."""
        return bool(self._owed)

    async def look(self, lines: int) -> int:
        """Take the calls that ring, the longest waiting first and at most `lines` of them; how many it took.

        Those that would ring on, because nobody has a line for them, are seen to as `[overflow]` says.

        Raises livekit.api's ServerError and what reaching the server raises. The next look goes on from there.
        """
        rooms = list((await self._api.room.list_rooms(ListRoomsRequest())).rooms)
        there = {room.sid for room in rooms}
        self._left_alone = {sid: until for sid, until in self._left_alone.items() if sid in there}
        await self._make_good(there)

        oldest_s = max(RINGS_AT_MOST_S, self._full.keeps_s)
        candidates = worth_a_look(rooms, self._left_alone, self._clock(), oldest_s)
        self._more = len(candidates) > LOOKS_INTO
        seen = await asyncio.gather(*(self._look_into(room) for room in candidates[:LOOKS_INTO]))
        found = [(room, caller) for room, caller in zip(candidates, seen, strict=False) if caller is not None]
        self._full.line.saw({room.name: caller.came_at for room, caller in found})
        waiting = sorted(((room, one) for room, one in found if not one.is_offered), key=lambda pair: pair[1].came_at)
        before, self._found = self._found, {caller.dispatch.id for _, caller in waiting}
        taken = 0
        for room, caller in waiting:
            if caller.dispatch.id not in before:
                continue
            if taken < lines:
                taken += await self._take(room, caller)
            elif not caller.is_attended and self._is_beyond(caller.dispatch):
                await self._full.see_to(self._api, room)
        return taken

    def _is_beyond(self, lost: AgentDispatch) -> bool:
        """Whether to wait no more for a free line, here or at another worker."""
        rang_s = self._clock() - lost.state.created_at / 1e9
        return self._full.acts and rang_s > (0 if self._full.keeps_s else BEYOND_AFTER_S)

    async def _look_into(self, room: Room) -> _Caller | None:
        """Who waits in `room`, for a line or for a worker that may be taking the call."""
        state = await state_of(self._api, room.name)
        if state is None:
            return None
        dispatches, people = state
        is_attended = any(map(is_attendant, people))
        match verdict := judge(dispatches, people, self._agent_name, self._clock()):
            case Verdict.WAITING | Verdict.DESERTED | Verdict.OFFERED:
                self._more = self._more or verdict is Verdict.OFFERED
                if verdict is Verdict.OFFERED and not is_attended:
                    return None
                dispatch = dispatches_of(self._agent_name, dispatches)[0]
                joined = min(came_at(one) for one in people if is_caller(one))
                if verdict is Verdict.DESERTED:  # and its lease, by which it would go on, is not known
                    dispatch = after(dispatch, generation_of(dispatch.attributes) + 1)
                return _Caller(dispatch, joined, is_attended, verdict is Verdict.OFFERED)
            case Verdict.TOLD:
                self._more = True
            case Verdict.SERVED:
                self._left_alone[room.sid] = self._clock() + _SERVED_S
            case Verdict.NOT_OURS:
                self._left_alone[room.sid] = self._clock() + _LEFT_ALONE_S
        return None

    async def _take(self, room: Room, caller: _Caller) -> bool:
        """Dispatch ourselves in place of what brought nobody; False where another was quicker, or the caller has gone.

        A room that goes between the two steps is made anew by the second: its agent finds nobody there, and ends.
        """
        had_agent = generation_of(caller.dispatch.attributes) > 1
        lost = caller.dispatch if had_agent else next_in_line(caller.dispatch, caller.came_at)
        self._owed[lost.id] = (room, lost)
        mine = await claim(self._api, lost)
        if mine:
            await dispatch_again(self._api, lost)
        del self._owed[lost.id]
        return mine

    async def _make_good(self, there: set[str]) -> None:
        """Make the dispatches again that were taken away, or may have been, when the server did not answer."""
        for id, (room, lost) in list(self._owed.items()):
            if room.sid in there and (state := await state_of(self._api, room.name)):
                dispatches, people = state
                is_bare = not dispatches_of(self._agent_name, dispatches)
                if is_bare and not any(map(is_agent, people)) and any(map(is_caller, people)):
                    await dispatch_again(self._api, lost)
            del self._owed[id]


async def take_ringing_calls(
    server: AgentServer,
    lines: Lines,
    open_api: Callable[[], LiveKitAPI],
    agent_name: str,
    full: FullHouse,
) -> None:
    """For as long as `server` serves: whenever it has registered or has a line free again, and every few seconds."""
    registered = asyncio.Event()

    def on_registered(*_: object) -> None:
        registered.set()

    server.on("worker_registered", on_registered)
    await registered.wait()
    free, well = 0, True
    async with open_api() as api:
        ringing = RingingCalls(api, agent_name, full)
        for tick in itertools.count():
            serves = is_connected(server) and not server.draining
            before, free = free, lines.free if serves else 0
            asked = registered.is_set() or free > before or ringing.more_to_see or tick % _LOOKS_EVERY == 0
            registered.clear()
            if ((free or (serves and full.acts)) and asked) or ringing.owes:
                try:
                    taken = await ringing.look(free)
                except Exception as error:
                    full.line.saw({})
                    if well:
                        # Only the kind: the text may name the room, which may hold the caller's number.
                        logger.warning("calls that ring unanswered cannot be looked for: %s", type(error).__name__)
                    well = False
                else:
                    well = True
                    if taken:
                        logger.info("took calls that rang unanswered", extra={"calls": taken})
            await asyncio.sleep(_TICKS_EVERY_S)
