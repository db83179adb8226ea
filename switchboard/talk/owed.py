"""An answer that is owed: the caller has spoken, and nobody says anything, whatever went wrong on the way.

What models do is watched where they are asked (`never_silent.py`). This is for all else: a hook of an agent that
hangs, a tool that gave nothing to say, a turn that was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)

from switchboard.talk.looking import Looks, ToolsAtWork

# After the longest pause that the caller may make within a sentence; thinking and speaking have their own limits.
_AFTER_PAUSE_S = 1.1
_AFTER_WORDS_S = 1.4  # that come late
_AFTER_TOOL_S = 0.8  # that may have spoken by itself, or said goodbye
_LOOKS_EVERY_S = 0.1


class Owed:
    """Calls `unanswered` where the agent of `session` should have spoken and did not, and `nothing_to_say` where a tool
    gave it no reason to. `pause_s` is the longest pause within the caller's turn. Nothing is owed before the agent's
    first words."""

    def __init__(
        self,
        session: AgentSession[Any],
        pause_s: float,
        unanswered: Callable[[], None],
        nothing_to_say: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        looks_every_s: float = _LOOKS_EVERY_S,
    ) -> None:
        self._session = session
        self._pause_s = pause_s
        self._unanswered = unanswered
        self._nothing_to_say = nothing_to_say
        self._clock = clock
        self._has_spoken = False
        self._tools = ToolsAtWork(session)
        self._is_excused = False
        self._stopped_at = float("-inf")  # the caller
        self._due: float | None = None
        self._then = unanswered
        self._looks = Looks(self._look, looks_every_s)
        session.on("agent_state_changed", self._on_agent)
        session.on("user_state_changed", self._on_caller)
        session.on("user_input_transcribed", self._on_words)
        session.on("function_tools_executed", self._on_tools_done)
        session.on("close", self._on_close)

    def _on_agent(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._has_spoken = True
            self.settle()

    def _on_caller(self, event: UserStateChangedEvent) -> None:
        if event.old_state == "speaking":
            self._stopped_at = self._clock()

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        self._is_excused = False
        # Whoever talks over the agent has it listening by now, unless it was a mere "yes".
        if event.is_final and event.transcript.strip() and self._session.agent_state != "speaking":
            self._owe(max(_AFTER_WORDS_S, self._stopped_at + self._pause_s + _AFTER_PAUSE_S - self._clock()))

    def _on_tools_done(self, event: FunctionToolsExecutedEvent) -> None:
        if self._is_excused or self._session.agent_state == "speaking":
            return
        if event.has_tool_reply or event.has_agent_handoff:
            self._owe(self._pause_s + _AFTER_PAUSE_S)
        else:
            self._owe(_AFTER_TOOL_S, self._nothing_to_say)

    def _on_close(self, _: CloseEvent) -> None:
        self.settle()

    def _owe(self, within_s: float, then: Callable[[], None] | None = None) -> None:
        if self._has_spoken:
            self._then = then or self._unanswered
            self._due = self._clock() + within_s
            self._looks.again()

    def excuse(self) -> None:
        """The agent does not mean to answer what the caller said last."""
        self._is_excused = True
        self.settle()

    def settle(self) -> None:
        """Nothing is owed any more."""
        self._due = None
        self._looks.stop()

    def _look(self) -> None:
        if self._due is None:
            return
        if self._tools or self._session.user_state == "speaking" or self._clock() < self._due:
            self._looks.again()
            return
        self.settle()
        self._then()
