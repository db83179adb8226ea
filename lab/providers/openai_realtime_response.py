"""One response of the realtime model: its events in the order in which OpenAI sends them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from lab.providers.languages import told
from lab.providers.mind import Mind
from lab.providers.openai_realtime_conversation import Conversation, mapping
from lab.providers.openai_voices import language_of, pieces
from lab.providers.thinking import Thought

# A model does as it is told; this one knows one way of being told.
_WORD_FOR_WORD = re.compile(r'word for word.*?(".*")', re.DOTALL | re.IGNORECASE)
_CHUNK = 9600  # bytes: 200 ms

Send = Callable[..., Awaitable[None]]


class Response:
    """`options` are the session's, `wanted` what this response has of its own."""

    def __init__(
        self, conversation: Conversation, mind: Mind, options: dict[str, Any], wanted: dict[str, Any], send: Send
    ) -> None:
        self._conversation = conversation
        self._mind = mind
        self._options = {**options, **{key: value for key, value in wanted.items() if value is not None}}
        self._session_instructions = str(options.get("instructions") or "")
        self._send = send
        self._id = f"resp_{uuid.uuid4().hex[:21]}"
        self._output: list[dict[str, Any]] = []
        self._texts = self._options.get("output_modalities") == ["text"]

    def asked(self) -> dict[str, Any]:
        """What it answers to: `messages` and `tools` in chat-completions form, and the `voice`."""
        instructions = str(self._options.get("instructions") or "")
        own = instructions.removeprefix(self._session_instructions).strip()
        prompt = self._session_instructions or instructions
        given = self._options.get("tools") if self._options.get("tool_choice") != "none" else None
        tools = [{"type": "function", "function": tool} for tool in given or ()]
        voice = mapping(mapping(self._options.get("audio")).get("output")).get("voice")
        messages = self._conversation.messages(prompt, own if own != prompt else "")
        return {"messages": messages, "tools": tools, "voice": voice}

    async def give(self, delay: float, status: int | None) -> None:
        """Think and speak after `delay` seconds, or fail where `status` is one of HTTP. Ends early when cancelled."""
        await self._send("response.created", response=self._response("in_progress"))
        try:
            await asyncio.sleep(delay)
            if status:
                error = {"type": "server_error", "code": "asked_for", "message": "asked for by /_offline/faults"}
                details = {"type": "failed", "error": error}
                await self._send("response.done", response=self._response("failed", details))
                return
            asked = self.asked()
            thought = self._think(asked)
            if thought.tool:
                await self._call(thought)
            else:
                await self._say(thought.text, str(asked["voice"]))
            await self._send("response.done", response=self._response("completed"))
        except asyncio.CancelledError as cancelled:
            details = {"type": "cancelled", "reason": str(cancelled) or "client_cancelled"}
            await self._send("response.done", response=self._response("cancelled", details))

    def _think(self, asked: dict[str, Any]) -> Thought:
        ordered = asked["messages"][-1]
        if ordered["role"] == "developer" and (words := _WORD_FOR_WORD.search(ordered["content"])):
            return Thought(str(json.loads(words[1])))
        return self._mind.think(asked["messages"], asked["tools"])

    async def _call(self, thought: Thought) -> None:
        arguments = json.dumps(thought.arguments, ensure_ascii=False)
        call = {"type": "function_call", "name": thought.tool, "call_id": f"call_{uuid.uuid4().hex[:16]}"}
        item = await self._begin({**call, "arguments": ""})
        where = {"response_id": self._id, "output_index": 0, "item_id": item["id"], "call_id": call["call_id"]}
        await self._send("response.function_call_arguments.delta", **where, delta=arguments)
        await self._send("response.function_call_arguments.done", **where, arguments=arguments, name=str(thought.tool))
        item["arguments"] = arguments
        await self._end(item)

    async def _say(self, text: str, voice: str) -> None:
        item = await self._begin({"type": "message", "role": "assistant", "content": []})
        kind = "text" if self._texts else "audio"
        where = {"response_id": self._id, "item_id": item["id"], "output_index": 0, "content_index": 0}
        part = {"type": kind, "text" if self._texts else "transcript": ""}
        await self._send("response.content_part.added", **where, part=part)
        # Known to the conversation although it may be cut off: what was begun was thought.
        item["content"] = [{"type": f"output_{kind}", "text" if self._texts else "transcript": text}]
        name = "output_text" if self._texts else "output_audio_transcript"
        for index, word in enumerate(text.split(" ")):
            await self._send(f"response.{name}.delta", **where, delta=word if index == 0 else f" {word}")
        if not self._texts:
            await self._speak(text, voice, where)
            await self._send("response.output_audio.done", **where)
        await self._send(f"response.{name}.done", **where, **{"text" if self._texts else "transcript": text})
        done = {"type": kind, "text" if self._texts else "transcript": text}
        await self._send("response.content_part.done", **where, part=done)
        await self._end(item)

    async def _speak(self, text: str, voice: str, where: dict[str, Any]) -> None:
        # The prompt says which language it is in, else the text does.
        ordered = told(self._session_instructions.partition("# What is known")[0])
        body = {"instructions": f"Speak the language {ordered}"} if ordered else {}
        async for pcm in pieces(text, language_of(text, body), voice, 1.0):
            for begin in range(0, len(pcm), _CHUNK):
                delta = base64.b64encode(pcm[begin : begin + _CHUNK]).decode()
                await self._send("response.output_audio.delta", **where, delta=delta)

    async def _begin(self, content: dict[str, Any]) -> dict[str, Any]:
        item, previous = self._conversation.create({**content, "status": "in_progress"}, None)
        shown = dict(item)
        await self._send("response.output_item.added", response_id=self._id, output_index=0, item=shown)
        await self._send("conversation.item.added", item=shown, previous_item_id=previous)
        self._output.append(item)
        return item

    async def _end(self, item: dict[str, Any]) -> None:
        item["status"] = "completed"
        await self._send("response.output_item.done", response_id=self._id, output_index=0, item=dict(item))

    def _response(self, status: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        tokens = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        return {
            "id": self._id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "metadata": self._options.get("metadata"),
            "output": [dict(item) for item in self._output] if status != "in_progress" else [],
            "usage": None if status == "in_progress" else tokens,
        }
