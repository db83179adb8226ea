"""How providers fail, as their clients see it on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aiohttp import web

Way = Literal[
    "close", "hang", "page", "garbage", "empty", "half", "drop", "megabyte", "silent", "drip", "trickle"
]  # fmt: skip
WAYS: tuple[Way, ...] = get_args(Way)
# What a response of the realtime model can be made to do; its connection knows no half answers.
OF_REALTIME: tuple[Way, ...] = ("close", "hang")

MEGABYTE = 2**20
PAGE = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>Try again later.</body></html>\n"
NOT_JSON = '{"id": "offline", "choices": [{"delta": {"content": "Hel'
_DRIPS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """An HTTP `status` in place of an answer, one of the `WAYS` to fail, or an answer that is late by `delay` seconds.

    | way | what the client sees |
    |---|---|
    | close | a connection that breaks before the first byte, a recogniser's before the first message |
    | hang | a connection that is taken, and no byte ever |
    | page | an HTML page, with status 200 |
    | garbage | the right kind of answer, made of what is none |
    | empty | an answer without a word or a sound |
    | half | an answer that ends properly after its first half; a recogniser gives no final |
    | drop | a connection that breaks in the middle of the answer |
    | megabyte | an answer of that size |
    | silent | an answer that begins, and then nothing ever |
    | drip | a word, a fifth of a second of sound or a recogniser's message each second |
    | trickle | a byte each second |
    """

    status: int | None = None
    way: Way | None = None
    delay: float = 0.0

    @property
    def concerns_connections(self) -> bool:
        """Whether it is met before a word was said."""
        return bool(self.status) or self.way in ("close", "hang", "page", "silent")

    @property
    def lasts(self) -> bool:
        """Whether a connection that has met it never works again."""
        return self.way in ("hang", "silent")


async def stream(
    request: web.Request,
    headers: Mapping[str, str],
    pieces: AsyncIterable[bytes],
    fault: Fault,
    *,
    opening: bytes = b"",
    garbage: bytes = b"",
) -> web.StreamResponse:
    """Answer with `opening` and `pieces`, or as `fault` has it; `garbage` is nothing that this wire knows."""
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if opening and fault.way not in ("garbage", "trickle"):
        await response.write(opening)
    async for piece in _spoiled(pieces, fault, garbage):
        await response.write(piece)
    if fault.way == "drop":
        break_off(request)
    await response.write_eof()
    return response


async def _spoiled(pieces: AsyncIterable[bytes], fault: Fault, garbage: bytes) -> AsyncIterator[bytes]:
    match fault.way:
        case "silent":
            await asyncio.Event().wait()  # until the client gives up, which cancels this
        case "garbage":
            yield garbage
        case "half" | "drop":
            whole = [piece async for piece in pieces]
            for piece in whole[: max(1, len(whole) // 2)]:
                yield piece
        case "drip":
            async for piece in pieces:
                yield piece
                await asyncio.sleep(_DRIPS_EVERY_S)
        case "trickle":
            async for piece in pieces:
                for byte in piece:
                    yield bytes((byte,))
                    await asyncio.sleep(_DRIPS_EVERY_S)
        case _:
            async for piece in pieces:
                yield piece


def break_off(request: web.Request) -> None:
    """End the connection of `request` as a broken network does. Raises ConnectionResetError."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("asked for by /_offline/faults")


class SpoiledSocket:
    """A recogniser's open connection: what it sends goes through here, and comes out as its `fault` has it."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.fault = Fault()
        self.socket = socket
        self._request = request

    async def send(self, text: str, *, words: str, final: bool) -> None:
        """Send the message `text`, in which are these `words`. Raises ConnectionResetError where it breaks."""
        fault = self.fault
        if fault.lasts or (fault.way == "half" and final):
            return
        if (fault.way == "drop" and words) or ((fault.way == "close" or fault.status) and final):
            break_off(self._request)
        if fault.way == "garbage":
            await self.socket.send_bytes(b"\x00\xff" * 20)
            text = NOT_JSON
        elif fault.way == "page":
            text = PAGE
        elif fault.way == "empty" and words:
            text = text.replace(words, "")
        elif fault.way == "megabyte" and words and final:
            text = text.replace(words, f"{words} " * (MEGABYTE // (len(words) + 1)), 1)
        elif fault.way == "drip":
            await asyncio.sleep(_DRIPS_EVERY_S)
        if fault.way == "trickle":
            await self._trickle(text.encode())
        else:
            await self.socket.send_str(text)

    async def _trickle(self, payload: bytes) -> None:
        """One frame, byte by byte. RFC 6455, section 5.2: final, text, unmasked, with a length of 16 bits."""
        transport = self._request.transport
        for byte in b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload:
            if transport is None or transport.is_closing():
                return
            transport.write(bytes((byte,)))
            await asyncio.sleep(_DRIPS_EVERY_S)


def read_fault(given: Mapping[str, Any], ways: tuple[Way, ...]) -> Fault:
    """`{"status": 500}`, `{"hang": true}`, `{"delay": 2.5}`. Raises ValueError with what would be right."""
    status, delay = given.get("status"), given.get("delay", 0.0)
    if status is not None and (not isinstance(status, int) or not 400 <= status <= 599):
        raise ValueError('"status" is an HTTP status from 400 to 599')
    if not isinstance(delay, int | float) or isinstance(delay, bool) or not 0 <= delay <= 600:
        raise ValueError('"delay" is a number of seconds from 0 to 600')
    asked: list[Way] = [way for way in ways if given.get(way) is True]
    fault = Fault(status, asked[0] if asked else None, float(delay))
    if len(asked) > 1 or (asked and status) or fault == Fault():
        raise ValueError(f'takes one of "status": 500, "delay": 2.5 or, with true, {", ".join(ways)}')
    return fault
