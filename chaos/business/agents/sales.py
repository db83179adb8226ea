"""A colleague, to whom routes and the desk send callers."""

from __future__ import annotations

from typing import Any

from switchboard.talk.agent import PhoneAgent

from . import trouble


class Sales(PhoneAgent):
    def __init__(self, *given: Any, **more: Any) -> None:
        trouble.at("colleague")
        super().__init__(*given, **more)

    async def on_enter(self) -> None:
        trouble.at("on_enter")
        await super().on_enter()
