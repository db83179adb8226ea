"""A model that hears, thinks and speaks by itself owes the caller an answer: it is asked again, then the call ends.

What we ask of three providers, each with its own time-out, is one connection here. When it drops or falls silent,
nobody else notices: livekit-agents connects again and goes on listening, and the caller waits.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    ErrorEvent,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)

from switchboard.call.causes import Cause
from switchboard.line.leg import Leg
from switchboard.talk.looking import Looks, ToolsAtWork

logger = logging.getLogger("switchboard")

# OpenAI's semantic turn detection may itself wait 4 s for the rest of a sentence.
ANSWERS_WITHIN_S = 6.0
_LOOKS_EVERY_S = 0.5
_ASKED_IN_A_ROW = 2  # without a word from the caller: noise that only we take for a voice is not answered for ever

GO_ON = (
    "The caller waits for you and has heard nothing. If you know what they asked, answer it; else ask them in one "
    "short sentence to say it again."
)


def expect_answers(session: AgentSession[Any], leg: Leg, within_s: float = ANSWERS_WITHIN_S) -> None:
    """From now on, if one model hears, thinks and speaks. It is expected to speak at once, for it is to greet."""
    if isinstance(session.llm, llm.RealtimeModel):
        _Expectation(session, leg, within_s)


class _Expectation:
    """Looks twice a second while an answer is owed."""

    def __init__(self, session: AgentSession[Any], leg: Leg, within_s: float) -> None:
        self._session = session
        self._leg = leg
        self._within_s = within_s
        self._loop = asyncio.get_running_loop()
        self._looks = Looks(self._look, _LOOKS_EVERY_S)
        self._since = self._caller_stopped = self._loop.time()
        self._has_asked = False
        self._in_a_row = 0
        self._tools = ToolsAtWork(session)
        session.on("user_state_changed", self._on_caller)
        session.on("user_input_transcribed", self._on_words)
        session.on("agent_state_changed", self._on_agent)
        session.on("function_tools_executed", self._on_tools_done)
        session.on("error", self._on_error)
        session.on("close", self._on_close)
        self._owe()

    def _on_caller(self, event: UserStateChangedEvent) -> None:
        if event.old_state == "speaking":
            self._caller_stopped = self._loop.time()
            self._owe()

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        """The model hears them: it is alive, and the time begins anew. A caller's own "hello?" gives it no more."""
        self._since = self._loop.time()
        if event.is_final and event.transcript.strip():
            self._in_a_row = 0

    def _on_agent(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._has_asked = False
            self._looks.stop()

    def _on_tools_done(self, event: FunctionToolsExecutedEvent) -> None:
        if event.has_tool_reply or event.has_agent_handoff:
            self._owe()
        else:
            self._looks.stop()

    def _on_error(self, event: ErrorEvent) -> None:
        if isinstance(event.error, llm.RealtimeModelError):
            self._owe()

    def _on_close(self, _: CloseEvent) -> None:
        self._looks.stop()

    def _owe(self) -> None:
        if not self._looks.are_due:
            self._since = self._loop.time()
            self._looks.again()

    def _look(self) -> None:
        now = self._loop.time()
        if self._tools or self._session.agent_state == "speaking":  # a tool takes its time
            self._since = now
        due = max(self._since + self._within_s, self._caller_stopped + self._within_s / 2)
        if self._session.user_state == "speaking" or now < due:
            self._looks.again()
        elif self._has_asked:
            self._looks.stop()
            logger.error("the speech-to-speech model gave no answer, twice: ending the call")
            self._leg.part(Cause.PROVIDER_FAILED, "no answer")
        else:
            self._ask(now)

    def _ask(self, now: float) -> None:
        self._looks.stop()
        if self._in_a_row == _ASKED_IN_A_ROW:
            return
        self._in_a_row += 1
        self._has_asked = True
        self._since = now
        logger.warning("the speech-to-speech model gave no answer within %g s: asking again", self._within_s)
        try:
            self._session.interrupt(force=True)
            self._session.generate_reply(instructions=GO_ON)
        except RuntimeError:  # the session is closing, and it is not for us to wait for it
            self._leg.part(Cause.PROVIDER_FAILED, "no answer")
            return
        self._looks.again()
