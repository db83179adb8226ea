"""Telling voice from silence: the model inside livekit-agents, or the same one as a plug-in."""

from __future__ import annotations

from livekit.agents import inference, vad

from switchboard.speech.profile import SpeechProfile

# A pause this long is told to the session, which decides whether it ends the turn. Seconds.
_PAUSE_S = 0.2
_THRESHOLD = 0.5
_TELEPHONE, _WIDEBAND = 8_000, 16_000  # Hz


class Detectors:
    """Detectors of voice. Silero's are loaded once each (a tenth of a second): before the calls that need them."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[int, float], vad.VAD] = {}

    def detector(self, profile: SpeechProfile, *, telephone: bool) -> vad.VAD:
        """The profile's detector, for one call. A telephone's narrow band is looked at as such: half the work."""
        threshold = profile.vad_threshold or _THRESHOLD
        if profile.vad == "bundled":
            return inference.VAD(min_silence_duration=_PAUSE_S, activation_threshold=threshold)
        key = (_TELEPHONE if telephone else _WIDEBAND, threshold)
        if key not in self._loaded:
            self._loaded[key] = self._load(*key)
        return self._loaded[key]

    def _load(self, rate: int, threshold: float) -> vad.VAD:
        # onnxruntime takes a while to import, and only who asks for it waits.
        from livekit.plugins import silero

        return silero.VAD.load(
            sample_rate=8_000 if rate == _TELEPHONE else 16_000,
            activation_threshold=threshold,
            min_silence_duration=_PAUSE_S,
        )
