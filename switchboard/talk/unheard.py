"""The caller spoke and no words came of it (a bad line, a recogniser that failed): ask, and let nobody wait in vain."""

from __future__ import annotations

import logging
from typing import Any

from livekit.agents import AgentSession, UserInputTranscribedEvent, UserTranscriptionTimeoutEvent

logger = logging.getLogger("switchboard")

# From the end of the voice; the last words usually come within half a second of it.
WORDS_WITHIN_S = 2.5
_SHORTEST_S = 0.4  # of voice: a cough or a click is no question
_IN_A_ROW = 2  # who lives beside a motorway is not asked for ever

ASK_AGAIN = (
    "The caller has just said something that could not be understood. Ask them in one short sentence to say it again."
)


def ask_again_when_unheard(session: AgentSession[Any]) -> None:
    """From now on. `session` must have `WORDS_WITHIN_S` as its transcription timeout."""
    asked = 0

    def on_words(event: UserInputTranscribedEvent) -> None:
        nonlocal asked
        if event.is_final and event.transcript.strip():
            asked = 0

    def on_no_words(event: UserTranscriptionTimeoutEvent) -> None:
        nonlocal asked
        # Whoever talks over the agent is not waiting for it.
        if event.speech_duration < _SHORTEST_S or asked == _IN_A_ROW or session.agent_state != "listening":
            return
        asked += 1
        logger.warning("the caller spoke and the recogniser gave no words", extra={"seconds": event.speech_duration})
        session.generate_reply(instructions=ASK_AGAIN)

    session.on("user_input_transcribed", on_words)
    session.on("user_transcription_timeout", on_no_words)
