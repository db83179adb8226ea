"""OpenAI's language model: `/v1/chat/completions` and `/v1/models`.

https://platform.openai.com/docs/api-reference/chat and its streaming events.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any, cast

from aiohttp import web

from lab.providers.controls import BadRequest, Controls
from lab.providers.faults import MEGABYTE, NOT_JSON, stream
from lab.providers.mind import Mind
from lab.providers.openai import Refused, meet_fault, need_key, need_text, read_object
from lab.providers.thinking import Thought

# What it lists. It answers as any model: these are the ones that are commonly asked for.
_MODELS = (
    *("offline", "gpt-4.1", "gpt-4.1-mini", "gpt-4o-mini-tts", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"),
    *("whisper-1", "gpt-realtime", "gpt-realtime-mini"),
)
_EVENTS = {"Content-Type": "text/event-stream"}
_GARBAGE = f"data: {NOT_JSON}\n\n".encode() * 5
_SENTENCE = "There is a lot more to say about that. "


class Chat:
    def __init__(self, controls: Controls, mind: Mind) -> None:
        self._controls = controls
        self._mind = mind

    async def models(self, request: web.Request) -> web.StreamResponse:
        """The models there are. Raises Refused."""
        need_key(request)
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "switchboard"} for name in _MODELS]
        return web.json_response({"object": "list", "data": rows})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """The next message of a conversation, whole or as it is made. Raises Refused."""
        body = await read_object(request, "llm", self._controls)
        try:
            model = need_text(body, "model")
            messages: Any = body.get("messages")
            if not isinstance(messages, list) or not messages:
                raise BadRequest('"messages" is missing: send a list of messages')
        except BadRequest as wrong:
            raise Refused(400, str(wrong)) from None
        fault = await meet_fault(request, "llm", self._controls)
        tools: Any = body.get("tools") if body.get("tool_choice") != "none" else None
        wanted = cast("list[Any]", tools) if isinstance(tools, list) else ()
        thought = self._mind.think(cast("list[Any]", messages), wanted)
        if fault.way == "empty":
            thought = Thought()
        elif fault.way == "megabyte":
            thought = Thought(_SENTENCE * (MEGABYTE // len(_SENTENCE)))
        await asyncio.sleep(self._controls.delays.llm)
        answer = _Answer(model, thought, _tokens(cast("list[Any]", messages)))
        if not body.get("stream"):
            return web.json_response(answer.whole())
        options: Any = body.get("stream_options")
        with_usage = isinstance(options, dict) and options.get("include_usage") is True
        role, *chunks = [f"data: {chunk}\n\n".encode() for chunk in answer.chunks(with_usage)]
        return await stream(request, _EVENTS, _each(chunks), fault, opening=role, garbage=_GARBAGE)


class _Answer:
    """A thought in the shapes of the wire."""

    def __init__(self, model: str, thought: Thought, prompt_tokens: int) -> None:
        self._text = thought.text
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}
        self._calls: list[dict[str, Any]] = []
        if thought.tool:
            function = {"name": thought.tool, "arguments": json.dumps(thought.arguments, ensure_ascii=False)}
            self._calls = [{"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}]
        self._reason = "tool_calls" if self._calls else "stop"
        completion = _tokens(thought.text) + _tokens(self._calls)
        self._usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": prompt_tokens + completion,
        }

    def whole(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self._text or None}
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "finish_reason": self._reason, "logprobs": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage}

    def chunks(self, with_usage: bool) -> list[str]:
        """The role; words, or each call's name and then its arguments; why it ended; what it took; the end."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if self._calls else ""}]
        for index, call in enumerate(self._calls):
            function = call["function"]
            name = {**call, "index": index, "function": {**function, "arguments": ""}}
            arguments = {"index": index, "function": {"arguments": function["arguments"]}}
            deltas += [{"tool_calls": [name]}, {"tool_calls": [arguments]}]
        # A megabyte comes in one piece: a token each would be forty of them on the wire.
        words = self._text.split(" ", -1 if len(self._text) < MEGABYTE // 2 else 0) if self._text else []
        deltas += [{"content": word if index == 0 else f" {word}"} for index, word in enumerate(words)]
        chunks = [self._chunk([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        chunks.append(self._chunk([{"index": 0, "delta": {}, "finish_reason": self._reason}]))
        if with_usage:
            chunks.append({**self._chunk([]), "usage": self._usage})
        return [*(json.dumps(chunk, ensure_ascii=False) for chunk in chunks), "[DONE]"]

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", "choices": choices}


async def _each(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _tokens(value: Any) -> int:
    """About as many as a tokenizer would count."""
    text = value if isinstance(value, str) else json.dumps(value)
    return len(text) // 4
