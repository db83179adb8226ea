"""The conversation as a telephone needs it: LiveKit's session with its defaults for browsers put right."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterable
from typing import Any

from livekit import rtc
from livekit.agents import NOT_GIVEN, AgentSession, NotGivenOr, TurnHandlingOptions, llm, room_io
from livekit.agents.utils import is_given
from livekit.agents.voice import SpeechHandle
from livekit.agents.voice.agent_session import SessionConnectOptions

from switchboard.speech.end_of_turn import SentenceTurns
from switchboard.speech.models import Models
from switchboard.speech.profile import SpeechProfile, ends_turns
from switchboard.talk.conversation import Conversation
from switchboard.talk.unheard import words_within_s

_BITRATE = 64_000  # bit/s: Opus encodes in less than half the processor time of its default, and the bridge is near
_LAST_WORDS_S = 1.0  # from a recogniser, after the end of the call
_RATE = 16_000  # Hz: what the voice activity detector and the recogniser work at
# How a model that speaks by itself is given words that are written.
_WORD_FOR_WORD = "Say this word for word, in the language it is written in, and nothing before or after it: {}"


class PhoneSession(AgentSession[Conversation[Any]]):
    """livekit-agents' session, whose `say` also works where one model hears, thinks and speaks: it is asked to."""

    def say(
        self,
        text: str | AsyncIterable[str],
        *,
        audio: NotGivenOr[AsyncIterable[rtc.AudioFrame]] = NOT_GIVEN,
        allow_interruptions: NotGivenOr[bool] = NOT_GIVEN,
        add_to_chat_ctx: bool = True,
    ) -> SpeechHandle:
        if self.tts is None and not is_given(audio) and isinstance(text, str) and self.is_one_model:
            quoted = json.dumps(text, ensure_ascii=False)  # a caller's name in a greeting ends no quotation
            # Its turns are the model's own: nothing can be kept from being interrupted.
            return self.generate_reply(instructions=_WORD_FOR_WORD.format(quoted), tool_choice="none")
        return super().say(text, audio=audio, allow_interruptions=allow_interruptions, add_to_chat_ctx=add_to_chat_ctx)

    @property
    def is_one_model(self) -> bool:
        """Whether one model hears, thinks and speaks."""
        return isinstance(self.llm, llm.RealtimeModel)


def make_session(
    profile: SpeechProfile, language: str, models: Models, conversation: Conversation[Any]
) -> PhoneSession:
    """A session for one call: its models, and turns as people take them on the telephone."""
    if profile.realtime:
        return PhoneSession(
            llm=models.llm,
            tts=models.tts or NOT_GIVEN,
            vad=models.detector(False),  # only to know when the caller speaks if the model does not tell
            turn_handling=TurnHandlingOptions(turn_detection="realtime_llm", interruption={"mode": "vad"}),
            userdata=conversation,
            aec_warmup_duration=None,
            session_close_transcript_timeout=0.0,
        )
    telephone = profile.vad != "bundled" and conversation.call.kind == "sip"
    return PhoneSession(
        stt=models.stt or NOT_GIVEN,
        llm=models.llm,
        tts=models.tts or NOT_GIVEN,
        vad=models.detector(telephone),
        turn_handling=_turn_handling(profile, language),
        userdata=conversation,
        # A model that fails does not end the call: what is said in its place, and when it is enough, is for us to know.
        conn_options=SessionConnectOptions(max_unrecoverable_errors=sys.maxsize),
        # No echo canceller warms up on a telephone: without this the caller is deaf-muted for 3 s.
        aec_warmup_duration=None,
        transcription_timeout=words_within_s(models.stt),
        # The last words of who hung up are waited for; the room, and with it the line, is closed meanwhile.
        session_close_transcript_timeout=_LAST_WORDS_S,
    )


def _turn_handling(profile: SpeechProfile, language: str) -> TurnHandlingOptions:
    from_recogniser = ends_turns(profile.stt)
    return TurnHandlingOptions(
        turn_detection="stt" if from_recogniser else SentenceTurns(language),
        endpointing={
            "mode": "fixed",
            "min_delay": 0.0 if from_recogniser else profile.min_delay,
            "max_delay": profile.max_delay,
        },
        # Pinned: the default asks LiveKit's cloud for a model where it can. The agent stops soon; when no words follow
        # (a cough), it goes on where it was.
        interruption={"mode": "vad", "min_duration": 0.09, "false_interruption_timeout": 1.0},
        preemptive_generation={"enabled": True, "preemptive_tts": True},
    )


def room_options(caller: rtc.RemoteParticipant) -> room_io.RoomOptions:
    """The session hears and answers this caller alone. Its end, and theirs, are the leg's to judge."""
    telephone = caller.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
    return room_io.RoomOptions(
        participant_identity=caller.identity,
        participant_kinds=[caller.kind],
        audio_input=room_io.AudioInputOptions(
            sample_rate=_RATE,
            pre_connect_audio=not telephone,
            auto_gain_control=False,  # carriers level the voice; the recogniser hears it as it is
        ),
        audio_output=room_io.AudioOutputOptions(track_publish_options=_published(telephone)),
        text_input=False,  # any participant could type for the caller
        text_output=not telephone,  # nobody reads on a telephone, and the synchroniser costs CPU
        delete_room_on_close=False,
        close_on_disconnect=False,
    )


def _published(telephone: bool) -> rtc.TrackPublishOptions:
    """How our voice travels. Sending everything twice (RED) is for a browser's network, not for the bridge's."""
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    if telephone:
        options.red = False
        options.audio_encoding.max_bitrate = _BITRATE
    return options
