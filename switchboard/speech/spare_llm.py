"""Models that think, one in the place of the other: who gives no useful word in time is not waited for."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import NOT_GIVEN, APIConnectionError, APIConnectOptions, NotGivenOr, llm

from switchboard.speech.spares import Attempts, Choice, Choices, NotUseful

# Until the first word. The caller is told "one moment" meanwhile; a third of a second is usual, three are rare.
FIRST_WORD_S = 3.5
_NEXT_WORD_S = 2.0
_LONGEST = 4_000  # characters: five minutes of speech, which nobody listens to on a telephone
_ONCE = APIConnectOptions(max_retry=0, timeout=FIRST_WORD_S)


class SpareLLM(llm.LLM[Any]):
    """The first of `choices` that answers. A single one is asked once more where it failed at once."""

    def __init__(self, choices: Choices[llm.LLM[Any]], first_word_s: float = FIRST_WORD_S) -> None:
        super().__init__()
        self.choices = choices
        self.first_word_s = first_word_s

    @property
    def model(self) -> str:
        return self.choices.serving.model.model

    @property
    def provider(self) -> str:
        return self.choices.serving.model.provider

    def prewarm(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.choices.first.prewarm(loop=loop)

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = _ONCE,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        # What the session allows for trying again is not asked: trying again is done here.
        asked = {"parallel_tool_calls": parallel_tool_calls, "tool_choice": tool_choice, "extra_kwargs": extra_kwargs}
        return _Stream(self, chat_ctx, tools or [], asked)

    async def aclose(self) -> None:
        await self.choices.aclose()


class _Stream(llm.LLMStream):
    """One answer. Raises APIError when nobody gave one; then nothing more can be hoped for."""

    def __init__(
        self, spare: SpareLLM, chat_ctx: llm.ChatContext, tools: list[llm.Tool], asked: dict[str, Any]
    ) -> None:
        super().__init__(spare, chat_ctx=chat_ctx, tools=tools, conn_options=_ONCE)
        self._spare = spare
        self._asked = asked
        self._has_answered = False

    async def _run(self) -> None:
        choices = self._spare.choices
        attempts = Attempts(choices, self._spare.first_word_s / 2)
        for choice in attempts:
            try:
                await self._answer_of(choice)
            except Exception as fault:
                attempts.failed(choice, fault)
                if self._has_answered:  # half of it may have been heard: another's would not fit to it
                    raise APIConnectionError("an answer broke off", retryable=False) from fault
            else:
                choices.served(choice)
                return
        raise APIConnectionError("no model gives an answer", retryable=False) from attempts.last

    async def _answer_of(self, choice: Choice[llm.LLM[Any]]) -> None:
        loop = asyncio.get_running_loop()
        said = 0
        within_s = self._spare.first_word_s
        options = APIConnectOptions(max_retry=0, timeout=within_s)
        async with asyncio.timeout(within_s) as patience:
            async with choice.model.chat(
                chat_ctx=self._chat_ctx, tools=self._tools, conn_options=options, **self._asked
            ) as answer:
                async for chunk in answer:
                    if chunk.has_response():
                        self._has_answered = True
                        patience.reschedule(loop.time() + _NEXT_WORD_S)
                        said += _cut(chunk, _LONGEST - said)
                    self._event_ch.send_nowait(chunk)
                    if said >= _LONGEST:
                        return
        if not self._has_answered:
            raise NotUseful("an empty answer")


def _cut(chunk: llm.ChatChunk, most: int) -> int:
    """Leave `most` letters of it at most; how many it has. One alone may be longer than all that anybody listens to."""
    if chunk.delta is None or not chunk.delta.content:
        return 0
    chunk.delta.content = chunk.delta.content[:most]
    return len(chunk.delta.content)


async def probe(model: llm.LLM[Any]) -> None:
    """Ask for one word. Raises where none comes."""
    asked = llm.ChatContext.empty()
    asked.add_message(role="user", content="Say yes.")
    async with model.chat(chat_ctx=asked, conn_options=_ONCE) as answer:
        async for chunk in answer:
            if chunk.has_response():
                return
    raise NotUseful("an empty answer")
