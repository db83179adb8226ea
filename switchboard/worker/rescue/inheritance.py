"""What a call's agent leaves to the one after it, and what it has from the one before it: nothing is decided anew, and
nobody has to say again what they have said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from livekit.agents import AgentSession, ChatContext
from livekit.protocol.agent import Job

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Events, Warned
from switchboard.intake.caller import AnsweredElsewhere
from switchboard.leases.holding import Holding, Kept
from switchboard.leases.store import TakenByAnother
from switchboard.livekit_api.rescues import generation_of
from switchboard.records.row import end, id_of
from switchboard.routing.decision import Answer
from switchboard.speech.providers import Providers
from switchboard.talk.remembering import recalled, written
from switchboard.worker.bootstrap import Services

logger = logging.getLogger("switchboard")

_ENDS_WITHIN_S = 5.0


class Inheritance:
    """Of the call of `job`. `lost` is called where another agent has the call by now."""

    def __init__(
        self, job: Job, services: Services, providers: Providers, events: Events, lost: Callable[[], None]
    ) -> None:
        self._services = services
        self._events = events
        self._holding = Holding(services.engine, job, lost)
        self._kept: Kept | None = None
        self._ending: asyncio.Task[None] | None = None
        self._taking: asyncio.Task[Kept | None] | None = None
        if generation_of(job.attributes) > 1:  # while the room is being joined
            self._taking = asyncio.create_task(self._holding.take(providers))
        events.subscribe(self._holding.hear)

    async def receive(self, caller: str) -> Kept | None:
        """What was left of the call of this caller, None where there is nothing. Raises AnsweredElsewhere."""
        if self._taking is None:
            return None
        try:
            kept = await self._taking
        except TakenByAnother:
            raise AnsweredElsewhere from None
        if kept is None or kept.caller != caller:
            text = "goes on with a call that lost its agent: what was said before is not known"
        else:
            text = "goes on with a call that lost its agent"
            self._kept = kept
            if kept.holder:
                self._ending = asyncio.create_task(self._end_record(kept.holder))
        self._events.tell(Warned(at=self._events.now(), text=text))
        return self._kept

    async def _end_record(self, job: str) -> None:
        """The record of the agent before us, where nobody else can end it any more."""
        try:
            async with asyncio.timeout(_ENDS_WITHIN_S):
                await end(self._services.engine, id_of(job), Ending(Cause.PROCESS_LOST), self._events.now())
        except Exception as error:
            logger.warning("the record of a lost call stays open (%s)", type(error).__name__)

    @property
    def decision(self) -> tuple[Answer, str] | None:
        """What was decided, with whoever has the call now as its agent, and the fingerprint of the file by which.

        None where nothing was left, or of agents that there are no more."""
        kept, names = self._kept, self._services.roster.names()
        if kept is None:
            return None
        agent = next((name for name in (kept.agent, kept.decision.agent) if name in names), None)
        return (replace(kept.decision, agent=agent), kept.fingerprint) if agent else None

    def said(self) -> ChatContext | None:
        """What was said before; None where it is not known."""
        try:
            return recalled(self._kept.conversation) if self._kept else None
        except ValueError:  # of another version
            logger.warning("what was said before cannot be read")
            return None

    def follow(self, session: AgentSession[Any]) -> None:
        """From now on, what is said in `session` is left to the next."""
        self._holding.follow(lambda: written(session))

    async def aclose(self, *, goes_on: bool) -> None:
        """The call is over for us; `goes_on` where another agent is to have it. Never raises."""
        if self._taking is not None:
            self._taking.cancel()
        await self._holding.aclose(goes_on=goes_on)
        if self._ending is not None:
            await asyncio.wait({self._ending}, timeout=_ENDS_WITHIN_S)
