"""What callers say at the edges of a call and of a turn: heard, answered once, and not lost."""

from __future__ import annotations

from pathlib import Path

from tests.live.exchange import Exchange
from tests.live.worker import ROOT

TABLE = '[default]\nagent = "front_desk"\ngreeting = "Thank you for calling Harbor Bikes, how can I help you today?"\n'
QUESTION = "What are your opening hours?"


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
