"""The agent's words, which a telephone does not carry: where something knows them, a conversation can show them."""

from __future__ import annotations

from typing import Any, Protocol

import httpx


class Words(Protocol):
    """Knows what agents say."""

    async def spoken(self) -> str:
        """What was said since the last time this was asked; empty when nobody knows."""
        ...


class NoWords:
    """Against real providers the softphone has nothing but sound."""

    async def spoken(self) -> str:
        return ""


class OfflineWords:
    """What the providers' stand-in at `origin` was asked to speak. Right while one call is made at a time.

    A greeting that the worker has kept from an earlier call is not among it. Raises ConnectionError when the
    stand-in does not answer.
    """

    def __init__(self, origin: str) -> None:
        self._url = f"{origin.rstrip('/')}/_offline/requests"
        self._seen = 0

    async def spoken(self) -> str:
        texts = [str(one["body"]["input"]) for one in await self._requests() if one["kind"] == "tts"]
        new = texts[self._seen :]
        self._seen = len(texts)
        return " ".join(new)

    async def _requests(self) -> list[dict[str, Any]]:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
                return (await client.get(self._url)).raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ConnectionError(f"no stand-in answers at {self._url} ({error}): is the address right?") from error
