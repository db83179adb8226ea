"""What a telephone line leaves of a sound: G.711 µ-law, one table look-up a sample (ITU-T G.711, table 2a)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]  # shape (n,), mono

RATE = 8000  # Hz, of every G.711 line
_BIAS = 132  # of a 16-bit sample: the standard's 33, for 14 bits, times 4
_CLIP = 32635  # the loudest that µ-law can say, before the bias


def _codes() -> NDArray[np.uint8]:
    """For each 16-bit sample, as unsigned index, its µ-law code."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(samples), _CLIP) + _BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7  # 0 to 7: each is twice as coarse as the last
    mantissa = (biased >> (segment + 3)) & 0x0F
    return (~(np.where(samples < 0, 0x80, 0) | segment << 4 | mantissa) & 0xFF).astype(np.uint8)


def _samples() -> NDArray[np.int16]:
    """For each µ-law code its sample."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    decoded = (((code & 0x0F) << 3) + _BIAS << (code >> 4 & 7)) - _BIAS
    return np.where(code & 0x80, -decoded, decoded).astype(np.int16)


_CODES = _codes()
_SAMPLES = _samples()
_ROUND_TRIP = _SAMPLES[_CODES]


def encode(samples: Samples) -> bytes:
    """`samples` in µ-law, a byte each."""
    return _CODES[samples.view(np.uint16)].tobytes()


def decode(codes: NDArray[np.uint8]) -> Samples:
    """The samples that these µ-law codes stand for."""
    return _SAMPLES[codes]


def over_the_line(samples: Samples) -> Samples:
    """`samples` as they come out at the other end of a G.711 µ-law line; silence stays silence."""
    return _ROUND_TRIP[samples.view(np.uint16)]
