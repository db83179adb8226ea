"""Sound from files and words, and into files."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from lab.providers.samples import resample
from lab.softphone.g711 import Samples


def read_wav(path: Path, rate: int) -> Samples:
    """A 16-bit WAV file, its channels mixed, as samples at `rate` Hz. Raises ValueError, OSError."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, own = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no WAV file that can be read: {error}") from error
    if width != 2:
        raise ValueError(f"{path} has {8 * width}-bit samples: convert it to 16-bit PCM")
    samples = np.frombuffer(data, dtype="<i2").reshape(-1, channels).mean(axis=1).astype(np.int16)
    return resample(samples, own, rate)


def stereo_wav(left: Samples, right: Samples, rate: int) -> bytes:
    """Two channels of one length as a 16-bit WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.column_stack((left, right)).astype("<i2").tobytes())
    return file.getvalue()


def speak_offline(text: str, language: str, rate: int) -> bytes:
    """`text` in the demonstration caller's voice, s16le mono at `rate` Hz (see `lab.providers.speaking`)."""
    from lab.providers.speaking import speak  # loads espeak-ng, which production does not install

    return speak(text, language, "caller", rate)
