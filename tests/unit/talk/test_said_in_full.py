"""Fixed words in place of a voice: whole, in each language, whatever the pieces that they come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.call.events import Event, Events, Faulted
from switchboard.line.leg import Leg
from switchboard.speech.kept import KeptSound
from switchboard.talk.fixed_words import TEXTS, FixedWords, Phrase, text_of
from switchboard.talk.never_silent import NeverSilent

RATE = 24_000
SECONDS = 3


class Line:
    """A leg that notes how it is ended."""

    def __init__(self) -> None:
        self.goodbyes: list[str] = []

    async def hang_up(self, goodbye: str, *_: Any) -> None:
        self.goodbyes.append(goodbye)

    def end(self, *_: Any) -> None:
        raise AssertionError("the line must stay until the words were heard")


def _keep(folder: Path, phrase: Phrase, language: str) -> None:
    text = text_of(phrase, language)
    place = folder / KeptSound.of(folder, "", language, text).file.stem
    second = rtc.AudioFrame(b"\x01\x02" * RATE, RATE, 1, RATE)
    KeptSound.of(place, "a voice", language, text).write([second] * SECONDS)


def _net(folder: Path, language: str, told: list[Event]) -> tuple[NeverSilent, Line]:
    events, line = Events(), Line()
    events.subscribe(told.append)
    return NeverSilent(FixedWords(folder, "a voice", language), cast("Leg", line), events), line


async def _in_words(text: str) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield f"{word} "


async def _broken(_: Any) -> AsyncIterator[rtc.AudioFrame]:
    raise ConnectionError
    yield


def _voice(words: Any) -> AsyncIterator[rtc.AudioFrame]:
    return _broken(words)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("phrase", ["sorry", "unheard", "goodbye"])
async def test_they_are_played_to_their_last_sample_without_a_voice(
    tmp_path: Path, language: str, phrase: Phrase
) -> None:
    _keep(tmp_path, phrase, language)
    told: list[Event] = []
    net, _ = _net(tmp_path, language, told)
    heard = [frame.duration async for frame in net.speaking(_in_words(text_of(phrase, language)), _voice)]
    assert sum(heard) == pytest.approx(SECONDS)
    assert not told, "nobody was asked who could fail"


@pytest.mark.parametrize("language", TEXTS)
async def test_a_voice_that_is_gone_for_good_is_apologised_for_twice_in_full_and_then_comes_the_goodbye(
    tmp_path: Path, language: str
) -> None:
    _keep(tmp_path, "sorry", language)
    told: list[Event] = []
    net, line = _net(tmp_path, language, told)
    heard = [
        sum([frame.duration async for frame in net.speaking(_in_words("We open at nine."), _voice)]) for _ in range(3)
    ]
    assert heard == [pytest.approx(SECONDS), pytest.approx(SECONDS), 0]
    await asyncio.sleep(0)  # it is said behind
    assert line.goodbyes == [text_of("goodbye", language)]
    assert [event.part for event in told if isinstance(event, Faulted)] == ["tts"] * 3
