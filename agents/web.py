"""One HTTP client for all tools of a call's process, with bounds: a caller waits for the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import httpx

# httpx logs every URL, and these may hold what a caller said.
logging.getLogger("httpx").setLevel(logging.WARNING)

_LARGEST_ANSWER = 1_000_000  # bytes


class TooLong(Exception):
    """An answer of more than a megabyte. The text says so and no more."""


class Web:
    """Made once a process, and nothing is open before it is used. Each answer is read whole."""

    def __init__(self) -> None:
        self._making: asyncio.Task[httpx.AsyncClient] | None = None

    async def get(
        self,
        url: str,
        *,
        timeout_s: float,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body. Raises TimeoutError after `timeout_s` for all of it, TooLong, and httpx's errors."""
        async with asyncio.timeout(timeout_s):
            client = await self._client()
            async with client.stream("GET", url, params=params, headers=headers) as answer:
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise TooLong("the answer is too long")
                return answer.status_code, body

    async def _client(self) -> httpx.AsyncClient:
        if self._making is None:
            # Reading the certificates takes 20 ms, in which this call would stand still: a thread does it, once.
            limits = httpx.Limits(max_keepalive_connections=0)  # a call asks a few times in minutes
            self._making = asyncio.create_task(asyncio.to_thread(httpx.AsyncClient, timeout=None, limits=limits))
        return await asyncio.shield(self._making)
