"""An HTTP answer that is read no further than a call can bear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2


class Bounded(httpx2.AsyncByteStream):
    """`stream` up to `most` bytes. Past them it calls `past` and raises httpx2.StreamError."""

    def __init__(self, stream: Any, most: int, past: Callable[[], None]) -> None:
        self._stream = stream
        self._most = most
        self._past = past

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._stream:
            read += len(piece)
            if read > self._most:
                self._past()
                raise httpx2.StreamError(f"more than {self._most} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
