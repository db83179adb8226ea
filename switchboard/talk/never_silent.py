"""What a caller hears in place of silence: "one moment" while an answer takes long, an apology when there is none.

It stands around the two things that each reply goes through, the model that thinks and the voice that speaks, so that
whatever they do comes out as words. Twice in a row it asks the caller to say it again; then it says goodbye.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    ErrorEvent,
    FlushSentinel,
    ToolExecutionUpdatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
    stt,
)

from switchboard.call.causes import Cause
from switchboard.call.events import Events, Faulted
from switchboard.line.leg import Leg
from switchboard.speech.spares import NotUseful, kind_of
from switchboard.talk.fixed_words import FixedWords, Phrase, continued, played
from switchboard.talk.owed import Owed
from switchboard.talk.sentinel import SILENT_S, Sentinel, is_audible
from switchboard.talk.watched_words import Sounding, WatchedWords, done_within, next_of

logger = logging.getLogger("switchboard")

# From the caller's last sound, and at least so long after their turn is known to be over: most answers are quicker.
MOMENT_AFTER_S, _THINKS_AT_LEAST_S = 1.1, 0.7
_PAUSE_S = 0.2  # of silence, which the detector of voice waits for before it says that the caller stopped
_STILL_AFTER_S = 3.5  # from one "one moment" to the next
_GAP_S = 2.0  # of silence within an answer, whose next words are yet to come
_DEAF_S = 1.5  # without anybody to hear: long enough for a connection that is made anew
_LOOKS_EVERY_S = 0.1
_APOLOGIES = 2  # in a row
_SPEAKS_AHEAD_AFTER_S = 4.0  # the greeting is over: its voice works, and the processor has nothing better to do
_RATE = 24_000  # Hz, of kept sound where no voice says otherwise


class NeverSilent:
    """The words of one call for what its models do not say. Faults are told to `events`; the last word ends `leg`."""

    def __init__(
        self, words: FixedWords, leg: Leg, events: Events, *, speaks_ahead: bool = False, silent_s: float = SILENT_S
    ) -> None:
        self._words = words
        self._leg = leg
        self._events = events
        self._session: AgentSession[Any] | None = None
        self._loop = asyncio.get_running_loop()
        self._in_a_row = 0
        self._caller_stopped = self._thinks_since = self._moment_at = float("-inf")
        self._moments: list[Phrase] = ["moment", "still"]
        self._deaf_since: float | None = None
        self._tools: dict[str, asyncio.TimerHandle] = {}
        self._leaving: asyncio.Future[None] | None = None
        self._speaks_ahead = speaks_ahead
        self._ahead: asyncio.Task[None] | None = None
        self._owed: Owed | None = None
        self.sentinel: Sentinel | None = None
        self._silent_s = silent_s
        self._awaited = 0  # models that are still giving, or not yet

    def attach(self, session: AgentSession[Any]) -> None:
        """From now on, for what is said in `session`."""
        self._session = session
        session.on("user_state_changed", self._on_caller)
        session.on("agent_state_changed", self._on_agent)
        session.on("user_input_transcribed", self._on_words)
        session.on("tool_execution_updated", self._on_tool)
        session.on("error", self._on_error)
        if not isinstance(session.llm, llm.RealtimeModel):  # that is watched by `unanswered.py`
            pause_s = session.options.endpointing.get("max_delay", 0.0)
            self._owed = Owed(session, pause_s, partial(self._give_up, "agent", "no answer"), self._go_on)
        silent = partial(self._give_up, "sound", "nothing left")
        self.sentinel = Sentinel(session, lambda: self._awaited > 0, silent, self._silent_s)
        if self._speaks_ahead:
            self._ahead = asyncio.create_task(self._speak_ahead(session))

    # --- around the model that thinks -----------------------------------------------------------------------

    async def thinking(
        self, answer: AsyncIterable[llm.ChatChunk | str | FlushSentinel]
    ) -> AsyncIterator[llm.ChatChunk | str | FlushSentinel]:
        """`answer` as it comes, with words before it when it takes long, and in its place when it fails."""
        coming = aiter(answer)
        has_come = False
        try:
            while True:
                step = asyncio.ensure_future(next_of(coming))
                self._awaited += 1
                try:
                    while not has_come and not await done_within(step, _LOOKS_EVERY_S):
                        if self._is_time_for_a_moment():
                            yield self._words.text(self._next_moment())
                            yield FlushSentinel()  # it is said at once, and not with what may follow
                    chunk = await step
                finally:
                    self._awaited -= 1
                    step.cancel()
                if chunk is None:
                    break
                has_come = has_come or not isinstance(chunk, llm.ChatChunk) or chunk.has_response()
                yield chunk
        except Exception as fault:  # whatever a model raises, the caller hears words
            phrase = self._failed("llm", fault)
            if phrase is not None:
                yield FlushSentinel()
                yield self._words.text(phrase)
        finally:
            if isinstance(coming, AsyncGenerator):
                await coming.aclose()

    # --- around the voice -----------------------------------------------------------------------------------

    async def speaking(
        self, text: AsyncIterable[str], speak: Callable[[AsyncIterable[str]], AsyncIterable[rtc.AudioFrame]]
    ) -> AsyncIterator[rtc.AudioFrame]:
        """The sound of `text`: kept sound for fixed words, else what `speak` makes of it, else an apology."""
        begun, phrase = await self._beginning(text)
        if phrase is not None and (kept := await self._words.read(phrase)):
            async for frame in played(kept, self._rate()):
                yield frame
            return
        words = WatchedWords(continued(begun, text))
        sound = aiter(speak(words))
        step = asyncio.ensure_future(next_of(sound))
        sounding, has_begun = Sounding(self._loop.time), False
        self._awaited += 1
        try:
            while True:
                while not await done_within(step, _LOOKS_EVERY_S):
                    if not has_begun:
                        words.must_have_sounded(self._loop.time())
                    if phrase is None and self._is_time_to_fill(sounding.silent_s):
                        async for frame in played(await self._words.read(self._next_moment()), self._rate()):
                            sounding.goes_on(frame.duration)
                            yield frame
                if (frame := await step) is None:
                    break
                has_begun = True
                if phrase is None and self._in_a_row and is_audible(frame):
                    self._in_a_row = 0  # somebody thought of it, and somebody says it
                sounding.goes_on(frame.duration)
                yield frame
                step = asyncio.ensure_future(next_of(sound))
        except Exception as fault:
            apology = self._failed("tts", fault)
            if apology is None:
                return
            kept = await self._words.read(apology)
            if not kept:
                self._leg.end(Cause.PROVIDER_FAILED, "TTS")  # a line on which nothing can be said is a dead line
            async for frame in played(kept, self._rate()):
                yield frame
        finally:
            self._awaited -= 1
            step.cancel()

    async def _beginning(self, text: AsyncIterable[str]) -> tuple[str, Phrase | None]:
        """What was read of it to see whether it is one of the fixed words, and which."""
        begun = ""
        async for piece in text:
            begun += piece
            if not self._words.begins_one(begun.rstrip()):
                return begun, None
            if (phrase := self._words.phrase_of(begun)) is not None:
                return begun, phrase
        return begun, self._words.phrase_of(begun)

    def _rate(self) -> int:
        return self._session.tts.sample_rate if self._session and self._session.tts else _RATE

    # --- when there is nothing to say it with ---------------------------------------------------------------

    def say(self, phrase: Phrase) -> None:
        """Say it now, from what is kept where there is any."""
        session = self._session
        if session is None:
            return
        with suppress(RuntimeError):  # the session is closing
            if kept := self._words.kept(phrase):
                session.say(self._words.text(phrase), audio=played(kept, self._rate()))
            else:
                session.say(self._words.text(phrase))

    def say_moment(self) -> None:
        """One moment, please: unless somebody speaks."""
        session = self._session
        if session is not None and session.agent_state != "speaking" and session.user_state != "speaking":
            self.say(self._next_moment())

    async def _speak_ahead(self, session: AgentSession[Any]) -> None:
        """What the worker has not had said in this voice and language is said now, once the call has begun well."""
        await asyncio.sleep(_SPEAKS_AHEAD_AFTER_S)
        if session.tts is not None:
            await self._words.speak_ahead(session.tts)

    def stop_speaking_ahead(self) -> None:
        """The call is over."""
        if self._ahead is not None:
            self._ahead.cancel()

    def _failed(self, part: str, fault: BaseException) -> Phrase | None:
        """Note it. What the caller is told, None where they are told goodbye."""
        self._in_a_row += 1
        self._events.tell(Faulted(at=self._events.now(), part=part, kind=kind_of(fault)))
        logger.error("the caller gets no answer: %s failed (%s)", part, kind_of(fault))
        if self._in_a_row <= _APOLOGIES:
            return "sorry"
        goodbye = self._leg.hang_up(self._words.text("goodbye"), Cause.PROVIDER_FAILED, part.upper())
        self._leaving = asyncio.ensure_future(goodbye)
        return None

    def owes_nothing(self) -> None:
        """The agent does not mean to answer what the caller said last."""
        if self._owed is not None:
            self._owed.excuse()

    def _give_up(self, part: str, kind: str) -> None:
        """Nothing that is watched here has failed, and yet nobody is heard."""
        if self._session is not None:
            with suppress(RuntimeError):  # the session is closing
                self._session.interrupt(force=True)  # whatever hangs would be said first
        if (phrase := self._failed(part, NotUseful(kind))) is not None:
            self.say(phrase)

    def _go_on(self) -> None:
        """A tool has done its work and gave nothing to say: the model finds words for that."""
        if self._session is not None:
            with suppress(RuntimeError):  # the session is closing
                self._session.generate_reply(tool_choice="none")

    # --- when it is time ------------------------------------------------------------------------------------

    def _is_time_for_a_moment(self) -> bool:
        if self._session is None:
            return False
        now = self._loop.time()
        if now - self._moment_at < 2 * _STILL_AFTER_S and self._session.agent_state == "speaking":
            return now >= self._moment_at + _STILL_AFTER_S
        if self._session.agent_state != "thinking":  # what is begun before the caller has finished is not waited for
            return False
        return now >= max(self._caller_stopped + MOMENT_AFTER_S, self._thinks_since + _THINKS_AT_LEAST_S)

    def _is_time_to_fill(self, silent_s: float | None) -> bool:
        """The same; of an answer that has begun, once there was silence in it for `silent_s`."""
        if silent_s is None:
            return self._is_time_for_a_moment()
        return silent_s >= _GAP_S and self._loop.time() >= self._moment_at + _GAP_S

    def _next_moment(self) -> Phrase:
        """Never the same twice in a row."""
        self._moment_at = self._loop.time()
        self._moments.reverse()
        return self._moments[1]

    def _on_caller(self, event: UserStateChangedEvent) -> None:
        if event.old_state == "speaking":
            self._caller_stopped = self._loop.time() - _PAUSE_S
            self._moments = ["moment", "still"]

    def _on_agent(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "thinking":
            self._thinks_since = self._loop.time()

    def _on_tool(self, event: ToolExecutionUpdatedEvent) -> None:
        update = event.update
        if update.type == "tool_call_started":
            self._wait_for_tool(update.function_call.call_id, MOMENT_AFTER_S)
        elif update.type == "tool_call_ended" and (timer := self._tools.pop(update.call_id, None)):
            timer.cancel()

    def _wait_for_tool(self, call: str, within_s: float) -> None:
        def still_at_work() -> None:
            self.say_moment()
            self._wait_for_tool(call, _STILL_AFTER_S)

        self._tools[call] = self._loop.call_later(within_s, still_at_work)

    # --- who hears ------------------------------------------------------------------------------------------

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        self._deaf_since = None

    def _on_error(self, event: ErrorEvent) -> None:
        """The recogniser tries again by itself; the caller is told when that takes long."""
        if not isinstance(event.error, stt.STTError) or self._session is None:
            return
        now = self._loop.time()
        if self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= _DEAF_S and self._session.agent_state == "listening":
            self._deaf_since = now + _STILL_AFTER_S
            if (phrase := self._failed("stt", event.error.error)) is not None:
                self.say("unheard" if phrase == "sorry" else phrase)
