"""One line into a worker: stand-ins of its own for the three parts, each behind a door that can be closed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from chaos.matrix import FAULTS, OWN, PARTS, REFUSED, Cell, Part
from lab.providers.server import Delays, OfflineServer
from lab.stage.proxy import Proxy
from lab.stage.up import Up

TYPICAL = Delays(stt=0.15, llm=0.35, tts=0.2)  # s, of real providers
_LOOKS_EVERY_S = 0.005


class Line(Up):
    """Up within the `async with`. What is broken here no other line notices."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.providers = OfflineServer(delays=TYPICAL)
        self.doors: dict[Part, Proxy] = {}

    async def set_up(self) -> None:
        await self.bring_up(self.providers)
        for part in PARTS:
            self.doors[part] = await self.bring_up(Proxy(self.providers.origin))

    async def break_(self, cell: Cell) -> None:
        """From now on the part fails."""
        assert cell.part != OWN
        if cell.fault == REFUSED:
            await self.doors[cell.part].cut()
        else:
            self.providers.controls.set_faults({cell.part: dict(FAULTS[cell.fault])})

    async def mend(self) -> None:
        """All parts work, and nothing is remembered."""
        self.providers.controls.forget_faults()
        self.providers.controls.requests.clear()
        for door in self.doors.values():
            await door.cut()
            await door.restore()

    async def next_request(self, part: Part) -> None:
        """Wait until one more reaches the stand-in."""
        so_far = len(self.requests(part))
        while len(self.requests(part)) == so_far:
            await asyncio.sleep(_LOOKS_EVERY_S)

    def requests(self, part: Part) -> list[dict[str, Any]]:
        return [one for one in self.providers.controls.requests if one["kind"] == part]

    def asked_to_say(self) -> Iterable[tuple[str, str]]:
        """The texts that the voice was given, and its name."""
        return [(str(one["body"]["input"]), str(one["body"].get("voice"))) for one in self.requests("tts")]
