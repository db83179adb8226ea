"""How it talks: the delay of its replies, whether it cuts in on a pause, how soon it stops when talked over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.contenders import Running
from bench.contest import TRIES, Contest, NotAnswered
from bench.light_phone import LightPhone
from bench.results import Results
from bench.sentences import INTERRUPTION, PAUSES, Sentence, interruption
from lab.softphone.g711 import RATE, Samples

SHORT_REPLY = "Of course."
# No comma: a pause of the agent's own would look like silence.
LONG_REPLY = (
    "Well let me tell you everything that we can do for you today because there is really quite a lot of it "
    "and I am sure that you will find what you need if you only listen to me for long enough."
)
REPLIES_WITHIN = 6.0  # s
TURNS_A_CALL = 8
_GREETS_WITHIN = 6.0  # s
_SPEAKS_AT_MOST = 12.0  # s
_REPLIES_AGAIN_WITHIN = 3.2  # s; the slowest turn detector gives up waiting after 2.5 s
_PAUSE_BETWEEN = 0.6  # s of silence that end the agent's turn
_INTERRUPT_AFTER = 1.2  # s of the agent's speech
_SILENT_FOR = 0.45  # s


async def replies(
    contest: Contest, running: Sequence[Running], results: Results, measure: str, sentences: Sequence[Sentence]
) -> None:
    """The caller's last sample to the reply's first, for each sentence; a reply before that is a cut."""
    for begin in range(0, len(sentences), TURNS_A_CALL):
        for one in running:
            try:
                async with contest.call(one, tries=TRIES) as caller:
                    await greeted(caller)
                    for sentence in sentences[begin : begin + TURNS_A_CALL]:
                        await _reply(contest, caller, one.name, results, measure, sentence)
            except NotAnswered as fault:
                results.remarks.append(f"{measure}: {fault}")


async def cuts(contest: Contest, running: Sequence[Running], results: Results, sentences: Sequence[Sentence]) -> None:
    """Whether the agent is heard before a sentence with a pause inside is over. All contenders hear it at once."""
    work = [(sentence, pause) for pause in PAUSES for sentence in sentences]
    for begin in range(0, len(work), TURNS_A_CALL):
        async with AsyncExitStack() as stack:
            callers: dict[str, LightPhone] = {}
            await contest.quiet()
            for one in running:
                try:
                    if callers:
                        await contest.takes_calls(one)
                    callers[one.name] = await stack.enter_async_context(contest.call(one, wait=False, tries=TRIES))
                except NotAnswered as fault:
                    results.remarks.append(f"false cuts: {fault}")
            await asyncio.gather(*(greeted(caller) for caller in callers.values()))
            for sentence, pause in work[begin : begin + TURNS_A_CALL]:
                await contest.providers.script(sentence, paused=pause, reply=SHORT_REPLY)
                judged = [_cut(caller, name, results, sentence, pause) for name, caller in callers.items()]
                await asyncio.gather(*judged)


async def barge_in(
    contest: Contest, running: Sequence[Running], results: Results, times: int, opener: Sentence
) -> None:
    """The first sample of the caller's interruption to the last of the agent's speech, `times` in one call each."""
    words = interruption()
    for one in running:
        try:
            async with contest.call(one, tries=TRIES) as caller:
                await greeted(caller)
                for _ in range(times):
                    await _interrupt(contest, caller, one.name, results, opener, words)
        except NotAnswered as fault:
            results.remarks.append(f"barge-in: {fault}")


async def greeted(caller: LightPhone) -> None:
    """Listen to the greeting to its end."""
    heard = await caller.hears_agent(caller.answered_at, _GREETS_WITHIN)
    if heard is not None:
        await caller.hears_silence(heard, _PAUSE_BETWEEN, _SPEAKS_AT_MOST)


async def turn(caller: LightPhone, samples: Samples) -> float | None:
    """Say `samples`, hear the reply to its end; its delay in s, 0 or less where the agent cut in, None for none."""
    ends = caller.say(samples)
    length = len(samples) / RATE
    heard = await caller.hears_agent(ends - length, length + REPLIES_WITHIN)
    if heard is None:
        return None
    silent = await caller.hears_silence(max(heard, ends), _PAUSE_BETWEEN, _SPEAKS_AT_MOST)
    if heard <= ends and silent is not None:
        # It has spoken to half a sentence: the reply to the rest must not be taken for one to the next.
        again = await caller.hears_agent(silent, _REPLIES_AGAIN_WITHIN)
        if again is not None:
            await caller.hears_silence(again, _PAUSE_BETWEEN, _SPEAKS_AT_MOST)
    return heard - ends


async def _reply(
    contest: Contest, caller: LightPhone, name: str, results: Results, measure: str, sentence: Sentence
) -> None:
    await contest.providers.script(sentence, reply=SHORT_REPLY)
    delay = await turn(caller, sentence.whole)
    if delay is None:
        results.add(measure, name, REPLIES_WITHIN, about=sentence.name, missed=True)
    elif delay > 0:
        results.add(measure, name, delay, about=sentence.name)
    results.add(f"{measure}: cut off", name, float(delay is not None and delay <= 0), "cut", sentence.name)


async def _cut(caller: LightPhone, name: str, results: Results, sentence: Sentence, pause: float) -> None:
    samples, _ = sentence.paused(pause)
    delay = await turn(caller, samples)
    about = f"{sentence.name}, {'a sentence' if sentence.could_end else 'unfinished'} before the pause"
    results.add(f"false cuts, {pause * 1000:.0f} ms", name, float(delay is not None and delay <= 0), "cut", about)
    if delay is not None and delay > 0:
        results.add("reply after a pause inside", name, delay, about=f"{sentence.name}, {pause} s")


async def _interrupt(
    contest: Contest, caller: LightPhone, name: str, results: Results, opener: Sentence, words: Samples
) -> None:
    await contest.providers.script(opener, reply=LONG_REPLY)
    ends = caller.say(opener.whole)
    heard = await caller.hears_agent(ends, REPLIES_WITHIN)
    if heard is None:
        results.remarks.append(f"barge-in: {name} said nothing that could be interrupted")
        return
    await asyncio.sleep(_INTERRUPT_AFTER)
    await contest.providers.script_text(INTERRUPTION, len(words) / RATE, reply=SHORT_REPLY)
    begins = caller.say(words) - len(words) / RATE
    silent = await caller.hears_silence(begins, _SILENT_FOR, REPLIES_WITHIN)
    results.add("barge-in to silence", name, silent - begins if silent else REPLIES_WITHIN, missed=silent is None)
    replied = await caller.hears_agent(begins + len(words) / RATE, REPLIES_WITHIN)
    if replied is not None:
        await caller.hears_silence(replied, _PAUSE_BETWEEN, _SPEAKS_AT_MOST)
