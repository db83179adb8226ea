"""Plug-ins made ahead of the calls that will need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchboard.speech.health import Health
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Accesses

if TYPE_CHECKING:
    from livekit.agents import vad

    from switchboard.speech.models import Models
    from switchboard.speech.voice_activity import Detectors


class ModelStock:
    """Plug-ins made before they are needed: in the fork server, from which every call's process inherits them.

    They open no connection before their first use, and a call's process serves one call. `health` is what all calls
    know of the models that failed lately.
    """

    def __init__(self, accesses: Accesses, health: Health | None = None) -> None:
        self.accesses = accesses
        self._health = health or Health()
        self._ready: dict[tuple[object, ...], Models] = {}
        self._detectors: Detectors | None = None

    def prepare(self, profile: SpeechProfile, language: str) -> None:
        """Make the plug-ins for the next conversation of this kind."""
        self._ready[_key(profile, language)] = self._make(profile, language)

    def prepare_detectors(self, profile: SpeechProfile) -> None:
        """Load what tells voice from silence, for callers of any kind."""
        for telephone in (True, False):
            self._detector(profile, telephone)

    def take(self, profile: SpeechProfile, language: str) -> Models:
        """The plug-ins for a conversation in `language`. `profile` has been checked and suits the language."""
        return self._ready.pop(_key(profile, language), None) or self._make(profile, language)

    def _make(self, profile: SpeechProfile, language: str) -> Models:
        # The plug-ins take a second to import: whoever only checks the environment does not wait for them.
        from switchboard.speech.models import make_models

        def detector(telephone: bool) -> vad.VAD:
            return self._detector(profile, telephone)

        return make_models(profile, language, self.accesses, detector, self._health)

    def _detector(self, profile: SpeechProfile, telephone: bool) -> vad.VAD:
        from switchboard.speech.voice_activity import Detectors

        if self._detectors is None:
            self._detectors = Detectors()
        return self._detectors.detector(profile, telephone=telephone)


def _key(profile: SpeechProfile, language: str) -> tuple[object, ...]:
    return (*profile.every_model(), profile.keyterms, profile.vad, profile.vad_threshold, language)
