"""One call while it lasts: what is known of it, its line, what happens on it, and what is kept of that."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, AgentStateChangedEvent, ChatContext, CloseEvent, JobContext

from switchboard.call.call import Call
from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Changed, Dispatched, Event, Events, Faulted, Identified, Rang, Reported, Warned
from switchboard.intake.caller import AnsweredElsewhere, NoCaller, warn_of_other_callers
from switchboard.intake.reading import Reader, expected, take_in
from switchboard.line.lasting import as_long_as
from switchboard.line.leg import Leg, LegEnded
from switchboard.line.seclusion import seclude
from switchboard.livekit_api.asking import answer_when_asked
from switchboard.livekit_api.attendants import waited_since
from switchboard.livekit_api.internals import dispatch_times, replace_source, worker_is_gone
from switchboard.livekit_api.rescues import generation_of
from switchboard.livekit_api.rooms import delete_room
from switchboard.records.recorder import Recorder
from switchboard.records.row import id_of
from switchboard.records.spool import Spool
from switchboard.routing.decision import Answer, Decision, Routed
from switchboard.speech.profile import SpeechProfile
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.equipment import Equipment, Voices
from switchboard.talk.first_words import first_words, interruption
from switchboard.talk.fixed_words import FixedWords
from switchboard.talk.greeting import Greeting, sounds_as
from switchboard.talk.never_silent import NeverSilent
from switchboard.talk.remembering import waits_for_an_answer
from switchboard.talk.remote_tools import RemoteTools
from switchboard.talk.telling import tell_of
from switchboard.worker.bootstrap import Services
from switchboard.worker.handing_on import services_of
from switchboard.worker.last_words import part_with_words
from switchboard.worker.rescue.inheritance import Inheritance
from switchboard.worker.rescue.succession import call_successor
from switchboard.worker.rescue.tenure import Tenure
from switchboard.worker.server_api import api_of
from switchboard.worker.terminal import CALL_ENDED

logger = logging.getLogger("switchboard")

_LEAVES_WITHIN_S = 1.0
_GOES_ON = (Cause.TAKEN_OVER, Cause.ANSWERED_ELSEWHERE, Cause.PROCESS_LOST)


class LiveCall:
    """What the way of a call carries. `file` is the routing file that the call keeps to its end."""

    def __init__(self, ctx: JobContext, services: Services) -> None:
        self.ctx = ctx
        self.services = services
        self.file = services.tables.current
        self.events = Events(services.clock)
        spool = Spool(services.settings.spool)
        self.record = Recorder(services.engine, spool, ctx.job.room.name, id_of(ctx.job.id))
        self.events.subscribe(self.record.hear)
        self.events.subscribe(self._identify)
        self.leg = Leg(ctx.room, self._delete_room, self.events, is_ours=lambda: self.tenure.is_ours())
        self._generation = generation_of(ctx.job.attributes)
        self._words: FixedWords | None = None
        self._never_silent: NeverSilent | None = None
        self.tools = RemoteTools(self.file.agents, self._warn, services.settings.variable)
        self._begins_with = ""
        self._said: ChatContext | None = None
        self._language = self.file.worker.language
        self._outcome: dict[str, str] = {}
        self._began_at = self._tell_dispatch() or self.events.now()
        self._called_at: datetime | None = None
        # Should nobody come, or leave before they are seen: what a dispatch says of the call that it is for.
        call = expected(ctx.job, self._began_at, self.file.worker.region)
        self.events.tell(Identified(at=self.events.now(), call=call))
        if since := waited_since(ctx.job.attributes):
            waited = round(max(0.0, self._began_at.timestamp() - since), 1)
            self.events.tell(Changed(at=self.events.now(), what="line", key="waited_s", value=waited))
        providers = self.file.providers
        self.inheritance = Inheritance(ctx.job, services, providers, self.events, self.leg.taken_over)
        self.leg.farewell = self.part_with_words
        self.tenure = Tenure(ctx, self.leg.taken_over)

    @property
    def _goes_on(self) -> bool:
        """Whether the caller has heard an agent before us, whose process was lost."""
        return self._generation > 1 and self.leg.can_hear

    async def _delete_room(self) -> None:
        if worker_is_gone(self.ctx):
            return  # whatever ended the call here ends it for us alone: `hand_on`
        # By the job's name for it: a room that could not be connected to has none.
        if await self.tenure.gate.lets_out():  # else it is another agent's
            await delete_room(self.ctx.api, self.ctx.job.room.name)

    async def hand_on(self) -> None:
        """Leave the call to another agent, if the worker has died. Never raises."""
        if not worker_is_gone(self.ctx):
            return
        self.leg.taken_over(Cause.PROCESS_LOST)
        await self.inheritance.aclose(goes_on=True)
        await call_successor(api_of(self.services.settings), self.ctx.job)
        with contextlib.suppress(Exception):  # it would be listed in the room for another 20 s
            async with asyncio.timeout(_LEAVES_WITHIN_S):
                await self.ctx.room.disconnect()

    async def let_go(self) -> None:
        """Nobody needs to go on with this call, unless another agent does already. Never raises."""
        ending = self.leg.ending
        await self.inheritance.aclose(goes_on=ending is not None and ending.cause in _GOES_ON)

    def reader(self, caller: rtc.RemoteParticipant) -> Reader:
        """Reads what LiveKit knows of `caller`, now and when it changes."""
        worker = self.file.worker
        if self._called_at is None:
            self._called_at = self._seen_at(caller)
        return Reader(
            self.ctx.room, caller, self.ctx.job.metadata, worker.region, worker.trusted_attributes, self._called_at
        )

    def _seen_at(self, caller: rtc.RemoteParticipant) -> datetime:
        """When the caller began to ring: LiveKit's clock, which may not be ours, held between the job and now."""
        now = self.events.now()
        return max(self._began_at, min(caller.joined_at or now, now))

    async def take_in(self, caller: rtc.RemoteParticipant) -> Call:
        """Everything known about the call, with what a route waits for. Raises AnsweredElsewhere.

        Of a call that lost its agent, the caller is read as they are now, and nobody else is asked again.
        """
        began = perf_counter()
        warn_of_other_callers(self.ctx.room, caller, self._warn)
        seclude(self.ctx.room, caller)
        wait_s = self.file.worker.wait_for_attributes_ms / 1000
        kept = await self.inheritance.receive(caller.identity)
        self._called_at = kept.at if kept else None
        reader = self.reader(caller)
        self.events.tell(Identified(at=self.events.now(), call=reader.read()))  # should it end before all is known
        if kept:
            call = reader.read(kept.customers)
        else:
            call = await take_in(reader, self.file.table, wait_s, self.services.directory)
        self.events.tell(Identified(at=self.events.now(), call=call))
        logger.info("known", extra={"known_in_ms": round((perf_counter() - began) * 1000, 1)})
        return call

    def decide(self, call: Call) -> Decision:
        """The table's decision, or that of the agent before us, told to whoever listens."""
        began = perf_counter()
        if inherited := self.inheritance.decision:
            decision, fingerprint = inherited
        else:
            decision, fingerprint = self.file.table.decide(call), self.file.fingerprint
        decided_in_us = round((perf_counter() - began) * 1e6)
        trace = () if inherited else self.file.table.trace(call)
        if isinstance(decision, Answer) and self._goes_on:
            decision = replace(decision, opening=None)  # nothing is thought out for a caller who waits in silence
        now, tell = self.events.now, self.events.tell
        tell(Routed(at=now(), call=call, decision=decision, trace=trace, fingerprint=fingerprint))
        if isinstance(decision, Answer):
            tell(Rang(at=now()))
        outcome = {"agent": decision.agent} if isinstance(decision, Answer) else {"reject": decision.reason}
        self._outcome = {"route": decision.route, **outcome}
        logger.info("routed", extra={**self._outcome, "decided_in_us": decided_in_us})
        return decision

    def equip(self, call: Call, decision: Answer) -> Equipment:
        """What the table gives the agents of this call."""
        models = self.services.models
        table, options = self.file.table, self.file.agents

        def speech_of(agent: str) -> SpeechProfile:
            return table.speech_of(agent, decision, call)

        self._begins_with, self._language = decision.agent, decision.language
        self._said = self.inheritance.said()
        settings = self.services.settings
        self._words = FixedWords(settings.fixed_words, sounds_as(decision.speech), decision.language)
        self._never_silent = NeverSilent(self._words, self.leg, self.events, speaks_ahead=settings.speak_ahead)
        voices = Voices(decision.speech, speech_of, models, decision.language)
        return Equipment(options, voices, self.tools, self._never_silent, self._said)

    async def ready(self, greeting: Greeting) -> Greeting:
        """The greeting once its first sound is in hand: before that nothing is published, and the caller's telephone
        rings. Where it does not come, fixed words; where there are none, the call is refused. Raises LegEnded.

        Who was greeted before, by an agent whose process was lost, is asked to go on.
        """
        words = self._words
        assert words is not None  # `equip` comes before
        if self._goes_on:
            greeting.cancel()
            return await interruption(words, self._said is not None and waits_for_an_answer(self._said))
        said = await first_words(greeting, words)
        if said is not greeting:
            self.events.tell(Faulted(at=self.events.now(), part="tts", kind="the greeting has no sound"))
        if said is None:
            self.leg.end(Cause.PROVIDER_FAILED, "TTS")
            raise LegEnded
        return said

    def agent(self, name: str, conversation: Conversation[Any]) -> PhoneAgent:
        """The agent `name`; where it cannot be made, the one of `[default]`. Raises what making that one raises."""
        roster, default = self.services.roster, self.file.table.default.action.agent
        try:
            return roster.agent_class(name)(conversation)
        except Exception as fault:
            if default is None or default == name:
                raise
            logger.exception("an agent could not be made: another one answers")
            self._warn(f"agent {name} could not be made ({type(fault).__name__}): {default} answers")
        self._begins_with = default
        return roster.agent_class(default)(conversation)

    async def part_with_words(self, ending: Ending) -> None:
        """The call cannot go on: its caller is told so, and it ends. Never raises."""
        languages = (self._language, self.file.worker.language)
        await part_with_words(self.leg, self.ctx.room, self.services.settings.fixed_words, languages, ending)

    def attach(self, session: AgentSession[Any]) -> None:
        """`session` talks on this call's line: its end is the line's to judge, its events are the call's."""
        self.leg.attach(session)
        answer_when_asked(self.ctx.room)
        tell_of(session, self.events)
        self.inheritance.follow(session)
        self.tools.attach(session, self._begins_with)
        if self._never_silent is not None:  # `equip` was asked
            self._never_silent.attach(session)

        def on_state(_: AgentStateChangedEvent) -> None:  # the first comes before anything is said
            replace_source(session, lambda source: self.tenure.gate.stand_before(source, self._left))

        def on_close(_: CloseEvent) -> None:
            self.events.tell(Reported(at=self.events.now(), report=self.ctx.make_session_report(session)))

        session.on("agent_state_changed", on_state)
        session.on("close", on_close)

    def _left(self, frame: rtc.AudioFrame) -> None:
        if self._never_silent is not None and self._never_silent.sentinel is not None:
            self._never_silent.sentinel.left(frame)

    def log_end(self) -> None:
        """One record for a call that is over: who had it, for how long, and why it ended."""
        ending, lasted_s = self.leg.ending, (self.events.now() - self._began_at).total_seconds()
        told = {"cause": str(ending and ending.cause), "reason": str(ending), "record": str(self.record.id)[:8]}
        logger.info(CALL_ENDED, extra={**told, **self._outcome, "lasted_s": round(lasted_s, 1)})

    def stop_speaking_ahead(self) -> None:
        if self._never_silent is not None:
            self._never_silent.stop_speaking_ahead()

    def _warn(self, text: str) -> None:
        self.events.tell(Warned(at=self.events.now(), text=text))
        logger.warning(text)

    def _identify(self, event: Event) -> None:
        """Every log line of this call carries LiveKit's identifier and the one by which its carrier knows it."""
        if isinstance(event, Identified):
            call = event.call
            fields = {"call": call.sip_call_id or self.ctx.job.id, "provider_call": call.provider_call_id}
            self.ctx.log_context_fields = fields

    def _tell_dispatch(self) -> datetime | None:
        """When this call was offered to us, None where livekit-agents does not say. Its listeners are told the rest."""
        received, *others = dispatch_times(self.ctx)
        if not received:
            return None
        offered_at = datetime.fromtimestamp(received, UTC)
        accepted, assigned, launched = (other - received if other else None for other in others)
        self.events.tell(Dispatched(at=offered_at, accepted_s=accepted, assigned_s=assigned, launched_s=launched))
        return offered_at


