"""The small telephone that real calls are made with, against another of its kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.telephone import Manner, Telephone
from tests.live.tiny_agent import tone


@pytest.fixture
async def phones() -> AsyncIterator[tuple[Telephone, Telephone]]:
    async with Telephone() as one, Telephone() as other:
        yield one, other


Phones = tuple[Telephone, Telephone]


async def test_two_telephones_ring_talk_and_hang_up(phones: Phones) -> None:
    one, other = phones
    call = await one.call("+1", "+2", ("127.0.0.1", other.port))
    assert await call.answered()
    came = await other.came.get()
    said = await call.media.say(tone(0.5, rate=8000))
    heard = await came.media.speech(0.0, 5)
    await came.media.silence(0.3, 5)
    assert came.media.last_heard - heard.start == pytest.approx(said.duration, abs=0.05)
    assert list(call.moments) == ["INVITE", "100", "180", "200"]
    await came.hang_up()
    await asyncio.wait_for(call.ended.wait(), 5)
    assert "BYE came" in call.moments
    assert "BYE agreed" in came.moments


@pytest.mark.parametrize("rings_after", [None, 0.01])
async def test_a_telephone_refuses(phones: Phones, rings_after: float | None) -> None:
    one, other = phones
    other.manners.append(Manner(486, "Busy Here", rings_after=rings_after, after=0.0))
    call = await one.call("+1", "+2", ("127.0.0.1", other.port))
    assert not await call.answered()
    assert call.status == 486
    assert ("180" in call.moments) == (rings_after is not None)


async def test_who_gives_up_while_it_rings_gets_487_and_the_other_rings_no_more(phones: Phones) -> None:
    one, other = phones
    other.manners.append(Manner(after=60))
    call = await one.call("+1", "+2", ("127.0.0.1", other.port))
    came = await other.came.get()
    await call.hang_up()
    assert not await call.answered()
    assert call.status == 487
    assert "CANCEL came" in came.moments


async def test_a_telephone_that_is_muted_sends_nothing(phones: Phones) -> None:
    one, other = phones
    call = await one.call("+1", "+2", ("127.0.0.1", other.port))
    assert await call.answered()
    came = await other.came.get()
    async with asyncio.timeout(5):
        while not came.media.packets:
            await asyncio.sleep(0.01)
    call.media.mute()
    await asyncio.sleep(0.1)
    heard = came.media.packets
    await asyncio.sleep(0.2)
    assert came.media.packets == heard
