"""What callers hear when a tool takes long: silence on a telephone sounds like a lost line."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from livekit.agents import RunContext

from switchboard.call.language import base_language
from switchboard.talk.conversation import Conversation

_SILENCE_S = 1.0  # below that nobody wonders
_ONE_MOMENT = {
    "en": "One moment please, I am looking it up.",
    "es": "Un momento, por favor, lo estoy consultando.",
    "fr": "Un instant, s'il vous plaît, je regarde.",
    "de": "Einen Moment bitte, ich sehe nach.",
}


def one_moment(ctx: RunContext[Conversation[Any]]) -> AbstractAsyncContextManager[None]:
    """Around what a tool waits for: when that takes long, the caller is told so, once."""
    words = _ONE_MOMENT.get(base_language(ctx.userdata.language), _ONE_MOMENT["en"])
    return ctx.with_filler(words, delay=_SILENCE_S)
