"""A directory behind HTTP, such as a CRM's: `GET https://crm.example/customers?phone={number}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

import httpx

from switchboard.directory.directory import MOST, DirectoryError

_TIMEOUT_S = 2.0  # what an abandoned request may still take; the call itself waits for its budget only

# httpx logs every URL, and these hold callers' numbers.
logging.getLogger("httpx").setLevel(logging.WARNING)


class HttpDirectory:
    """Asks a URL for a number. The answer is a JSON object, a list of them, or 404 for an unknown number.

    `url` holds `{number}`, which becomes the caller's number in E.164, percent-encoded. `token` is sent as
    `Authorization: Bearer`. Give a `client` for anything else (own headers, certificates, proxies); make it
    before calls come in, because loading certificates takes tens of milliseconds.
    """

    def __init__(self, url: str, client: httpx.AsyncClient | None = None, token: str | None = None) -> None:
        if "{number}" not in url:
            raise DirectoryError("DIRECTORY_URL has no {number}: write it where the caller's number belongs")
        self._url = url
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT_S)
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        """See `Directory.find`. Raises DirectoryError, and httpx's errors."""
        url = self._url.replace("{number}", quote(number, safe=""))
        answer = await self._client.get(url, headers=self._headers)
        if answer.status_code in (204, 404):
            return []
        if answer.status_code != 200:
            raise DirectoryError(f"HTTP {answer.status_code}")
        try:
            body: object = answer.json()
        except ValueError:
            raise DirectoryError("the answer is not JSON") from None
        rows = cast("list[object]", body) if isinstance(body, list) else [body]
        if not all(isinstance(row, dict) for row in rows):
            raise DirectoryError("the answer is not a JSON object or a list of them")
        return [_named(cast("dict[str, Any]", row)) for row in rows[:MOST] if row]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Columns that have a value, as the database's rows are."""
    return {key: value for key, value in row.items() if value not in (None, "")}
