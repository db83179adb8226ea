"""The sound that really leaves: an agent that is said to speak, and is not heard, is silent.

A session counts as speaking what it has given away to be played. Whether that plays, and whether it is more than zeros,
nobody else looks at: reported of livekit-agents in its issues 3418 (after an interruption) and 5497.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, AgentStateChangedEvent, CloseEvent

from switchboard.talk.looking import Looks

SILENT_S = 1.5
_LOOKS_EVERY_S, _STOPPED_S = 0.25, 1.0


def is_audible(frame: rtc.AudioFrame) -> bool:
    """Whether there is more in it than digital silence."""
    return any(bytes(frame.data))


class Sentinel:
    """Calls `silent`, once a stretch of speaking, when `session` speaks and nothing audible has left for `silent_s`.

    `is_awaited` says that a model is being waited for; what that takes is watched where it is asked.
    """

    def __init__(
        self,
        session: AgentSession[Any],
        is_awaited: Callable[[], bool],
        silent: Callable[[], None],
        silent_s: float = SILENT_S,
        clock: Callable[[], float] = time.monotonic,
        looks_every_s: float = _LOOKS_EVERY_S,
    ) -> None:
        self._is_awaited = is_awaited
        self._silent = silent
        self._silent_s = silent_s
        self._clock = clock
        self._since = self._looked_at = float("-inf")
        self._looks = Looks(self._look, looks_every_s)
        session.on("agent_state_changed", self._on_agent)
        session.on("close", self._on_close)

    def left(self, frame: rtc.AudioFrame) -> None:
        """`frame` is on its way to the caller."""
        if self._looks.are_due and is_audible(frame):
            self._since = self._clock()

    def _on_agent(self, event: AgentStateChangedEvent) -> None:
        self._looks.stop()
        if event.new_state == "speaking":
            self._since = self._looked_at = self._clock()
            self._looks.again()

    def _on_close(self, _: CloseEvent) -> None:
        self._looks.stop()

    def _look(self) -> None:
        now = self._clock()
        was_stopped = now - self._looked_at > _STOPPED_S  # this process: nothing could have left
        self._looked_at = now
        if was_stopped or self._is_awaited():
            self._since = now
        if now - self._since < self._silent_s:
            self._looks.again()
        else:
            self._silent()
