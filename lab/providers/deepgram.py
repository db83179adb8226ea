"""What Deepgram's two recognisers have in common on the wire: the query, refusals, and messages that come late."""

from __future__ import annotations

import asyncio
import json
import uuid
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from multidict import MultiMapping

from lab.providers.controls import BadRequest, Controls
from lab.providers.faults import PAGE, Fault, SpoiledSocket, break_off
from lab.providers.mind import Mind

_SLOWEST, _FASTEST = 8000, 48_000  # Hz


def plain_query(request: web.Request) -> dict[str, Any]:
    """The query as a dict: a key that comes more than once has a list."""
    query = request.query
    return {key: query[key] if len(query.getall(key)) == 1 else query.getall(key) for key in query}


def number(query: MultiMapping[str], key: str, default: int) -> int:
    """A whole number from the query. Raises BadRequest."""
    text = query.get(key, "")
    if text and not text.isdecimal():
        raise BadRequest(f"{key}={text}: a whole number is needed")
    return int(text) if text else default


def sample_rate(query: MultiMapping[str]) -> int:
    """The rate (Hz) of the s16le mono audio that will come. Raises BadRequest for any other."""
    rate = number(query, "sample_rate", 16_000)
    if not _SLOWEST <= rate <= _FASTEST:
        raise BadRequest(f"sample_rate={rate}: have {_SLOWEST} to {_FASTEST}")
    if (encoding := query.get("encoding", "linear16")) != "linear16":
        raise BadRequest(f"encoding={encoding}: the offline server hears linear16 only")
    if query.get("channels", "1") != "1":
        raise BadRequest("channels: the offline server hears one channel only, channels=1")
    return rate


def refusal(status: int, code: str, message: str) -> web.Response:
    """An error as Deepgram words it."""
    body = {"err_code": code, "err_msg": message, "request_id": str(uuid.uuid4())}
    return web.json_response(body, status=status)


@dataclass
class Connection:
    """One open socket. What is put here goes out in order, late by the provider's delay and that of a fault."""

    spoiled: SpoiledSocket
    controls: Controls
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _queue: asyncio.Queue[tuple[float, dict[str, Any]]] = field(
        default_factory=asyncio.Queue[tuple[float, dict[str, Any]]]
    )

    @property
    def socket(self) -> web.WebSocketResponse:
        return self.spoiled.socket

    def put(self, message: dict[str, Any], *, at_once: bool = False) -> None:
        delay = 0.0 if at_once else self.controls.delays.stt + self.spoiled.fault.delay
        self._queue.put_nowait((asyncio.get_running_loop().time() + delay, message))

    async def send_all(self) -> None:
        """Send for as long as the connection lasts."""
        while True:
            due, message = await self._queue.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if not self.socket.closed:
                with suppress(ConnectionError):
                    await self.spoiled.send(json.dumps(message), words=_words(message), final=_is_final(message))
            self._queue.task_done()

    async def all_sent(self) -> None:
        await self._queue.join()


def _words(message: dict[str, Any]) -> str:
    """What was said, as Flux and the live recogniser have it; empty in any other message."""
    if "is_final" in message:
        return str(message["channel"]["alternatives"][0]["transcript"])
    return str(message.get("transcript", ""))


def _is_final(message: dict[str, Any]) -> bool:
    return message.get("is_final") is True or message.get("event") == "EndOfTurn"


class Provider(ABC):
    """A recogniser's address. A subclass reads the query in `accept` and talks in `converse`."""

    def __init__(self, controls: Controls, mind: Mind) -> None:
        self.controls = controls
        self.mind = mind

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one WebSocket request, from the hand-shake to the close."""
        if not request.headers.get("Authorization", "").startswith(("Token ", "Bearer ")):
            return refusal(401, "INVALID_AUTH", "Send a key: `Authorization: Token KEY` (any key will do here)")
        key = request.headers["Authorization"]
        self.controls.note("stt", request.path, plain_query(request), key=key)
        fault = self.controls.take_fault("stt", connecting=True)
        if fault.status:
            return refusal(fault.status, "OFFLINE_FAULT", "This failure was asked for by /_offline/faults")
        if fault.way == "page":
            return web.Response(text=PAGE, content_type="text/html")
        if fault.way == "hang":
            await asyncio.Event().wait()  # until the client gives up, which cancels this
        try:
            talk = self.accept(request.query)
        except BadRequest as wrong:
            return refusal(400, "Bad Request", str(wrong))
        socket = web.WebSocketResponse(max_msg_size=2**20)
        if not socket.can_prepare(request):
            return refusal(400, "Bad Request", "This address is a WebSocket: connect with ws://")
        await socket.prepare(request)
        if fault.way == "close":
            break_off(request)
        spoiled = SpoiledSocket(request, socket)
        spoiled.fault = fault
        await self._converse(Connection(spoiled, self.controls), talk)
        return socket

    @abstractmethod
    def accept(self, query: MultiMapping[str]) -> Talk:
        """The talk that this query asks for. Raises BadRequest."""

    def meet_fault(self, connection: Connection, *, anew: bool) -> None:
        """Fail from now on, where that was asked for: as an utterance begins (`anew`), or as it ends."""
        spoiled = connection.spoiled
        if not spoiled.fault.lasts and (anew or spoiled.fault == Fault()):
            spoiled.fault = self.controls.take_fault("stt")

    async def _converse(self, connection: Connection, talk: Talk) -> None:
        sending = asyncio.create_task(connection.send_all())
        try:
            await talk.begin(connection)
            async for message in connection.socket:
                if message.type is WSMsgType.BINARY:
                    await talk.hear(connection, message.data)
                elif message.type is WSMsgType.TEXT and not await self._told(connection, talk, message.data):
                    break
            if not connection.socket.closed:
                await connection.all_sent()
                await connection.socket.close()
        except ConnectionError:
            pass  # the client is gone, which is its right
        finally:
            sending.cancel()

    async def _told(self, connection: Connection, talk: Talk, text: str) -> bool:
        """Do what the client says; False when it has nothing more to say."""
        try:
            message: Any = json.loads(text)
            kind = str(message["type"])
        except (ValueError, TypeError, KeyError):
            connection.put({"type": "Error", "description": 'messages are JSON objects with a "type"'})
            return True
        return await talk.told(connection, kind, message)


class Talk(ABC):
    """What one connection does with audio and messages."""

    async def begin(self, connection: Connection) -> None:  # noqa: B027 - most have nothing to do
        """Before any audio."""

    @abstractmethod
    async def hear(self, connection: Connection, pcm: bytes) -> None:
        """Audio came."""

    @abstractmethod
    async def told(self, connection: Connection, kind: str, message: dict[str, Any]) -> bool:
        """A message came; False ends the connection."""
