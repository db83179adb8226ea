"""What the table gives the agents of one call beside their prompts: colleagues, a voice, tools of MCP servers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from switchboard.speech.profile import SpeechProfile
from switchboard.speech.stock import ModelStock
from switchboard.talk.options import NOTHING, AgentOptions
from switchboard.talk.remote_tools import RemoteTools

if TYPE_CHECKING:
    from livekit.agents import ChatContext, llm

    from switchboard.speech.models import Models, Speaking, Thinking
    from switchboard.talk.never_silent import NeverSilent

logger = logging.getLogger("switchboard")


class Voices:
    """How each agent of a call speaks: `speech_of` gives its profile, `begun_with` is the session's."""

    def __init__(
        self, begun_with: SpeechProfile, speech_of: Callable[[str], SpeechProfile], stock: ModelStock, language: str
    ) -> None:
        self._begun_with = begun_with
        self._speech_of = speech_of
        self._stock = stock
        self._language = language
        self._made: dict[tuple[object, ...], Models] = {}

    def own(self, agent: str) -> tuple[Thinking | llm.RealtimeModel | None, Speaking | None]:
        """The LLM and the TTS of `agent`, None where it is the session's. Never raises: then they are the session's."""
        try:
            speech = self._speech_of(agent)
            thinks = (speech.llm, speech.realtime) != (self._begun_with.llm, self._begun_with.realtime)
            speaks = speech.tts != self._begun_with.tts
            if not thinks and not speaks:
                return None, None
            key = tuple(speech.every_model())
            if key not in self._made:
                self._made[key] = self._stock.take(speech, self._language)
            models = self._made[key]
            return models.llm if thinks else None, models.tts if speaks else None
        except Exception:  # a plug-in that cannot be made must not keep the caller from the agent
            logger.exception("agent %s has no models of its own: it speaks as this call began", agent)
            return None, None


class Equipment:
    """`options` by agent, and what was `said` in this call in a process that was lost.

    Without any, an agent has its prompt, its class's tools, and the session's models."""

    def __init__(
        self,
        options: Mapping[str, AgentOptions] | None = None,
        voices: Voices | None = None,
        tools: RemoteTools | None = None,
        never_silent: NeverSilent | None = None,
        said: ChatContext | None = None,
    ) -> None:
        self._options = options or {}
        self._voices = voices
        self.tools = tools or RemoteTools()
        self.never_silent = never_silent
        self.said = said

    def hand_over(self, agent: str) -> Mapping[str, str]:
        """The colleagues of `agent`, each with what they are for."""
        return self._options.get(agent, NOTHING).hand_over

    def models(self, agent: str) -> tuple[Thinking | llm.RealtimeModel | None, Speaking | None]:
        """The LLM and the TTS that `agent` has for itself; None is the session's."""
        return self._voices.own(agent) if self._voices else (None, None)