@asynccontextmanager
async def open_call(ctx: JobContext) -> AsyncGenerator[LiveCall]:
    """The call of this job, for as long as it lasts. Whatever happens within, its line is closed at the end of this,
    nobody is left ringing, and the record says why. Raises CannotStart where this process was given nothing to answer
    with, and whatever keeps the call from being opened: nobody has been told then (`turn_away`)."""
    live = LiveCall(ctx, services_of(ctx))
    leg = live.leg
    async with _closing(live):
        try:
            async with as_long_as(leg):
                yield live
            await leg.over()
        except LegEnded:
            pass
        except AnsweredElsewhere:
            leg.leave_to_another()
        except NoCaller as nobody:
            leg.end(Cause.NO_CALLER, str(nobody))
        except asyncio.CancelledError:
            if not worker_is_gone(ctx):
                await live.part_with_words(Ending(Cause.WORKER_STOPPED))
            raise
        except Exception as fault:
            logger.exception("the call could not be answered")
            # Only the kind: its text may be the caller's.
            await live.part_with_words(Ending(Cause.FAULT, type(fault).__name__))


@asynccontextmanager
async def _closing(live: LiveCall) -> AsyncGenerator[None]:
    """In the end nobody is left on the line, the record is written, and the job is over."""
    leg = live.leg
    async with AsyncExitStack() as stack:  # from the last to the first, whatever one of them raises
        stack.callback(lambda: live.ctx.shutdown(str(leg.ending)))
        stack.push_async_callback(live.record.aclose)
        stack.push_async_callback(live.let_go)
        stack.push_async_callback(live.tools.aclose)
        stack.callback(live.stop_speaking_ahead)
        stack.callback(live.log_end)
        stack.push_async_callback(leg.close)
        stack.push_async_callback(live.hand_on)
        stack.push_async_callback(live.tenure.aclose)
        yield
