"""A telephone's sound: G.711 µ-law over RTP (RFC 3551), and the keys that come (RFC 4733)."""

from __future__ import annotations

import asyncio
import secrets
import struct
import time

import numpy as np

from lab.softphone.bridge import DIGITS
from lab.softphone.ear import HeardTrack, Sound, sounds_in
from lab.softphone.g711 import RATE, Samples, decode, encode
from lab.telephone.message import Address

_PACKET = 160  # samples: 20 ms
_PCMU, _EVENTS = 0, 101
_SILENCE = b"\xff" * _PACKET


class Media(asyncio.DatagramProtocol):
    """Sends a packet every 20 ms from `start` on, silence where nothing is said, and keeps what arrives."""

    def __init__(self) -> None:
        self.heard = HeardTrack(RATE)
        self.keys: list[str] = []  # that the other side pressed
        self.packets = 0  # that arrived
        self.address: Address = ("", 0)
        self._to_say: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self._last_event = -1
        self._muted = False

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = self._transport.get_extra_info("sockname")[:2]

    def start(self, remote: Address, after: float = 0.0) -> None:
        """Send there, from `after` seconds on. Once is enough."""
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(remote, after))

    def mute(self) -> None:
        """Send no more packets at all: a line that broke, or a carrier's hold."""
        self._muted = True

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    async def say(self, samples: Samples) -> Sound:
        """Say it; returns when the last packet was sent, with the moments of its first and last audible sample."""
        data = encode(samples)
        packets = [data[i : i + _PACKET].ljust(_PACKET, b"\xff") for i in range(0, len(data), _PACKET)]
        for packet in packets:
            self._to_say.put_nowait(packet)
        await self._to_say.join()
        end = time.monotonic()  # a packet leaves when its last sample is spoken
        start = end - len(packets) * _PACKET / RATE
        audible = sounds_in(samples, RATE)
        return Sound(start + audible[0].start, start + audible[-1].end) if audible else Sound(start, end)

    async def speech(self, after: float, within: float) -> Sound:
        """The first sound after a moment. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                for sound in self._sounds():
                    if sound.end > after:
                        return Sound(max(sound.start, after), sound.end)
                await asyncio.sleep(0.005)

    async def silence(self, seconds: float, within: float) -> float:
        """Wait until nothing was audible for so long; the end of the last sound. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                sounds = self._sounds()
                if sounds and time.monotonic() - sounds[-1].end >= seconds:
                    return sounds[-1].end
                await asyncio.sleep(0.02)

    @property
    def last_heard(self) -> float:
        """The last audible sample; 0 where nothing was heard."""
        return max((sound.end for sound in self._sounds()), default=0.0)

    def _sounds(self) -> list[Sound]:
        began = self.heard.began
        return [Sound(began + sound.start, began + sound.end) for sound in self.heard.sounds]

    async def _send(self, remote: Address, after: float) -> None:
        assert self._transport is not None
        await asyncio.sleep(after)
        number, stamp, source = secrets.randbelow(1 << 15), secrets.randbelow(1 << 31), secrets.randbits(32)
        due = time.monotonic()
        while not self._muted:
            payload = _SILENCE
            if not self._to_say.empty():
                payload = self._to_say.get_nowait()
                self._to_say.task_done()
            head = struct.pack("!BBHII", 0x80, _PCMU, number & 0xFFFF, stamp & 0xFFFFFFFF, source)
            self._transport.sendto(head + payload, remote)
            number, stamp, due = number + 1, stamp + _PACKET, due + 0.02
            await asyncio.sleep(due - time.monotonic())

    def datagram_received(self, data: bytes, addr: Address) -> None:
        arrived = time.monotonic()
        if len(data) < 12:
            return
        self.packets += 1
        kind, stamp = data[1] & 0x7F, struct.unpack("!I", data[4:8])[0]
        if kind == _PCMU:
            self.heard.add(decode(np.frombuffer(data[12:], np.uint8)), arrived)
        elif kind == _EVENTS and stamp != self._last_event:  # one key is many packets of one stamp
            self._last_event = stamp
            self.keys.append(DIGITS[data[12]].lower())
