"""What a stand-in has beside its wires: which words it hears, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from lab.providers.hearing import Hearing
from lab.providers.thinking import Thought


class Mind(ABC):
    """One for a whole server."""

    pcm_alone = False  # whether voices answer in PCM whatever was asked for: nobody then needs a decoder

    async def start(self) -> None:  # noqa: B027 - most have nothing to do
        """Get ready, before the first request."""

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """The server is down."""

    @abstractmethod
    def routes(self) -> Sequence[web.RouteDef]:
        """The addresses by which it is told what it cannot know."""

    @abstractmethod
    def hearing(self, language: str | None) -> Hearing:
        """For one new connection of a caller of `language`; None where the request named none."""

    @abstractmethod
    def think(self, messages: Sequence[Any], tools: Sequence[Any]) -> Thought:
        """The answer to the messages of a chat, with the tools that it may call, in OpenAI's form. Never raises."""
