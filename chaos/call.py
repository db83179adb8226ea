"""A cell's call: a caller who is answered, asks twice and hangs up, and what they heard of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from chaos.line import Line
from chaos.listening import PATIENCE_S, VOICE, Listening
from chaos.matrix import Cell, Phase
from chaos.result import Result
from chaos.stage import CALLER, GREETING, Broken
from lab.softphone import CallEnded, Softphone

HOURS, SATURDAY = "What are your opening hours?", "Are you open on Saturday?"
_FIRST: dict[Phase, tuple[str, str]] = {  # who answers, and what is asked of them
    "tool": ("support", "My order number is one zero zero one."),
    "hand-over": ("front_desk", "I would like to talk to sales, please."),
}


class _Call:
    def __init__(self, stage: Broken, line: Line, cell: Cell, phone: Softphone) -> None:
        self.stage, self.line, self.cell, self.phone = stage, line, cell, phone
        self.listening = Listening(phone, GREETING.format(CALLER), self._spoken)

    async def ring(self) -> None:
        """Dial, and hear the greeting to its end."""
        if self.cell.phase == "ringing":
            await self.line.break_(self.cell)
        dispatched = time.monotonic()
        await self.phone.dial()
        await self.stage.send(self.phone)
        if self.cell.phase == "greeting":
            with suppress(TimeoutError, CallEnded):
                await self.phone.heard_speech(PATIENCE_S, after=dispatched)
            await self.line.break_(self.cell)
        await self.listening.hear("dispatch", dispatched)

    async def ask(self, text: str, *, break_: bool) -> None:
        """Say `text` and hear what comes of it. Raises CallEnded."""
        phase = self.cell.phase
        if break_ and phase == "listening":
            await self.line.break_(self.cell)
        said = await self.phone.say(text)
        if break_ and phase == "thinking":
            await self.line.break_(self.cell)
        breaking = asyncio.create_task(self._break_at_request()) if break_ and phase in _FIRST else None
        try:
            await self.listening.hear("the caller's last sample", said.end)
        finally:
            if breaking is not None:
                breaking.cancel()

    async def _break_at_request(self) -> None:
        """When the model is asked, which then calls the tool: that is the last thing that works."""
        await self.line.next_request("llm")
        await self.line.break_(self.cell)

    def _spoken(self) -> Iterable[tuple[str, str]]:
        """What the voice of this line, or its spare, was asked to say."""
        yield from self.line.asked_to_say()
        if self.stage.spare is not None:
            for one in self.stage.spare.controls.requests:
                if one["kind"] == "tts":
                    yield str(one["body"]["input"]), VOICE


async def run(stage: Broken, line: Line, cell: Cell) -> Result:
    """Place the cell's call and tell what was heard. Its sound is kept beside the worker's log."""
    await line.mend()
    await stage.forget_failures()
    agent, first = _FIRST.get(cell.phase, ("front_desk", HOURS))
    async with stage.phone(line, agent) as phone:
        call = _Call(stage, line, cell, phone)
        steps: list[Callable[[], Awaitable[None]]] = [
            call.ring,
            lambda: call.ask(first, break_=cell.phase not in ("ringing", "greeting")),
        ]
        if cell.part == "stt" and cell.phase not in ("ringing", "greeting", "listening"):
            steps.append(lambda: call.ask(SATURDAY, break_=False))  # what was said first has been heard
        with suppress(CallEnded):
            for step in steps:
                if not phone.ended.is_set():
                    await step()
    await line.mend()
    await asyncio.to_thread(stage.keep, f"{cell}.wav", phone.recording())
    if stage.peer is not None:
        return Result(cell, tuple(call.listening.waits), phone.outcome, None, True)
    cause = await stage.cause(phone)
    return Result(cell, tuple(call.listening.waits), phone.outcome, cause, cause is not None)
