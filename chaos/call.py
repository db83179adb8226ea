"""A cell's call: a caller who is answered, asks twice and hangs up, and what they heard of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chaos.heard import Text, recognise
from chaos.line import Line
from chaos.matrix import Cell, Phase
from chaos.result import Result
from chaos.stage import CALLER, GREETING, VOICE, Broken
from chaos.waits import FILLER, UNKNOWN, Wait, is_answered, wait_of
from lab.softphone import CallEnded, Softphone
from lab.softphone.ear import Sound
from switchboard.talk.fixed_words import Phrase, text_of

HOURS, SATURDAY = "What are your opening hours?", "Are you open on Saturday?"
_FIRST: dict[Phase, tuple[str, str]] = {  # who answers, and what is asked of them
    "tool": ("support", "My order number is one zero zero one."),
    "hand-over": ("front_desk", "I would like to talk to sales, please."),
}
_WORD_S = 1.0  # a sound shorter than this may be a word of the one beside it
_PATIENCE_S = 12.0  # of a caller who hears nothing
_LONGEST_S = 30.0  # that anybody listens to one answer
_FINISHED_S = 1.5  # of silence after what was waited for; it may have been the half of it
_MEANS: dict[Phrase, str] = {
    "hello": "fixed hello",
    "moment": FILLER,
    "still": FILLER,
    "sorry": "apology",
    "unheard": "apology",
    "goodbye": "goodbye",
}


class _Call:
    def __init__(self, stage: Broken, line: Line, cell: Cell, phone: Softphone) -> None:
        self.stage, self.line, self.cell, self.phone = stage, line, cell, phone
        self.waits: list[Wait] = []

    async def ring(self) -> None:
        """Dial, and hear the greeting to its end."""
        if self.cell.phase == "ringing":
            await self.line.break_(self.cell)
        dispatched = time.monotonic()
        await self.phone.dial()
        await self.stage.send(self.phone)
        if self.cell.phase == "greeting":
            with suppress(TimeoutError, CallEnded):
                await self.phone.heard_speech(_PATIENCE_S, after=dispatched)
            await self.line.break_(self.cell)
        await self._hear("dispatch", dispatched)

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
            await self._hear("the caller's last sample", said.end)
        finally:
            if breaking is not None:
                breaking.cancel()

    async def _break_at_request(self) -> None:
        """When the model is asked, which then calls the tool: that is the last thing that works."""
        await self.line.next_request("llm")
        await self.line.break_(self.cell)

    async def _hear(self, name: str, since: float) -> None:
        """Listen until nothing more is to be expected, and note the wait."""
        phone = self.phone
        while not phone.ended.is_set():
            now = time.monotonic()
            sounds = self._sounds(since)
            last = sounds[-1].end if sounds else since
            quiet = now - max(last, since)
            if quiet > _PATIENCE_S or now - since > _LONGEST_S:
                break
            if quiet > _FINISHED_S and is_answered(self._kinds(sounds)):
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(phone.ended.wait(), 0.1)
        self._note(name, since)

    def _note(self, name: str, since: float) -> None:
        sounds, phone = self._sounds(since), self.phone
        until = phone.ended_at or time.monotonic()
        self.waits.append(wait_of(name, since, sounds, self._kinds(sounds), phone.outcome, until))

    def _sounds(self, since: float) -> list[Sound]:
        # What began before is no answer to it, unless the caller is talked over.
        return [sound for sound in self.phone.ear.sounds() if sound.end > since + 0.1]

    def _kinds(self, sounds: list[Sound]) -> list[str]:
        """What each of them is. A short one that nothing is like begins or ends what it is next to."""
        texts, ear = self._texts(), self.phone.ear
        kinds: list[str] = []
        for sound in sounds:
            before = kinds[-1] if kinds else None
            kinds.append(recognise(ear.recording(sound.start, sound.end), texts, before) or UNKNOWN)
        for at, sound in enumerate(sounds):
            if kinds[at] == UNKNOWN and sound.duration < _WORD_S:
                near = [kinds[other] for other in (at + 1, at - 1) if 0 <= other < len(kinds)]
                kinds[at] = next((kind for kind in near if kind != UNKNOWN), UNKNOWN)
        return kinds

    def _texts(self) -> list[Text]:
        """All that can be heard: the fixed words, and what this line's voice was asked to say."""
        greeting = GREETING.format(CALLER)
        texts = [Text(text_of(phrase, "en"), VOICE, kind) for phrase, kind in _MEANS.items()]
        known = {text.words: text.kind for text in texts}
        asked = list(self.line.asked_to_say())
        if self.stage.spare is not None:
            asked += [
                (str(one["body"]["input"]), VOICE) for one in self.stage.spare.controls.requests if one["kind"] == "tts"
            ]
        for words, voice in dict.fromkeys(asked):
            kind = known.get(words) or ("greeting" if words in greeting or not self.phone.last_said else "reply")
            texts.append(Text(words[:600], voice, kind))
        return texts


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
        return Result(cell, tuple(call.waits), phone.outcome, None, True)
    cause = await stage.cause(phone)
    return Result(cell, tuple(call.waits), phone.outcome, cause, cause is not None)
