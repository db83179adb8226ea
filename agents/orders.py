"""Where an order is: asked of the shop's own system over HTTP, as most tools are. docs/tools.md goes through it.

Whatever the system does, the model gets a sentence that it can speak about. Which order was asked for is the caller's
affair: it is in no log line.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

from agents.web import TooLong, Web

logger = logging.getLogger("switchboard")

_LONGEST_STATUS = 200  # characters that anybody would listen to
_NO_ANSWER = (
    "The order system does not answer. Say that you cannot see orders right now, and offer to take down what they need."
)
_EXAMPLES: Mapping[str, str] = {
    "1001": "ready to be picked up",
    "1002": "on its way and arrives on Thursday",
}


class Orders(Protocol):
    """Where agents ask for orders."""

    async def status(self, number: str) -> str:
        """A sentence about the order with the number that a caller said. Never raises."""
        ...


class ExampleOrders:
    """Two orders, for trying things out."""

    async def status(self, number: str) -> str:
        """See `Orders.status`."""
        return _sentence(_digits(number), _EXAMPLES.get(_digits(number)))


class HttpOrders:
    """`GET URL` with `{number}` in it: `{"status": "ready to be picked up"}`, or 404 for no such order.

    `token` is sent as `Authorization: Bearer`. `timeout_s` is for the whole of an answer.
    """

    def __init__(self, url: str, token: str, web: Web, timeout_s: float = 3.0) -> None:
        self._url = url
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._web = web
        self._timeout_s = timeout_s

    async def status(self, number: str) -> str:
        """See `Orders.status`."""
        digits = _digits(number)
        if not digits:
            return _sentence(digits, None)
        try:
            url = self._url.replace("{number}", quote(digits, safe=""))
            code, body = await self._web.get(url, timeout_s=self._timeout_s, headers=self._headers)
            if code == 404:
                return _sentence(digits, None)
            if code != 200:
                raise _Rubbish(f"HTTP {code}")
            return _sentence(digits, _status(body))
        except Exception as fault:  # whatever it is, the caller is waiting and gets an answer
            # Our own words only: the text of others' errors may hold the number.
            reason = str(fault) if isinstance(fault, _Rubbish | TooLong) else type(fault).__name__
            logger.warning("no order status: %s (if it lasts, look at ORDERS_URL and ORDERS_TOKEN)", reason)
            return _NO_ANSWER


class _Rubbish(Exception):
    """An answer that is none; the text names no order."""


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isascii() and c.isdigit())[:20]


def _status(body: bytes) -> str:
    """Another's words: one line, kept short. Raises _Rubbish."""
    try:
        status: object = json.loads(body)["status"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _Rubbish("the answer has no status") from None
    if not isinstance(status, str) or not status.strip():
        raise _Rubbish("the answer has no status")
    return " ".join("".join(c if c.isprintable() else " " for c in status).split())[:_LONGEST_STATUS]


def _sentence(digits: str, status: str | None) -> str:
    return f"Order {digits} is {status}." if status else "There is no order with that number."
