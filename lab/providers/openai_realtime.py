"""OpenAI's speech-to-speech model: the WebSocket `/v1/realtime`.

https://platform.openai.com/docs/api-reference/realtime-client-events and its server events. What it hears, thinks and
speaks is what the other stand-ins do.
"""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any, cast

from aiohttp import WSCloseCode, WSMsgType, web

from lab.providers.controls import BadRequest, Controls
from lab.providers.listening import Listener, Moment
from lab.providers.mind import Mind
from lab.providers.openai import Refused, meet_fault, need_key
from lab.providers.openai_realtime_conversation import Conversation, mapping
from lab.providers.openai_realtime_response import Response
from lab.providers.openai_voices import RATE

_PAUSE = 0.5  # s: OpenAI's own default for server_vad
_LONGEST_MESSAGE = 2**24


class Realtime:
    def __init__(self, controls: Controls, mind: Mind) -> None:
        self._controls = controls
        self._mind = mind

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, from the hand-shake to the close. Raises Refused."""
        need_key(request)
        if not (model := request.query.get("model")):
            raise Refused(400, '"model" is missing: connect to /v1/realtime?model=NAME')
        key = request.headers["Authorization"]
        self._controls.note("realtime", request.path, dict(request.query), key=key)
        await meet_fault(request, "realtime", self._controls)
        socket = web.WebSocketResponse(max_msg_size=_LONGEST_MESSAGE)
        if not socket.can_prepare(request):
            raise Refused(400, "This address is a WebSocket: connect with ws://")
        await socket.prepare(request)
        session = _Session(socket, self._controls, self._mind, model)
        try:
            await session.run()
        except ConnectionError:
            pass  # the client is gone, which is its right
        finally:
            await session.stop()
        return socket


class _Session:
    """One client: what it asked for, the conversation, and the response that is being given."""

    def __init__(self, socket: web.WebSocketResponse, controls: Controls, mind: Mind, model: str) -> None:
        self._socket = socket
        self._controls = controls
        self._mind = mind
        self._options: dict[str, Any] = {"type": "realtime", "model": model}
        self._conversation = Conversation()
        self._listener: Listener | None = None
        self._user_item = ""
        self._response: asyncio.Task[None] | None = None
        self._events = 0

    async def run(self) -> None:
        """Until the client closes, or a fault does."""
        await self._send("session.created", session=self._options)
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = self._read(message.data)
            try:
                await self._told(event)
            except BadRequest as wrong:
                await self._refuse(str(wrong), event.get("event_id"))

    async def stop(self) -> None:
        if self._response is not None:
            self._response.cancel()
            await asyncio.wait((self._response,))

    def _read(self, text: str) -> dict[str, Any]:
        try:
            return mapping(json.loads(text))
        except (ValueError, RecursionError):
            return {}

    async def _told(self, event: dict[str, Any]) -> None:
        match event.get("type"):
            case "session.update":
                self._options = _merged(self._options, mapping(event.get("session")))
                self._controls.note("realtime", "session.update", {}, self._options)
                await self._send("session.updated", session=self._options)
            case "input_audio_buffer.append":
                await self._hear(_pcm(event))
            case "input_audio_buffer.commit":
                await self._commit()
            case "input_audio_buffer.clear":
                if self._listener is not None:
                    self._listener.voice.rest()
                await self._send("input_audio_buffer.cleared")
            case "conversation.item.create":
                item, previous = self._conversation.create(mapping(event.get("item")), event.get("previous_item_id"))
                await self._send("conversation.item.added", item=item, previous_item_id=previous)
                await self._send("conversation.item.done", item=item, previous_item_id=previous)
            case "conversation.item.delete":
                self._conversation.delete(str(event.get("item_id")))
                await self._send("conversation.item.deleted", item_id=str(event.get("item_id")))
            case "conversation.item.truncate":
                told = {key: event.get(key) for key in ("item_id", "content_index", "audio_end_ms")}
                await self._send("conversation.item.truncated", **told)
            case "response.create":
                if self._response is not None and not self._response.done():
                    raise BadRequest("Conversation already has an active response in progress")
                await self._respond(mapping(event.get("response")))
            case "response.cancel":
                if not await self._cancel("client_cancelled"):
                    raise BadRequest("Cancellation failed: no active response found")
            case kind:
                raise BadRequest(f'unknown event type "{kind}"')

    # --- the caller ---------------------------------------------------------------------------------------

    async def _hear(self, pcm: bytes) -> None:
        detection = self._detection()
        if self._listener is None:
            silence = mapping(detection).get("silence_duration_ms")
            pause = silence / 1000 if isinstance(silence, int | float) else _PAUSE
            transcription = mapping(self._input().get("transcription"))
            self._listener = Listener(RATE, self._mind.hearing(transcription.get("language")), pause)
        for moment in self._listener.hear(pcm):
            if detection is None:
                continue
            if moment is Moment.BEGAN:
                self._user_item = self._conversation.new_id()
                began = round(self._listener.voice.began * 1000)
                await self._send("input_audio_buffer.speech_started", item_id=self._user_item, audio_start_ms=began)
                if detection.get("interrupt_response") is not False:
                    await self._cancel("turn_detected")
            elif moment is Moment.PAUSED:
                ended = round(self._listener.voice.voiced_until * 1000)
                await self._send("input_audio_buffer.speech_stopped", item_id=self._user_item, audio_end_ms=ended)
                await self._commit()
                if detection.get("create_response") is not False:
                    await self._respond({})

    async def _commit(self) -> None:
        """What was heard becomes an item of the conversation."""
        if self._listener is None:
            raise BadRequest("Error committing input audio buffer: buffer too small")
        piece = await self._listener.finish()
        text = piece.transcript.text
        item_id, self._user_item = self._user_item or self._conversation.new_id(), ""
        item, previous = self._conversation.heard(item_id, text)
        await self._send("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        await self._send("conversation.item.added", item=item, previous_item_id=previous)
        await self._send("conversation.item.done", item=item, previous_item_id=previous)
        if self._input().get("transcription"):
            await self._send(
                "conversation.item.input_audio_transcription.completed",
                item_id=item_id,
                content_index=0,
                transcript=text,
                usage={"type": "duration", "seconds": round(piece.ended - piece.began, 2)},
            )

    # --- the answer ---------------------------------------------------------------------------------------

    async def _respond(self, wanted: dict[str, Any]) -> None:
        fault = self._controls.take_fault("realtime")
        if fault.way == "close":
            await self._socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"asked for by /_offline/faults")
        if fault.way:
            return
        delay = self._controls.delays.realtime + fault.delay
        response = Response(self._conversation, self._mind, self._options, wanted, self._send)
        self._controls.note("realtime", "response.create", {}, response.asked())
        self._response = asyncio.create_task(response.give(delay, fault.status))

    async def _cancel(self, reason: str) -> bool:
        """End the response that is being given; False where there is none."""
        if self._response is None or self._response.done():
            return False
        self._response.cancel(reason)
        with suppress(asyncio.CancelledError):
            await self._response
        return True

    # --- the wire -----------------------------------------------------------------------------------------

    def _input(self) -> dict[str, Any]:
        return mapping(mapping(self._options.get("audio")).get("input"))

    def _detection(self) -> dict[str, Any] | None:
        """How turns are told; None where the client does."""
        detection = self._input().get("turn_detection", {"type": "server_vad"})
        return None if detection is None else mapping(detection)

    async def _send(self, kind: str, **fields: Any) -> None:
        self._events += 1
        if not self._socket.closed:
            with suppress(ConnectionError):
                await self._socket.send_json({"type": kind, "event_id": f"event_{self._events}", **fields})

    async def _refuse(self, message: str, event_id: Any) -> None:
        error = {"type": "invalid_request_error", "code": None, "message": message, "param": None, "event_id": event_id}
        await self._send("error", error=error)


def _pcm(event: dict[str, Any]) -> bytes:
    audio = event.get("audio")
    try:
        return base64.b64decode(cast("str", audio), validate=True)
    except (TypeError, ValueError):
        raise BadRequest('"audio" is base64 of s16le PCM at 24000 Hz') from None


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` over `old`; tables within are merged as well, what is null is so from now on."""
    merged = dict(old)
    for key, value in new.items():
        inner = old.get(key)
        both = isinstance(value, dict) and isinstance(inner, dict) and key in ("audio", "input", "output")
        merged[key] = _merged(cast("dict[str, Any]", inner), cast("dict[str, Any]", value)) if both else value
    return merged
