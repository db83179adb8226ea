"""What a tool of one's own may take and give: a caller waits for it, and a model has to read it."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

from livekit.agents import FunctionTool, StopResponse, ToolError

LONGEST = 8_000  # characters of an answer: more than anybody would listen to
_TOO_LATE = (
    "It took too long and was given up; whether it was done is not known. Say so in one sentence, and offer to try "
    "again or to take down what they need."
)
_CUT = "… (the rest was cut off: it is too long)"


def limited(tool: FunctionTool[..., Any], within_s: Callable[[Any], float]) -> FunctionTool[..., Any]:
    """The same tool, given up when it takes longer than `within_s` of its agent, its answer cut to `LONGEST`."""
    function: Any = inspect.unwrap(tool)

    @functools.wraps(function)
    async def in_time(agent: Any, *args: Any, **kwargs: Any) -> Any:
        limit = asyncio.timeout(within_s(agent))
        try:
            async with limit:
                answer = await function(agent, *args, **kwargs)
        except StopResponse:
            if net := agent.conversation.equipment.never_silent:
                net.owes_nothing()
            raise
        except TimeoutError:
            if not limit.expired():  # its own, which it did not catch
                raise
            raise ToolError(_TOO_LATE) from None
        return _bounded(answer)

    return FunctionTool(in_time, tool.info)


def _bounded(answer: Any) -> Any:
    """A text, or data that becomes one, cut; what stands for more than its text (an agent) as it is."""
    if not isinstance(answer, str | dict | list | set | frozenset):
        return answer
    text = str(answer)  # pyright: ignore[reportUnknownArgumentType] - as livekit-agents makes text of it
    return text[:LONGEST] + _CUT if len(text) > LONGEST else answer  # pyright: ignore[reportUnknownVariableType]
