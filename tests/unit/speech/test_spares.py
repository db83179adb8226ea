"""Models in the place of others: what a caller gets when one fails, in each of the ways in which one can."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import APIConnectionError, APIError, APIStatusError, llm, stt, tts

from switchboard.speech import spare_llm
from switchboard.speech.health import Health
from switchboard.speech.more_words import beyond
from switchboard.speech.spare_llm import SpareLLM
from switchboard.speech.spare_stt import SpareSTT
from switchboard.speech.spare_tts import SpareTTS
from switchboard.speech.spares import Choice, Choices
from tests.unit.speech.fakes import HANGS, FakeLLM, FakeSTT, FakeTTS, sound, words

SHORT_S = 0.2

REFUSED = APIConnectionError()
UNAUTHORISED = APIStatusError("no", status_code=401)
BUSY = APIStatusError("no", status_code=429)
BROKEN = APIStatusError("no", status_code=500)
RUBBISH = ValueError("Expecting value: line 1")

NOTHING_USEFUL = [
    pytest.param([REFUSED], id="refused"),
    pytest.param([UNAUTHORISED], id="401"),
    pytest.param([BUSY], id="429"),
    pytest.param([BROKEN], id="500"),
    pytest.param([RUBBISH], id="garbage"),
    pytest.param([], id="empty"),
    pytest.param([HANGS], id="hangs"),
]


def choices(*models: Any, health: Health | None = None, probe: Any = None) -> Choices[Any]:
    made = [Choice(f"p/{index}", str(index), model) for index, model in enumerate(models)]
    return Choices(made, health or Health(), probe)


async def answer(model: llm.LLM[Any]) -> str:
    asked = llm.ChatContext.empty()
    asked.add_message(role="user", content="Hello.")
    return (await model.chat(chat_ctx=asked).collect()).text


async def spoken(voice: tts.TTS[Any], text: str = "Good morning.") -> float:
    async with voice.synthesize(text) as pieces:
        return sum([piece.frame.duration async for piece in pieces])


# --- that think -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", NOTHING_USEFUL)
async def test_the_next_thinks_when_one_gives_nothing_useful(script: list[Any]) -> None:
    first, second = FakeLLM(*script), FakeLLM("Yes.")
    health = Health()
    assert await answer(SpareLLM(choices(first, second, health=health), SHORT_S)) == "Yes."
    assert health.is_out("0")
    assert not health.is_out("1")


async def test_who_failed_is_asked_last_by_every_call(tmp_path: Path) -> None:
    first, second = FakeLLM(BROKEN), FakeLLM("Yes.")
    await answer(SpareLLM(choices(first, second, health=Health(tmp_path)), SHORT_S))
    in_another_process = SpareLLM(choices(first, second, health=Health(tmp_path)), SHORT_S)
    await answer(in_another_process)
    assert (first.asked, second.asked) == (1, 2)


async def test_a_single_one_is_asked_again_when_it_failed_at_once() -> None:
    once_more = FakeLLM(BROKEN)
    with pytest.raises(APIError):
        await answer(SpareLLM(choices(once_more), SHORT_S))
    assert once_more.asked == 2


async def test_a_single_one_whose_key_is_refused_is_not_asked_again() -> None:
    refused = FakeLLM(UNAUTHORISED)
    with pytest.raises(APIError):
        await answer(SpareLLM(choices(refused), SHORT_S))
    assert refused.asked == 1


async def test_half_an_answer_is_not_followed_by_another_ones() -> None:
    second = FakeLLM("Other words.")
    model = SpareLLM(choices(FakeLLM("The bicycle is ", BROKEN), second), SHORT_S)
    errors: list[Any] = []
    model.on("error", errors.append)
    with pytest.raises(APIError, match="broke off"):
        await answer(model)
    assert second.asked == 0
    assert [error.recoverable for error in errors] == [False]


async def test_an_answer_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare_llm, "_NEXT_WORD_S", 0.1)
    with pytest.raises(APIError, match="broke off"):
        await answer(SpareLLM(choices(FakeLLM("The bicycle is ", HANGS)), SHORT_S))


@pytest.mark.parametrize("script", [["word " * 200] * 1000, ["word " * 200_000]], ids=["in pieces", "in one"])
async def test_a_megabyte_of_words_is_cut(script: list[str]) -> None:
    assert len(await answer(SpareLLM(choices(FakeLLM(*script)), 5.0))) < 5_000


async def test_all_that_fail_are_told_once() -> None:
    model = SpareLLM(choices(FakeLLM(BROKEN), FakeLLM(REFUSED)), SHORT_S)
    errors: list[Any] = []
    model.on("error", errors.append)
    with pytest.raises(APIError, match="no model gives an answer"):
        await answer(model)
    assert len(errors) == 1


async def test_when_all_failed_lately_all_are_tried_all_the_same() -> None:
    health = Health()
    health.failed("0")
    health.failed("1")
    assert await answer(SpareLLM(choices(FakeLLM("Yes."), FakeLLM("No."), health=health), SHORT_S)) == "Yes."


async def test_one_that_works_again_is_taken_back_without_a_caller_paying_for_it() -> None:
    now = 1000.0
    health = Health(clock=lambda: now)
    first, second = FakeLLM(BROKEN), FakeLLM("Second.")
    model = SpareLLM(choices(first, second, health=health, probe=spare_llm.probe), SHORT_S)
    assert await answer(model) == "Second."
    first.script = ("First.",)
    assert await answer(model) == "Second."
    now += 20
    assert await answer(model) == "Second."  # and meanwhile it is looked after
    await asyncio.sleep(0.05)
    assert await answer(model) == "First."


# --- that speak -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [*NOTHING_USEFUL, pytest.param([b"<html><body>no</body></html>" * 99], id="page")])
async def test_the_next_speaks_when_one_gives_no_sound(script: list[Any]) -> None:
    health = Health()
    voice = SpareTTS(choices(FakeTTS(*script), FakeTTS(sound(1.0)), health=health), SHORT_S)
    assert await spoken(voice) == pytest.approx(1.0, abs=0.01)
    assert health.is_out("0")


async def test_a_sentence_that_breaks_off_is_said_again_by_the_next() -> None:
    voice = SpareTTS(choices(FakeTTS(sound(0.4), 0.05, BROKEN), FakeTTS(sound(1.0))), SHORT_S)
    assert 1.0 < await spoken(voice) <= 1.41


async def test_voices_of_another_sample_rate_sound_as_long() -> None:
    narrow = FakeTTS(sound(1.0, 8_000), rate=8_000)
    assert await spoken(SpareTTS(choices(FakeTTS(REFUSED), narrow), SHORT_S)) == pytest.approx(1.0, abs=0.05)


async def test_an_endless_voice_is_cut() -> None:
    voice = SpareTTS(choices(FakeTTS(*[sound(1.0)] * 600)), 5.0)
    assert await spoken(voice, "Yes.") < 15


async def test_no_voice_at_all_is_an_error() -> None:
    with pytest.raises(APIError, match="no voice speaks"):
        await spoken(SpareTTS(choices(FakeTTS(BROKEN), FakeTTS(REFUSED)), SHORT_S))


# --- that hear --------------------------------------------------------------------------------------------


async def hear(recogniser: SpareSTT, seconds: float = 1.0, then: Any = None) -> list[str]:
    """The words of a caller who speaks for so long, in tenths."""
    stream = recogniser.stream()
    for _ in range(int(seconds * 10)):
        stream.push_frame(sound(0.1, 16_000))
    await asyncio.sleep(0.05)
    stream.flush()
    if then is not None:
        await then(recogniser)
    await asyncio.sleep(0.05)
    stream.end_input()
    return [event.alternatives[0].text async for event in stream if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT]


@pytest.mark.parametrize("fault", [REFUSED, UNAUTHORISED, BROKEN, RUBBISH])
async def test_the_next_hears_all_that_was_said_meanwhile(fault: Exception) -> None:
    health = Health()
    recogniser = SpareSTT(choices(FakeSTT([0.02, fault]), FakeSTT(), health=health))
    assert (await hear(recogniser))[0] == "1.0 s"
    assert health.is_out("0")


async def test_who_gives_no_words_is_changed_and_nobody_else_is_told() -> None:
    async def nothing_understood(recogniser: SpareSTT) -> None:
        await asyncio.sleep(0.05)
        recogniser.gave_no_words()

    health = Health()
    recogniser = SpareSTT(choices(FakeSTT(["silent"]), FakeSTT(), health=health))
    assert (await hear(recogniser, then=nothing_understood))[0] == "1.0 s"
    assert not health.is_out("0")


async def test_a_single_one_connects_again_and_has_missed_nothing() -> None:
    async def wait(_: SpareSTT) -> None:
        await asyncio.sleep(0.7)

    recogniser = SpareSTT(choices(FakeSTT([0.02, BROKEN], ["words"])))
    assert (await hear(recogniser, then=wait))[0] == "1.0 s"


async def test_a_recogniser_that_goes_on_failing_is_told_and_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switchboard.speech.spare_stt._PAUSE_S", 0.01)

    async def wait(_: SpareSTT) -> None:
        await asyncio.sleep(0.3)

    recogniser = SpareSTT(choices(FakeSTT([BROKEN], [BROKEN], [BROKEN], ["words"])))
    errors: list[Any] = []
    recogniser.on("error", errors.append)
    assert (await hear(recogniser, then=wait))[0] == "1.0 s"
    assert len(errors) == 2


async def test_words_that_were_understood_are_not_heard_twice() -> None:
    recogniser = SpareSTT(choices(FakeSTT(["words"]), FakeSTT()))
    stream = recogniser.stream()
    stream.push_frame(sound(1.0, 16_000))
    stream.flush()
    first = await anext(stream)
    assert first.alternatives[0].text == "1.0 s"
    recogniser.gave_no_words()
    await asyncio.sleep(0.05)
    stream.push_frame(sound(0.5, 16_000))
    await asyncio.sleep(0.05)
    stream.flush()
    assert (await anext(stream)).alternatives[0].text == "0.5 s"
    await stream.aclose()


async def test_a_megabyte_that_was_heard_is_cut() -> None:
    [said] = await hear(SpareSTT(choices(FakeSTT([words("word " * 200_000, final=True), "silent"]))))
    assert len(said) < 5_000


async def test_words_whose_end_never_comes_are_taken_as_they_are() -> None:
    recogniser = SpareSTT(choices(FakeSTT([words("What are your opening", final=False), "silent"])))
    async with recogniser.stream() as stream:
        await anext(stream)
        recogniser.ended()
        last = await anext(stream)
    assert last.type is stt.SpeechEventType.FINAL_TRANSCRIPT
    assert last.alternatives[0].text == "What are your opening"


async def test_an_end_that_comes_after_all_is_not_said_twice() -> None:
    late = asyncio.Event()
    script = [words("What are", final=False), late, words("What are you", final=False)]
    script += [words("What are your", final=False), words("What are your hours?", final=True)]
    more = [words("And on", final=False), words("And on Sunday?", final=True), "silent"]
    recogniser = SpareSTT(choices(FakeSTT([*script, *more])))
    async with recogniser.stream() as stream:
        await anext(stream)
        recogniser.ended()
        late.set()
        heard = [(await anext(stream)).alternatives[0].text for _ in range(6)]
    assert heard == ["What are", "you", "your", "your hours?", "And on", "And on Sunday?"]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("What are your hours?", "your hours?"),
        ("what are", ""),
        ("What are.", ""),
        ("What", ""),
        ("When are you open?", "you open?"),
        ("Goodbye and thanks.", "Goodbye and thanks."),
        ("", ""),
    ],
)
def test_what_was_taken_is_left_out_of_what_follows_it(text: str, new: str) -> None:
    assert beyond("What are", text) == new


async def test_a_short_answer_after_words_without_an_end_is_heard() -> None:
    goes_on = asyncio.Event()
    begins = stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)
    script = [words("What are", final=False), goes_on, begins, words("Yes.", final=True), "silent"]
    recogniser = SpareSTT(choices(FakeSTT(script)))
    async with recogniser.stream() as stream:
        await anext(stream)
        recogniser.ended()
        goes_on.set()
        heard = [event.alternatives[0].text for event in [await anext(stream) for _ in range(3)] if event.alternatives]
    assert heard == ["What are", "Yes."]


async def test_words_that_came_to_their_end_are_left_alone() -> None:
    more = asyncio.Event()
    script = [words("Good", final=False), words("Good day.", final=True), more, words("Yes.", final=True), "silent"]
    recogniser = SpareSTT(choices(FakeSTT(script)))
    async with recogniser.stream() as stream:
        await anext(stream)
        await anext(stream)
        recogniser.ended()
        more.set()
        assert (await anext(stream)).alternatives[0].text == "Yes."
