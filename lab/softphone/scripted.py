"""A whole call by script: the caller waits for the agent to finish, says the next thing, and hangs up at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.softphone.bridge import CallEnded
from lab.softphone.ear import Sound
from lab.softphone.softphone import Softphone
from lab.softphone.words import Words

_FINISHED = 1.0  # s of silence after which the agent is taken to wait for the caller
_LONGEST_TURN = 120.0  # s


@dataclass(frozen=True, slots=True)
class Keys:
    """Something that the caller presses, in place of saying it."""

    digits: str


Part = str | Path | Keys  # words, a WAV file, keys


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, for whoever shows the conversation.

    `at` and `seconds` (how long it took, or lasted) are seconds, `at` from the join. `text` is empty when nobody
    knows the words. `delay` is the caller's silence before the agent spoke.
    """

    who: Literal["line", "caller", "agent"]
    text: str
    at: float
    seconds: float | None = None
    delay: float | None = None


async def converse(
    phone: Softphone,
    parts: Iterable[Part],
    words: Words,
    tell: Callable[[Moment], None],
    *,
    language: str = "en",
    answer_within: float | None = None,
    reply_within: float = 20.0,
) -> None:
    """Dial, wait for the greeting, say each part when the agent has finished, and hang up after the last reply.

    Ends early, without an exception, when the call does. How it ended is `phone.outcome`. Raises ConnectionError.
    """
    await words.spoken()
    await phone.dial()
    tell(Moment("line", "ringing", 0.0))
    try:
        if not await phone.answered(answer_within):
            return
    except TimeoutError:
        await phone.hang_up()
        return
    tell(Moment("line", "answered", phone.since_join(phone.answered_at) or 0.0))
    try:
        await _hear(phone, words, tell, reply_within)
        for part in parts:
            await _speak(phone, part, tell, language)
            await _hear(phone, words, tell, reply_within)
    except CallEnded:
        return
    finally:
        await phone.hang_up()


async def _speak(phone: Softphone, part: Part, tell: Callable[[Moment], None], language: str) -> None:
    if isinstance(part, Keys):
        await phone.press(part.digits)
        tell(Moment("caller", f"[presses {part.digits}]", phone.elapsed()))
        return
    sound = await phone.say(part, language)
    text = part if isinstance(part, str) else f"[{part.name}]"
    tell(Moment("caller", text, phone.since_join(sound.start) or 0.0, sound.duration))


async def _hear(phone: Softphone, words: Words, tell: Callable[[Moment], None], within: float) -> None:
    """Wait for the agent's turn to begin and to end; also when the call ends in its middle, it is told."""
    after = phone.last_said.end if phone.last_said else 0.0
    try:
        start = await phone.heard_speech(within, after)
    except TimeoutError:
        tell(Moment("line", f"nothing heard for {within:g} s", phone.elapsed()))
        return
    try:
        await phone.heard_silence(_FINISHED, _LONGEST_TURN)
    finally:
        end = phone.ear.sounds()[-1].end
        heard = Sound(start, end)
        delay = start - after if phone.last_said else None
        tell(Moment("agent", await words.spoken(), phone.since_join(start) or 0.0, heard.duration, delay))
