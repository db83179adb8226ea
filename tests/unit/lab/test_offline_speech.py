"""The voice, the ear and the languages of the stand-ins, without a network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lab.providers.controls import Controls
from lab.providers.faults import Fault
from lab.providers.languages import detect, told
from lab.providers.samples import resample, trim
from lab.providers.server import Delays
from lab.providers.speaking import VOICES, speak
from lab.providers.voice_activity import VoiceActivity


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000, 48_000])
def test_words_take_the_same_time_at_each_rate(rate: int) -> None:
    seconds = len(speak("What are your opening hours?", sample_rate=rate)) / 2 / rate
    assert 1.0 < seconds < 2.5


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "pt-BR", "en-GB"])
def test_each_language_has_its_own_sound(language: str) -> None:
    assert len(speak("Hola, no, a las 9", language)) != len(speak("Hola, no, a las 9", "it"))


def test_a_language_that_nobody_speaks_is_read_as_english() -> None:
    assert len(speak("Hello there", "tlh")) == pytest.approx(len(speak("Hello there", "en")), rel=0.02)


@pytest.mark.parametrize("text", ["", "   ", "...", "\0"])
def test_no_words_give_no_sound(text: str) -> None:
    assert speak(text) == b""


@pytest.mark.parametrize("text", ["\ud800 hello", "<b>hello</b>", "[[h@l'oU]] hello", "hello " * 300])
def test_strange_text_is_spoken_too(text: str) -> None:
    assert len(speak(text)) > 4000


def test_many_threads_and_many_repeats_do_not_disturb_each_other() -> None:
    def one(index: int) -> int:
        return len(speak("Same words.", "en", list(VOICES)[index % len(VOICES)]))

    alone = [one(index) for index in range(len(VOICES))]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(one, range(200)))
    assert all(length == pytest.approx(alone[index % len(VOICES)], rel=0.05) for index, length in enumerate(together))


@pytest.mark.parametrize(("rate", "to"), [(22_050, 24_000), (22_050, 8000), (8000, 16_000), (48_000, 16_000)])
def test_resampling_keeps_pitch_loudness_and_time(rate: int, to: int) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.int16)
    out = resample(tone, rate, to)
    assert len(out) == pytest.approx(to, abs=to / 50)
    loudest = int(np.abs(np.fft.rfft(out.astype(np.float64))).argmax()) * to / len(out)
    assert loudest == pytest.approx(440, abs=2)
    assert np.abs(out[to // 4 : to // 2]).max() == pytest.approx(8000, rel=0.05)


def test_resampling_down_lets_nothing_through_that_would_fold_back() -> None:
    tone = (8000 * np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000)).astype(np.int16)
    assert np.abs(resample(tone, 16_000, 8000)).max() < 100


def test_trimming_leaves_what_is_audible() -> None:
    sound = np.array([0, 3, -5, 900, 0, -800, 2, 0], np.int16)
    assert trim(sound).tolist() == [900, 0, -800]
    assert trim(np.zeros(5, np.int16)).tolist() == []


def _voiced(seconds: float, level: float = 2000.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.random.default_rng(1).normal(0, level, int(seconds * 16_000)).astype(np.int16)


def _quiet(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return _voiced(seconds, 8.0)


@pytest.mark.parametrize("piece", [160, 800, 1, 777, 100_000])
def test_speech_is_seen_where_it_begins_and_ends_however_the_audio_is_cut(piece: int) -> None:
    voice = VoiceActivity(16_000)
    sound = np.concatenate((_quiet(0.5), _voiced(0.7), _quiet(0.4)))
    for begin in range(0, len(sound), piece):
        voice.hear(sound[begin : begin + piece])
    assert voice.speaking
    assert voice.began == pytest.approx(0.5, abs=0.02)
    assert voice.voiced_until == pytest.approx(1.2, abs=0.02)
    assert voice.silence == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("sound", [_quiet(3.0), _voiced(4.0, 60.0), np.zeros(16_000, np.int16)])
def test_silence_and_a_humming_line_are_no_speech(sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    voice = VoiceActivity(16_000)
    voice.hear(sound)
    assert not voice.speaking


def test_a_click_is_no_speech() -> None:
    voice = VoiceActivity(16_000)
    voice.hear(np.concatenate((_quiet(0.3), _voiced(0.015), _quiet(0.3))))
    assert not voice.speaking


def test_a_soft_voice_on_a_quiet_line_is_speech() -> None:
    voice = VoiceActivity(16_000)
    voice.hear(np.concatenate((_quiet(0.3), _voiced(0.3, 300.0))))
    assert voice.speaking


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What are your opening hours?", "en"),
        ("Soporte de Harbor Bikes. ¿Qué puedo hacer por usted?", "es"),
        ("Bonjour, où est ma commande ?", "fr"),
        ("Guten Tag, wo ist meine Bestellung?", "de"),
        ("Gracias", "es"),
        ("1001", None),
        ("", None),
    ],
)
def test_a_text_shows_its_language(text: str, language: str | None) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("instructions", "language"),
    [
        ("Speak Spanish, calmly.", "es"),
        ("Answer the caller in French.", "fr"),
        ("Sprich deutsch.", "de"),
        ("The caller speaks the language with the code es: speak only that.", "es"),
        ("Speak calmly.", None),
    ],
)
def test_instructions_may_name_the_language(instructions: str, language: str | None) -> None:
    assert told(instructions) == language


def test_a_script_goes_to_the_first_caller_of_its_language() -> None:
    controls = Controls()
    controls.add_script({"language": "es", "utterances": ["Hola."]})
    controls.add_script({"language": None, "utterances": ["Hello."]})
    english, spanish = controls.take_script("en-US"), controls.take_script("es-MX")
    assert english is not None
    assert spanish is not None
    assert (english.next(), spanish.next(), english.next()) == ("Hello.", "Hola.", "")
    assert controls.take_script("en") is None


def test_a_fault_lasts_as_often_as_was_asked_for() -> None:
    controls = Controls()
    controls.set_faults({"llm": {"status": 500}, "times": 2})
    assert [controls.take_fault("llm").status for _ in range(3)] == [500, 500, None]
    assert controls.take_fault("tts") == Fault()


@pytest.mark.parametrize("seconds", [-0.1, 61, float("nan")])
def test_a_delay_that_makes_no_sense_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="delay of llm"):
        Delays(llm=seconds)
