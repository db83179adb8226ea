"""Workers that are stopped, or that have lost LiveKit for good, while calls are on their lines. Minutes."""

from __future__ import annotations

import asyncio

from chaos.heard import Text, recognise
from switchboard.talk.fixed_words import TEXTS
from tests.live.town import Town

TABLE = '[default]\nagent = "front_desk"\nlanguage = "de"\ngreeting = "Guten Tag, hier ist Harbor Bikes."\n'
ONE = {"SWITCHBOARD_MAX_CALLS": "1"}
_VOICE = "ash"


async def test_who_is_on_the_line_at_the_drain_limit_hears_a_goodbye_in_their_language(town: Town) -> None:
    old = town.worker("old", TABLE, SWITCHBOARD_DRAIN_TIMEOUT="1", SWITCHBOARD_SPEAK_AHEAD="true", **ONE)
    async with old, town.phone("+4930111") as phone, town.phone("+4930222") as other:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await old.logged("routed")
        async with town.worker("new", TABLE, **ONE):
            await other.dial()
            await other.heard_speech(20, after=0.0)
            async with asyncio.timeout(60):
                while len(list(old.log.parent.glob("cache/fixed/**/*.wav"))) < len(TEXTS["de"]):
                    await asyncio.sleep(0.1)
            await phone.heard_silence(1.0, 20)
            before = len(phone.ear.sounds())
            old.terminate()
            await asyncio.wait_for(phone.ended.wait(), 40)
            goodbye = phone.ear.sounds()[before:]
            heard = phone.ear.recording(goodbye[0].start, goodbye[-1].end)
            assert recognise(heard, [Text(words, _VOICE, kind) for kind, words in TEXTS["de"].items()]) == "goodbye"
            assert await old.exit_code() == 0
            await old.logged("call ended", cause="worker_stopped")
            said = await other.say("Wann haben Sie geöffnet?", "de")  # another worker's call goes on
            await other.heard_speech(10, after=said.end)
            await other.hang_up()


async def test_a_worker_without_calls_that_has_lost_livekit_for_good_ends_at_once(town: Town) -> None:
    worker = town.worker(SWITCHBOARD_CONNECT_TRIES="2")
    async with worker:
        await town.livekit.stop()
        assert await worker.exit_code(20) == 1
    assert "failed to connect to livekit after 2 attempts" in worker.read_log()


async def test_a_worker_with_a_call_that_has_lost_livekit_for_good_ends_soon(town: Town) -> None:
    worker = town.worker(SWITCHBOARD_CONNECT_TRIES="2")
    async with worker, town.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await town.livekit.stop()
        assert await worker.exit_code(120) == 1
