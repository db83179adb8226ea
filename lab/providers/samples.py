"""Sound as numbers: resampling and trimming of mono s16 PCM, without a loop over samples."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]  # shape (n,), mono


def resample(samples: Samples, rate: int, to: int) -> Samples:
    """`samples` at `rate` Hz as samples at `to` Hz.

    Whole utterances only: the spectrum is cut off or padded in one go, which is exact but knows no stream.
    """
    if rate == to or not len(samples):
        return samples
    step, out_step = rate // gcd(rate, to), to // gcd(rate, to)
    blocks = -(-len(samples) // step)
    padded = np.zeros(blocks * step, np.float32)
    padded[: len(samples)] = samples
    spectrum = np.fft.rfft(padded)
    resized = np.zeros(blocks * out_step // 2 + 1, spectrum.dtype)
    shared = min(len(spectrum), len(resized))
    resized[:shared] = spectrum[:shared]
    wave = np.fft.irfft(resized, blocks * out_step) * (out_step / step)
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def trim(samples: Samples, floor: int = 64) -> Samples:
    """`samples` without the silence before and after them, so that their ends are what a listener hears."""
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > floor)
    return samples[audible[0] : audible[-1] + 1] if len(audible) else samples[:0]
