"""What callers say at the edges of a call and of a turn: heard, answered once, and not lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from chaos.heard import Text, recognise
from switchboard.talk.fixed_words import TEXTS
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

TABLE = '[default]\nagent = "front_desk"\ngreeting = "Thank you for calling Harbor Bikes, how can I help you today?"\n'
QUESTION = "What are your opening hours?"


def _kept(folder: Path) -> int:
    return len(list(folder.glob("cache/fixed/**/*.wav")))


async def test_words_right_after_the_answer_are_heard_and_have_one_reply(tmp_path: Path) -> None:
    """Reported as agents#5932 (the first words are lost) and pipecat#4912 (two replies to one turn)."""
    async with Exchange(tmp_path, TABLE) as exchange, exchange.phone() as phone:
        await phone.dial()
        assert await phone.answered(20)
        said = await phone.say(QUESTION)
        await phone.heard_speech(10, after=said.end)
        await phone.heard_silence(2.5, 30)
        replies = [one for one in await exchange.spoken() if "nine" in one["body"]["input"]]
        assert len(replies) == 1


async def test_the_last_words_before_a_hang_up_are_told(tmp_path: Path) -> None:
    """Reported as agents#6889: what is said last is on no transcript."""
    async with Exchange(tmp_path, TABLE, ROOT / "tests/live/minutes") as exchange:
        async with exchange.phone() as phone:
            await phone.dial()
            assert await phone.answered(20)
            await phone.say(QUESTION)
        await exchange.worker.logged("said", who="caller", words=QUESTION)
        await exchange.worker.logged("call ended", cause="caller_hung_up")


async def test_a_call_whose_one_model_never_answers_again_ends_with_a_goodbye(tmp_path: Path) -> None:
    table = '[speech.phone]\nrealtime = "openai/gpt-realtime:marin"\n' + TABLE
    async with Exchange(tmp_path, table, SWITCHBOARD_SPEAK_AHEAD="true") as exchange, exchange.phone() as phone:
        async with asyncio.timeout(60):
            while _kept(tmp_path) < len(TEXTS["en"]):
                await asyncio.sleep(0.1)
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(1.0, 20)
        before = len(phone.ear.sounds())
        exchange.providers.controls.set_faults({"realtime": {"hang": True}})
        await phone.say(QUESTION)
        await asyncio.wait_for(phone.ended.wait(), 40)
        goodbye = phone.ear.sounds()[before:]
        heard = phone.ear.recording(goodbye[0].start, goodbye[-1].end)
        assert recognise(heard, [Text(words, "ash", kind) for kind, words in TEXTS["en"].items()]) == "goodbye"
        await exchange.worker.logged("call ended", cause="provider_failed")
