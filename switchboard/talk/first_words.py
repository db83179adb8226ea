"""What a caller hears first once it is known what can be said: the greeting, or fixed words in its place."""

from __future__ import annotations

from switchboard.talk.fixed_words import FixedWords, SpokenBefore
from switchboard.talk.greeting import Greeting

_SOUND_WITHIN_S = 2.0


async def first_words(greeting: Greeting, words: FixedWords) -> Greeting | None:
    """`greeting` once its first sound is in hand. Where it does not come, fixed words; None where there are none."""
    if await greeting.has_sound(_SOUND_WITHIN_S):
        return greeting
    greeting.cancel()
    hello = SpokenBefore(words, "hello")
    return Greeting(hello.text, hello) if await hello.has_begun(0) else None


async def interruption(words: FixedWords, answers: bool) -> Greeting:
    """For a caller who was greeted before: from what is kept, else by the session's own voice. With `answers` they are
    not asked to go on, for it is our turn."""
    kept = SpokenBefore(words, "moment" if answers else "interrupted")
    return Greeting(kept.text, kept if await kept.has_begun(0) else None, goes_on=True, answers=answers)
