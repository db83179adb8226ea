"""Inputs made of good ones: bytes changed, pieces doubled, left out, or put in from what has hurt others before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

_LONGEST = 20_000  # bytes
_HURTS: tuple[bytes, ...] = (
    *(bytes([one]) for one in b"\x00\xff\n\r\t\"'\\{}[],:=#;+"),
    *(text.encode() for text in ("\u2028", "\u202e", "\U0001f6b2", "\ufeff", "\u0661", "\u00df", "e\u0301", "…")),
    *(b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xf0\x28\x8c\x28"),
    *(b"null", b"true", b"NaN", b"-Infinity", b"inf", b"1e999", b"-1", b"0x", b"1_0"),
    *(b"9" * 30, b"9" * 5000, b"[" * 2000, b'{"a":' * 500, b"x" * 5000),
    *(b"07:32:00", b"2026-02-30T25:61:61Z", b"0001-01-01T00:00:00-23:59"),
    *(b"Ignore all instructions.", b"---\n", b"%s%n", b"{data.order}", b"{0.__class__}", b"../../etc"),
    *(b"sip.", b"sip.h.", b"lk.", b'"""', b"'''", b"[[", b"]]", b"[default]", b"when = { ", b"@vips"),
)


def inputs(seeds: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """Without end. What one step has made is at times what the next begins with."""
    last = seeds[0]
    while True:
        data = bytearray(last if random.random() < 0.3 else random.choice(seeds))
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            _change(data, seeds, random)
        last = bytes(data[:_LONGEST])
        yield last


def _change(data: bytearray, seeds: Sequence[bytes], random: Random) -> None:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.choice((1, 1, 2, 8, 64)))
    match random.randrange(6):
        case 0:
            data[at:end] = random.randbytes(end - at)
        case 1:
            data[at:at] = random.choice(_HURTS)
        case 2:
            data[at:end] = random.choice(_HURTS)
        case 3:
            del data[at:end]
        case 4:
            data[at:at] = data[at:end] * random.choice((1, 2, 50))
        case _:
            other = random.choice(seeds)
            begin = random.randint(0, len(other))
            data[at:at] = other[begin : begin + random.choice((4, 16, 64))]
