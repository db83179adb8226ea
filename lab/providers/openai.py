"""What OpenAI's addresses have in common on the wire: the key, the body, and the shape of a refusal."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from aiohttp import web

from lab.providers.controls import BadRequest, Controls, Kind
from lab.providers.faults import PAGE, Fault, break_off


class Refused(Exception):
    """The request is answered with `response` and nothing else."""

    def __init__(self, status: int, message: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        error = {"message": message, "type": kind, "param": None, "code": None}
        self.response = web.json_response({"error": error}, status=status)


class PageInstead(Refused):
    """The request is answered with an HTML page, as by a proxy in between."""

    def __init__(self) -> None:
        super().__init__(200, "a page")
        self.response = web.Response(text=PAGE, content_type="text/html")


def need_key(request: web.Request) -> None:
    """Raises Refused (401) without a key; any key will do."""
    if not request.headers.get("Authorization", "").removeprefix("Bearer").strip():
        raise Refused(401, "Send a key: `Authorization: Bearer KEY` (any key will do here)")


async def read_object(request: web.Request, kind: Kind, controls: Controls) -> dict[str, Any]:
    """The JSON object of a request, noted for who looks. Raises Refused (401, 400)."""
    need_key(request)
    try:
        body: Any = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON: send a JSON object") from None
    if not isinstance(body, dict):
        raise Refused(400, "The body is not a JSON object: send one")
    controls.note(kind, request.path, dict(request.query), body, key=request.headers["Authorization"])
    return cast("dict[str, Any]", body)


async def meet_fault(request: web.Request, kind: Kind, controls: Controls) -> Fault:
    """Fail before the answer where that was asked for; how the answer itself shall fail.

    Raises Refused, or ends the connection.
    """
    fault = controls.take_fault(kind)
    if fault.way == "hang":
        await asyncio.Event().wait()  # until the client gives up, which cancels this
    await asyncio.sleep(fault.delay)
    if fault.status:
        raise Refused(fault.status, "This failure was asked for by /_offline/faults", "server_error")
    if fault.way == "page":
        raise PageInstead
    if fault.way == "close":
        break_off(request)
    return fault


def need_text(body: dict[str, Any], key: str) -> str:
    """The text at `key`. Raises BadRequest."""
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadRequest(f'"{key}" is missing: send a text')
    return value
