"""A language model that says what a test wrote down, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import APIConnectOptions, llm
from livekit.agents.llm import ChatChunk, ChoiceDelta, FunctionToolCall


@dataclass(frozen=True)
class Tool:
    """The model calls a tool instead of speaking."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


class ScriptedLLM(llm.LLM[Any]):
    """Answers each request with the next of `replies`: a text, or a Tool call. `asked` keeps the chat contexts."""

    def __init__(self, replies: Sequence[str | Tool]) -> None:
        super().__init__()
        self._replies = list(replies)
        self.asked: list[llm.ChatContext] = []

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = APIConnectOptions(max_retry=0),  # noqa: B008 - frozen
        **_: Any,
    ) -> llm.LLMStream:
        self.asked.append(chat_ctx.copy())
        return _Reply(self, self._replies.pop(0), chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Reply(llm.LLMStream):
    def __init__(self, model: ScriptedLLM, reply: str | Tool, **options: Any) -> None:
        super().__init__(model, **options)
        self._reply = reply

    async def _run(self) -> None:
        if isinstance(self._reply, Tool):
            call = FunctionToolCall(
                name=self._reply.name, arguments=json.dumps(dict(self._reply.arguments)), call_id="call_1"
            )
            delta = ChoiceDelta(role="assistant", tool_calls=[call])
        else:
            delta = ChoiceDelta(role="assistant", content=self._reply)
        self._event_ch.send_nowait(ChatChunk(id="1", delta=delta))
