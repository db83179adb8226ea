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
from enum import Enum, auto

from livekit.agents import AgentServer
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.room import ListParticipantsRequest, ListRoomsRequest

from switchboard.call import attributes as names
from switchboard.livekit_api.dispatching import claim, dispatch_again, is_gone
from switchboard.livekit_api.internals import is_connected
from switchboard.worker.lines import Lines
from switchboard.worker.settings import Settings

logger = logging.getLogger("switchboard")

OFFERED_FOR_S = 3.5  # livekit-server waits 3 s for a worker to take a job, and never offers it again
RINGS_AT_MOST_S = 300.0  # the bridge's own limit is 180: older rooms are not looked into
LOOKS_INTO = 50  # rooms in one look
_TICKS_EVERY_S = 1.0
_LOOKS_EVERY = 5  # ticks
_LEFT_ALONE_S = 30.0


# --- what is so: pure ---------------------------------------------------------------------------------------------


class Verdict(Enum):
    """What a room is to a worker that looks for ringing calls."""

    SERVED = auto()  # an agent is there, or was given the call
    OFFERED = auto()  # its dispatch is so young that a worker may yet take it
    WAITING = auto()  # a caller waits, and nobody is coming
    NOT_OURS = auto()  # nobody waits for us there


def judge(
    dispatches: Iterable[AgentDispatch], people: Iterable[ParticipantInfo], agent_name: str, now_s: float
) -> Verdict:
    """What a room with these dispatches and participants is to the workers of `agent_name`. `now_s` is Unix time."""
    ours = dispatches_of(agent_name, dispatches)
    present = list(people)
    if any(one.state.jobs for one in ours) or any(one.kind == ParticipantInfo.Kind.AGENT for one in present):
        return Verdict.SERVED
    if not ours or not any(map(is_caller, present)):
        return Verdict.NOT_OURS
    return Verdict.OFFERED if now_s - ours[-1].state.created_at / 1e9 < OFFERED_FOR_S else Verdict.WAITING


def dispatches_of(agent_name: str, dispatches: Iterable[AgentDispatch]) -> list[AgentDispatch]:
    """Those of that name, the oldest first."""
    return sorted((one for one in dispatches if one.agent_name == agent_name), key=lambda one: one.state.created_at)


def is_caller(person: ParticipantInfo) -> bool:
    """Whether this is somebody on a telephone who has not hung up."""
    return person.kind == ParticipantInfo.Kind.SIP and person.attributes.get(names.STATUS) != names.HANGUP


def worth_a_look(rooms: Iterable[Room], left_alone: Mapping[str, float], now_s: float) -> list[Room]:
    """The rooms that may hold a ringing call, the longest waiting first. `left_alone` says until when, by room id."""
    found = [
        room
        for room in rooms
        if now_s - room.creation_time < RINGS_AT_MOST_S and left_alone.get(room.sid, 0.0) <= now_s
    ]
    return sorted(found, key=lambda room: room.creation_time_ms or room.creation_time * 1000)


# --- what is done -------------------------------------------------------------------------------------------------


class RingingCalls:
    """The calls that nobody was given, as one worker finds and takes them.

    One is taken when it was found waiting twice in a row: neither a clock that is wrong nor an offer under way may cost
    a caller the agent who is coming.
    """

    def __init__(self, api: LiveKitAPI, agent_name: str, clock: Callable[[], float] = time.time) -> None:
        self._api = api
        self._agent_name = agent_name
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

        Raises livekit.api's ServerError and what reaching the server raises. The next look goes on from there.
        """
        rooms = list((await self._api.room.list_rooms(ListRoomsRequest())).rooms)
        there = {room.sid for room in rooms}
        self._left_alone = {sid: until for sid, until in self._left_alone.items() if sid in there}
        await self._make_good(there)

        candidates = worth_a_look(rooms, self._left_alone, self._clock())
        self._more = len(candidates) > LOOKS_INTO
        seen = await asyncio.gather(*(self._look_into(room) for room in candidates[:LOOKS_INTO]))
        waiting = [(room, lost) for room, lost in zip(candidates, seen, strict=False) if lost is not None]
        before, self._found = self._found, {lost.id for _, lost in waiting}
        taken = 0
        for room, lost in waiting:
            if taken < lines and lost.id in before:
                taken += await self._take(room, lost)
        return taken

    async def _look_into(self, room: Room) -> AgentDispatch | None:
        """The dispatch to take, where a call waits in `room`."""
        state = await self._state_of(room)
        if state is None:
            return None
        dispatches, people = state
        match judge(dispatches, people, self._agent_name, self._clock()):
            case Verdict.WAITING:
                return dispatches_of(self._agent_name, dispatches)[0]
            case Verdict.OFFERED:
                self._more = True
            case Verdict.SERVED:
                self._left_alone[room.sid] = float("inf")
            case Verdict.NOT_OURS:
                self._left_alone[room.sid] = self._clock() + _LEFT_ALONE_S
        return None

    async def _state_of(self, room: Room) -> tuple[list[AgentDispatch], list[ParticipantInfo]] | None:
        """Dispatches and participants; None of a room that is gone."""
        try:
            dispatches, people = await asyncio.gather(
                self._api.agent_dispatch.list_dispatch(room.name),
                self._api.room.list_participants(ListParticipantsRequest(room=room.name)),
            )
        except ServerError as error:
            if not is_gone(error):
                raise
            return None
        return dispatches, list(people.participants)

    async def _take(self, room: Room, lost: AgentDispatch) -> bool:
        """Dispatch ourselves in place of `lost`; False where another worker was quicker, or the caller has gone.

        A room that goes between the two steps is made anew by the second: its agent finds nobody there, and ends.
        """
        self._owed[lost.id] = (room, lost)
        mine = await claim(self._api, lost)
        if mine:
            await dispatch_again(self._api, lost)
        del self._owed[lost.id]
        return mine

    async def _make_good(self, there: set[str]) -> None:
        """Make the dispatches again that were taken away, or may have been, when the server did not answer."""
        for id, (room, lost) in list(self._owed.items()):
            if room.sid in there and (state := await self._state_of(room)):
                dispatches, people = state
                is_bare = not dispatches_of(self._agent_name, dispatches)
                is_alone = all(person.kind != ParticipantInfo.Kind.AGENT for person in people)
                if is_bare and is_alone and any(map(is_caller, people)):
                    await dispatch_again(self._api, lost)
            del self._owed[id]


async def take_ringing_calls(server: AgentServer, lines: Lines, settings: Settings, agent_name: str) -> None:
    """For as long as `server` serves: whenever it has registered or has a line free again, and every few seconds."""
    registered = asyncio.Event()

    def on_registered(*_: object) -> None:
        registered.set()

    server.on("worker_registered", on_registered)
    await registered.wait()
    free, well = 0, True
    async with LiveKitAPI(
        settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    ) as api:
        ringing = RingingCalls(api, agent_name)
        for tick in itertools.count():
            serves = is_connected(server) and not server.draining
            before, free = free, lines.free if serves else 0
            asked = registered.is_set() or free > before or ringing.more_to_see or tick % _LOOKS_EVERY == 0
            registered.clear()
            if (free and asked) or ringing.owes:
                try:
                    taken = await ringing.look(free)
                except Exception as error:
                    if well:
                        # Only the kind: the text may name the room, which may hold the caller's number.
                        logger.warning("calls that ring unanswered cannot be looked for: %s", type(error).__name__)
                    well = False
                else:
                    well = True
                    if taken:
                        logger.info("took calls that rang unanswered", extra={"calls": taken})
            await asyncio.sleep(_TICKS_EVERY_S)
