"""Recognition held to phrases, of a telephone's sound."""

from __future__ import annotations

import numpy as np
import pytest

from lab.providers.phrases import PHRASES
from lab.providers.recognition import RATE, Recogniser
from lab.providers.samples import resample
from lab.providers.spoken_numbers import readings
from lab.softphone import g711
from tests.behavior.offline_speech import recording


def on_the_telephone(text: str, voice: str = "caller", gain: float = 1.0) -> bytes:
    """`text` through G.711 at 8 kHz with 0.2 s of silence around it, s16le mono at 16 kHz."""
    spoken = resample(recording(text, "en", voice, RATE), RATE, g711.RATE)
    quiet = np.zeros(g711.RATE // 5, np.int16)
    line = np.concatenate((quiet, (spoken * gain).astype(np.int16), quiet))
    return resample(g711.over_the_line(line), g711.RATE, RATE).tobytes()


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(PHRASES)


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_the_demonstration_caller_is_understood(recogniser: Recogniser, gain: float) -> None:
    right = [phrase for phrase in PHRASES if recogniser.recognise(on_the_telephone(phrase, gain=gain)) == phrase]
    assert len(right) >= 0.85 * len(PHRASES)


def test_a_recording_is_understood_the_same_way_each_time(recogniser: Recogniser) -> None:
    speech = on_the_telephone("Where is my order?")
    assert [recogniser.recognise(speech) for _ in range(3)] == ["Where is my order?"] * 3


def test_a_pause_leaves_a_piece_written_as_in_its_phrase(recogniser: Recogniser) -> None:
    assert recogniser.recognise(on_the_telephone("What are your")) == "What are your"
    assert recogniser.recognise(on_the_telephone("opening hours?")) == "opening hours?"


def test_a_number_of_four_digits_stands_for_every_other(recogniser: Recogniser) -> None:
    heard = recogniser.recognise(on_the_telephone("My order number is one zero zero one."))
    assert heard == "My order number is one zero zero one."


@pytest.mark.parametrize("said", ["Where is my order 1001?", "My number is 1002, please.", "1001", "I need 12 bikes."])
def test_a_number_in_figures_is_heard_as_it_is_written(said: str) -> None:
    assert Recogniser([*PHRASES, said]).recognise(on_the_telephone(said)) == said


def test_a_number_in_figures_may_be_said_digit_by_digit_and_paused_before() -> None:
    recogniser = Recogniser(["Where is my order 1001?"])
    assert recogniser.recognise(on_the_telephone("Where is my order one zero zero one?")) == "Where is my order 1001?"
    assert recogniser.recognise(on_the_telephone("Where is my order")) == "Where is my order"


@pytest.mark.parametrize(
    ("figures", "ways"),
    [
        ("7", {"seven"}),
        ("1001", {"one zero zero one", "one thousand one", "one thousand and one"}),
        ("0104", {"zero one zero four"}),
        ("350", {"three five zero", "three hundred fifty", "three hundred and fifty"}),
        ("12019", {"one two zero one nine", "twelve thousand nineteen", "twelve thousand and nineteen"}),
        ("4155550101", {"four one five five five five zero one zero one"}),
    ],
)
def test_figures_are_said_in_these_ways(figures: str, ways: set[str]) -> None:
    assert {" ".join(words) for words in readings(figures)} == ways


@pytest.mark.parametrize("level", [20, 1000])
def test_noise_is_nothing(recogniser: Recogniser, level: int) -> None:
    noise = np.random.default_rng(0).normal(0, level, RATE).astype(np.int16)
    assert recogniser.recognise(noise.tobytes()) == ""


def test_silence_is_nothing(recogniser: Recogniser) -> None:
    assert recogniser.recognise(b"") == ""
    assert recogniser.recognise(bytes(2 * RATE)) == ""


def test_other_speech_is_mostly_nothing(recogniser: Recogniser) -> None:
    others = (
        "The quick brown fox jumps over the lazy dog.",
        "Twelve people went swimming in the lake yesterday.",
        "He never understood mathematics at school.",
        "Purple mountains under a silver moon.",
        "Computers make everything more complicated.",
    )
    refused = [text for text in others if recogniser.recognise(on_the_telephone(text)) == ""]
    assert len(refused) > len(others) / 2


def test_phrases_can_be_added_later() -> None:
    recogniser = Recogniser(["Where is my order?"])
    assert recogniser.recognise(on_the_telephone("I have a flat tire.")) == ""
    assert recogniser.add(["I have a flat tire."]) == ()
    assert recogniser.recognise(on_the_telephone("I have a flat tire.")) == "I have a flat tire."
    assert recogniser.recognise(on_the_telephone("Where is my order?")) == "Where is my order?"


def test_words_outside_the_dictionary_are_told_and_passed_over() -> None:
    recogniser = Recogniser([])
    assert recogniser.add(["Zzyqx, where is my order?"]) == ("zzyqx",)
    assert recogniser.recognise(on_the_telephone("Where is my order?")) == "Zzyqx, where is my order?"


def test_without_phrases_nothing_is_understood() -> None:
    assert Recogniser([]).recognise(on_the_telephone("Hello.")) == ""
