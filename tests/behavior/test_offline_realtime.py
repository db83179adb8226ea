"""The wire of OpenAI's realtime model against the types that the openai package publishes, and the plug-in on it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest
from livekit.agents import llm
from livekit.plugins.openai.realtime import RealtimeModel
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import TypeAdapter

from lab.providers.samples import resample
from lab.providers.server import OfflineServer
from tests.behavior.offline_speech import recording

RATE = 24_000
PROMPT = "You are the front desk of Harbor Bikes. Our opening hours are Monday to Friday from nine to six."
QUESTION = "What are your opening hours?"
TOOL = {"type": "function", "name": "transfer_to_sales", "description": "Sales.", "parameters": {"type": "object"}}

_ours = TypeAdapter[Any](RealtimeClientEvent)
_theirs = TypeAdapter[Any](RealtimeServerEvent)


class Wire:
    """A connection without a plug-in. Whatever goes either way must be of a published type."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.events: list[dict[str, Any]] = []

    async def tell(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        _ours.validate_python(event)
        await self._socket.send_json(event)

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of this type; those before it are kept in `events`."""
        async with asyncio.timeout(10):
            while True:
                event = json.loads((await self._socket.receive()).data)
                _theirs.validate_python(event)
                self.events.append(event)
                if event["type"] == kind:
                    return event

    async def say(self, text: str) -> None:
        """Half a second of silence, `text`, a second of silence."""
        said = resample(recording(text), 8000, RATE)
        sound = np.concatenate((np.zeros(RATE // 2, np.int16), said, np.zeros(RATE, np.int16)))
        for begin in range(0, len(sound), 2400):
            audio = base64.b64encode(sound[begin : begin + 2400].tobytes()).decode()
            await self.tell("input_audio_buffer.append", audio=audio)

    async def answer(self, **response: Any) -> dict[str, Any]:
        await self.tell("response.create", response=response)
        return (await self.until("response.done"))["response"]

    def kinds(self) -> list[str]:
        return list(dict.fromkeys(event["type"] for event in self.events))


@asynccontextmanager
async def connected(server: OfflineServer, **session: Any) -> AsyncGenerator[Wire]:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{server.openai_url}/realtime?model=gpt-realtime", headers={"Authorization": "Bearer any"}
        ) as socket,
    ):
        wire = Wire(socket)
        await wire.until("session.created")
        await wire.tell("session.update", session={"type": "realtime", "instructions": PROMPT, **session})
        await wire.until("session.updated")
        yield wire


def _user(text: str, **item: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **item}


async def test_what_a_caller_says_is_heard_and_answered_in_the_order_of_openais_own_events() -> None:
    transcribed = {"input": {"transcription": {"model": "gpt-4o-mini-transcribe", "language": "en"}}}
    async with OfflineServer() as server, connected(server, audio=transcribed) as wire:
        await wire.say(QUESTION)
        done = await wire.until("response.done")
    assert done["response"]["status"] == "completed"
    assert wire.kinds()[2:] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    heard = next(event for event in wire.events if event["type"].endswith("transcription.completed"))
    assert heard["transcript"] == QUESTION
    assert "nine to six" in done["response"]["output"][0]["content"][0]["transcript"]


async def test_a_tool_is_called_and_its_result_is_put_into_words() -> None:
    async with OfflineServer() as server, connected(server, tools=[TOOL]) as wire:
        await wire.tell("conversation.item.create", item=_user("Can I talk to sales please?"))
        await wire.until("conversation.item.done")
        (call,) = (await wire.answer())["output"]
        assert (call["type"], call["name"]) == ("function_call", "transfer_to_sales")
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "Sales is busy at the moment."}
        await wire.tell("conversation.item.create", item=result)
        await wire.until("conversation.item.done")
        (words,) = (await wire.answer(output_modalities=["text"]))["output"]
    assert "Sales is busy" in words["content"][0]["text"]


async def test_words_that_are_written_are_said_as_they_are() -> None:
    async with OfflineServer() as server, connected(server) as wire:
        done = await wire.answer(instructions=f'{PROMPT}\nSay this word for word: "Good morning to you."')
    assert done["output"][0]["content"][0]["transcript"] == "Good morning to you."


async def test_items_are_put_behind_others_and_deleted_and_unknown_ones_refused() -> None:
    async with OfflineServer() as server, connected(server) as wire:
        await wire.tell("conversation.item.create", item=_user("two", id="two"))
        await wire.until("conversation.item.done")
        await wire.tell("conversation.item.create", item=_user("one", id="one"), previous_item_id="root")
        assert (await wire.until("conversation.item.added"))["previous_item_id"] is None
        await wire.tell("conversation.item.truncate", item_id="one", content_index=0, audio_end_ms=100)
        await wire.until("conversation.item.truncated")
        await wire.tell("conversation.item.delete", item_id="one")
        await wire.until("conversation.item.deleted")
        await wire.tell("conversation.item.delete", item_id="one", event_id="mine")
        refused = (await wire.until("error"))["error"]
        await wire.tell("input_audio_buffer.clear")
        await wire.until("input_audio_buffer.cleared")
    assert (refused["event_id"], 'no item "one"' in refused["message"]) == ("mine", True)


async def test_a_caller_who_speaks_stops_the_answer() -> None:
    async with OfflineServer() as server, connected(server) as wire:
        server.controls.set_delays({"realtime": 5})
        await wire.tell("response.create")
        await wire.until("response.created")
        await wire.say(QUESTION)
        done = (await wire.until("response.done"))["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")


@pytest.mark.parametrize(
    ("fault", "status"), [({"status": 500}, "failed"), ({"delay": 0.3}, "completed")], ids=["fails", "late"]
)
async def test_a_response_fails_as_it_is_told(fault: dict[str, Any], status: str) -> None:
    async with OfflineServer() as server, connected(server) as wire:
        server.controls.set_faults({"realtime": fault, "times": 1})
        assert (await wire.answer())["status"] == status
        assert (await wire.answer())["status"] == "completed"


async def test_the_plug_in_sends_nothing_that_is_not_known_here() -> None:
    async with OfflineServer() as server, aiohttp.ClientSession() as client:
        model = RealtimeModel(api_key="any", base_url=f"{server.openai_url}/realtime", http_session=client)
        session = model.session()
        refused: list[dict[str, Any]] = []

        def on_event(event: dict[str, Any]) -> None:
            _theirs.validate_python(event)
            if event["type"] == "error":
                refused.append(event)

        session.on("openai_server_event_received", on_event)
        await session.update_instructions(PROMPT)
        chat = llm.ChatContext.empty()
        chat.add_message(role="user", content=QUESTION)
        await session.update_chat_ctx(chat)
        generation = await asyncio.wait_for(session.generate_reply(), 10)
        words = [word async for message in generation.message_stream async for word in message.text_stream]
        await session.update_chat_ctx(llm.ChatContext.empty())
        await session.aclose()
        await model.aclose()
    assert "nine to six" in "".join(words)
    assert not refused
