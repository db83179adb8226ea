"""The parts of scripts/chaos that need no server: what a sound is, how long a wait was, which cells there are."""

from __future__ import annotations

import numpy as np
import pytest

from chaos.heard import Text, recognise
from chaos.matrix import EVERY, FAULTS, PARTS, PHASES, SHORT, Cell, cells
from chaos.report import line, markdown, summary
from chaos.result import Result
from chaos.waits import REFUSED, SILENCE, UNKNOWN, Wait, wait_of
from lab.providers.faults import WAYS
from lab.providers.samples import Samples, resample
from lab.providers.speaking import speak
from lab.softphone.ear import Sound
from lab.softphone.g711 import RATE, over_the_line
from switchboard.talk.fixed_words import text_of

SORRY, UNHEARD, GOODBYE = (text_of(phrase, "en") for phrase in ("sorry", "unheard", "goodbye"))
HOURS = "Our opening hours are Monday to Friday from nine to six."
TEXTS = [
    Text(SORRY, "ash", "apology"),
    Text(UNHEARD, "ash", "apology, unheard"),
    Text(GOODBYE, "ash", "goodbye"),
    Text(text_of("moment", "en"), "ash", "filler"),
    Text(HOURS, "ash", "reply"),
]


def _heard(words: str, voice: str = "ash") -> Samples:
    """As a telephone has it, with a tenth of a second of it lost in the middle, as a jitter buffer loses it."""
    said = over_the_line(resample(np.frombuffer(speak(words, "en", voice, 24_000), np.int16), 24_000, RATE))
    middle = len(said) // 2
    return np.concatenate((said[: middle - RATE // 20], said[middle + RATE // 20 :]))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.kind)
def test_a_text_is_told_by_its_sound(text: Text) -> None:
    speak("Something else said before, for its flutter goes on.", "en", "ash", 24_000)
    assert recognise(_heard(text.words), TEXTS) == text.kind


def test_half_a_text_is_told_by_its_sound() -> None:
    whole = _heard(HOURS)
    assert recognise(whole[: len(whole) // 2], TEXTS) == "reply"


def test_texts_of_one_kind_are_told_though_they_are_one_sound() -> None:
    other = Text("A city bike costs five hundred dollars.", "ash", "reply")
    assert recognise(np.concatenate((_heard(HOURS), _heard(other.words))), [*TEXTS, other]) == "reply"


@pytest.mark.parametrize(
    "sound",
    [
        _heard("A city bike costs five hundred dollars, with lights and a lock."),
        np.random.default_rng(1).normal(0, 3000, 2 * RATE).astype(np.int16),
        (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.int16),
        np.zeros(0, np.int16),
    ],
    ids=["other words in that voice", "noise", "a tone", "nothing"],
)
def test_what_nobody_was_to_say_is_not_recognised(sound: Samples) -> None:
    assert recognise(sound, TEXTS) is None


def test_a_sentence_that_two_texts_have_belongs_to_what_was_said_before() -> None:
    again = _heard("Could you say that again, please?")
    assert [recognise(again, TEXTS, before) for before in ("apology", "apology, unheard")] == [
        "apology",
        "apology, unheard",
    ]
    assert recognise(again, TEXTS, "reply") != "reply"


def _wait(*sounds: tuple[float, float, str], outcome: str = "answered", until: float = 20.0) -> Wait:
    heard = [Sound(start, end) for start, end, _ in sounds]
    return wait_of("now", 10.0, heard, [kind for *_, kind in sounds], outcome, until)  # pyright: ignore[reportArgumentType]


def test_a_reply_ends_the_wait() -> None:
    wait = _wait((11.0, 12.0, "reply"), (18.0, 19.0, "reply"))
    assert (wait.first_s, wait.longest_s, wait.heard, wait.passed) == (1.0, 1.0, ("reply",), True)


def test_a_filler_is_heard_and_the_wait_goes_on() -> None:
    wait = _wait((11.0, 12.0, "filler"), (15.5, 17.0, "apology"))
    assert (wait.first_s, wait.longest_s, wait.passed) == (1.0, 3.5, False)


@pytest.mark.parametrize("kind", ["filler", UNKNOWN])
def test_nothing_after_a_filler_or_a_sound_without_sense_is_silence(kind: str) -> None:
    wait = _wait((11.0, 12.0, kind))
    assert (wait.longest_s, wait.passed) == (8.0, False)


def test_a_line_that_is_dead_without_a_word_is_silence_however_soon() -> None:
    wait = _wait(outcome="room closed by the agent", until=10.5)
    assert (wait.first_s, wait.heard, wait.passed) == (None, (SILENCE,), False)


@pytest.mark.parametrize(("until", "passes"), [(12.0, True), (13.5, False)])
def test_a_refusal_while_it_rings_is_an_answer_when_it_comes_in_time(until: float, passes: bool) -> None:
    wait = _wait(outcome="refused", until=until)
    assert (wait.heard, wait.passed) == ((REFUSED,), passes)


def test_every_fault_meets_every_part_in_every_phase() -> None:
    assert len(EVERY) == len(set(EVERY)) == len(PARTS) * len(PHASES) * len(FAULTS)
    assert set(WAYS) <= set(FAULTS)


def test_cells_are_chosen_by_part_fault_and_phase() -> None:
    assert cells(EVERY, ["stt"], ["hang"], ["thinking"]) == [Cell("stt", "hang", "thinking")]
    assert len(cells(EVERY, ["tts"], [], ["ringing"])) == len(FAULTS)


def test_the_short_form_has_each_part_and_phase() -> None:
    assert {cell.part for cell in SHORT} == set(PARTS)
    assert {cell.phase for cell in SHORT} == set(PHASES)
    assert set(SHORT) <= set(EVERY)
    assert cells(SHORT, ["stt"]) == [cell for cell in SHORT if cell.part == "stt"]


def _result(phase: str = "listening", cause: str | None = "caller_hung_up", longest_s: float = 1.2) -> Result:
    waits = (Wait("dispatch", 0.5, 0.5, ("greeting",)), Wait("words", 1.2, longest_s, ("filler", "apology")))
    return Result(Cell("llm", "500", phase), waits, "hung up", cause, cause is not None)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (_result(), "       llm 500 {} 1.2 s | caller_hung_up"),
        (_result(cause=None), "FAILED llm 500 {} 1.2 s | LOST"),
        (_result(longest_s=3.4), "FAILED llm 500 {} 3.4 s | caller_hung_up"),
    ],
    ids=["passed", "no record", "silent"],
)
def test_a_cell_is_told_in_a_line(result: Result, says: str) -> None:
    assert line(result) == says.format("     listening filler, apology | after 1.2 s | longest silence")


def test_the_greeting_is_told_where_the_fault_was_there_before_it() -> None:
    assert "greeting; filler, apology" in line(_result("ringing"))


def test_the_table_has_a_row_a_cell_and_counts_what_failed() -> None:
    results = [_result(), _result(cause=None), _result(longest_s=3.4)]
    assert markdown(results).count("| 500 | listening |") == 3
    assert summary(results).startswith("3 cells: 2 silent for more than 3 s or without a record (1 lost).")
