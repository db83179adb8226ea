"""One call's lease, kept by the call's own process: written as the call goes, behind its back.

The worker renews it (`switchboard/worker/rescue/lapses.py`). While the database is away the call goes on without.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from livekit.protocol.agent import Job
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.events import AgentBegan, Event, Said, ToolCalled
from switchboard.call.spec import write_spec
from switchboard.database.storable import storable
from switchboard.leases.store import Row, TakenByAnother, hold, release, take
from switchboard.livekit_api.rescues import generation_of
from switchboard.routing.decision import Answer, Routed
from switchboard.speech.providers import Providers

logger = logging.getLogger("switchboard")

_GATHER_S = 0.3  # what happens together is written together
_AGAIN_S = 1.0
_ATTEMPT_S = 2.0
_TAKES_WITHIN_S = 0.7  # the caller waits in silence

_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an agent who was lost has left: who called and when, what was decided, who had the call, what was said.

    `holder` is the ID of its job, empty where it is known no more.
    """

    caller: str
    at: datetime
    customers: tuple[Mapping[str, Any], ...]
    decision: Answer
    fingerprint: str
    agent: str
    conversation: list[Any]
    holder: str


class Holding:
    """The lease of `job`. `lost` is called where another has the call. One event loop's own."""

    def __init__(self, engine: AsyncEngine, job: Job, lost: Callable[[], None]) -> None:
        self._engine = engine
        self._job = job
        self._lost = lost
        self._row: Row = {}
        self._conversation: Callable[[], list[Any]] = list
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def take(self, providers: Providers) -> Kept | None:
        """What the agent before us has left, None where that is not known. Raises TakenByAnother."""
        generation = generation_of(self._job.attributes)
        try:
            async with asyncio.timeout(_TAKES_WITHIN_S):
                row = await take(self._engine, self._job.room.sid, generation, self._job.id)
            return _read(row, providers) if row else None
        except TakenByAnother:
            raise
        except Exception as error:  # only the kind: its text may hold what the row holds
            logger.warning("what was said before is not known (%s)", type(error).__name__)
            return None

    def hear(self, event: Event) -> None:
        """Note an event of the call: its place in the call's stream (`Events.subscribe`)."""
        match event:
            case Routed(decision=Answer() as decision):
                self._begin(event, decision)
            case AgentBegan():
                self._row["agent"] = event.agent
                self._news.set()
            case Said() | ToolCalled():
                self._news.set()
            case _:
                pass

    def follow(self, conversation: Callable[[], list[Any]]) -> None:
        """From now on, `conversation` says what was said until now."""
        self._conversation = conversation

    def _begin(self, event: Routed, decision: Answer) -> None:
        job = self._job
        self._row = {
            "room_sid": job.room.sid,
            "room": job.room.name,
            "agent_name": job.agent_name,
            "dispatch": storable({"id": job.dispatch_id, "metadata": job.metadata, "attributes": dict(job.attributes)}),
            "generation": generation_of(job.attributes),
            "holder": job.id,
            "caller": storable(event.call.identity),
            "call": storable(write_spec(event.call)),
            "decision": storable(_ANSWER.dump_python(decision, mode="json", exclude={"speech": {"providers"}})),
            "fingerprint": event.fingerprint,
            "agent": decision.agent,
        }
        self._news.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_writing())

    async def _keep_writing(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(_GATHER_S)
            self._news.clear()
            if not await self.write():
                self._news.set()
                await asyncio.sleep(_AGAIN_S)

    async def write(self) -> bool:
        """Write what is so now. False where the database did not take it. Never raises."""
        if not self._row:
            return True
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                is_ours = await hold(self._engine, {**self._row, "conversation": storable(self._conversation())})
        except Exception as error:
            logger.warning("the call's lease is not in the database yet (%s)", type(error).__name__)
            return False
        if not is_ours:
            self._lost()
        return True

    async def aclose(self, *, goes_on: bool) -> None:
        """Write no more. The lease goes with the call; where the call `goes_on` without us, what was said last is
        written. Never raises."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        if goes_on:
            await self.write()
            return
        with contextlib.suppress(Exception):  # then it lapses, and there is no caller to rescue
            async with asyncio.timeout(_ATTEMPT_S):
                await release(self._engine, self._job.room.sid, self._job.id)


def _read(row: Row, providers: Providers) -> Kept:
    """Raises ValueError, TypeError or KeyError for a lease that another version wrote, and that we cannot read."""
    decision = _ANSWER.validate_python(row["decision"])
    call: Mapping[str, Any] = row["call"]
    rows: Any = call.get("customer", [])
    return Kept(
        row["caller"],
        datetime.fromisoformat(call["at"]),
        tuple(cast("list[Mapping[str, Any]]", rows if isinstance(rows, list) else [rows])),
        replace(decision, speech=replace(decision.speech, providers=providers)),
        row["fingerprint"],
        row["agent"],
        row["conversation"],
        row["holder"],
    )
