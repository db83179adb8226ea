"""The caller spoke and no words came of it (a bad line, a recogniser that failed): ask, and let nobody wait in vain."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from livekit.agents import (
    AgentSession,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    UserTranscriptionTimeoutEvent,
    stt,
)

from switchboard.speech.spare_stt import SpareSTT
from switchboard.talk.conversation import Conversation

logger = logging.getLogger("switchboard")

# From the end of the voice. Who hears as it comes has the first words long before that, and the last ones half a second
# after it; who takes whole sentences only begins there.
_WORDS_WITHIN_S, _OF_SENTENCES_S = 1.2, 1.6
_FINAL_WITHIN_S = 1.2  # from there to the last word of words that have begun to come
_SHORTEST_S = 0.4  # of voice: a cough or a click is no question
_IN_A_ROW = 2  # who lives beside a motorway is not asked for ever
_HEARD_AGAIN_S = 0.8  # by another recogniser, or by the same one over a new connection


def words_within_s(recogniser: stt.STT[Any] | None) -> float:
    """How long after the caller's voice no word at all is no longer usual: a session's transcription timeout."""
    return _WORDS_WITHIN_S if recogniser and recogniser.capabilities.interim_results else _OF_SENTENCES_S


def ask_again_when_unheard(session: AgentSession[Conversation[Any]]) -> None:
    """From now on. `session` must have `words_within_s` as its transcription timeout."""
    never_silent = session.userdata.equipment.never_silent
    loop = asyncio.get_running_loop()
    asked = understood = 0
    finishing: asyncio.TimerHandle | None = None

    def on_words(event: UserInputTranscribedEvent) -> None:
        nonlocal asked, understood
        if event.is_final and event.transcript.strip():
            asked = 0
        if event.transcript.strip():
            understood += 1

    def on_no_words(event: UserTranscriptionTimeoutEvent) -> None:
        nonlocal asked
        # Whoever talks over the agent is not waiting for it.
        if event.speech_duration < _SHORTEST_S or asked == _IN_A_ROW or session.agent_state != "listening":
            return
        asked += 1
        logger.warning("the caller spoke and the recogniser gave no words", extra={"seconds": event.speech_duration})
        if isinstance(session.stt, SpareSTT):
            session.stt.gave_no_words()  # another one hears it, and then there may be words
        loop.call_later(_HEARD_AGAIN_S, ask, understood)

    def ask(before: int) -> None:
        if understood == before and session.agent_state == "listening" and never_silent is not None:
            never_silent.say("unheard")

    def on_caller(event: UserStateChangedEvent) -> None:
        nonlocal finishing
        if finishing is not None:
            finishing.cancel()
        if event.new_state != "speaking" and isinstance(session.stt, SpareSTT):
            finishing = loop.call_later(_FINAL_WITHIN_S, session.stt.ended)

    session.on("user_state_changed", on_caller)
    session.on("user_input_transcribed", on_words)
    session.on("user_transcription_timeout", on_no_words)
