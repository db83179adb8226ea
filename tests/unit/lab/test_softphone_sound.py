"""The telephone line's sound, and what is audible in it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.softphone.ear import HeardTrack, Sound, Voices, joined, place, sounds_in
from lab.softphone.g711 import over_the_line
from lab.softphone.wav import read_wav, stereo_wav

EVERY = np.arange(-32768, 32768).astype(np.int16)


def tone(seconds: float, hertz: float, rate: int = 8000) -> NDArray[np.int16]:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def test_a_line_knows_255_loudnesses_and_silence_is_one_of_them() -> None:
    heard = over_the_line(EVERY)
    assert len(np.unique(heard)) == 255  # µ-law has a positive and a negative zero
    assert heard[EVERY == 0] == 0
    assert (heard.min(), heard.max()) == (-32124, 32124)


def test_a_line_keeps_order_and_sign() -> None:
    heard = over_the_line(EVERY).astype(int)
    assert np.all(np.diff(heard) >= 0)
    assert np.array_equal(heard[EVERY > 0], -heard[(EVERY < 0) & (EVERY > -32768)][::-1])


def test_a_second_line_changes_nothing_more() -> None:
    once = over_the_line(EVERY)
    assert np.array_equal(over_the_line(once), once)


def test_a_line_errs_by_a_thirtieth_of_loud_samples_and_four_of_quiet_ones() -> None:
    error = np.abs(over_the_line(EVERY).astype(int) - EVERY)
    allowed = np.maximum(4, (np.abs(EVERY.astype(int)) + 132) / 32)
    unclipped = np.abs(EVERY.astype(int)) <= 32635
    assert np.all(error[unclipped] <= allowed[unclipped])


def test_a_sound_goes_from_its_first_audible_sample_to_its_last() -> None:
    samples = np.zeros(8000, np.int16)
    samples[800] = samples[1599] = 1000
    assert sounds_in(samples, 8000) == [Sound(0.1, 0.2)]


def test_a_short_pause_is_part_of_a_sound_and_a_long_one_is_not() -> None:
    samples = np.zeros(16_000, np.int16)
    samples[[0, 1000, 4000]] = -1000
    assert sounds_in(samples, 8000) == [Sound(0.0, 1001 / 8000), Sound(0.5, 4001 / 8000)]


def test_what_is_too_quiet_is_silence() -> None:
    assert sounds_in(np.full(800, 300, np.int16), 8000) == []
    assert sounds_in(np.zeros(0, np.int16), 8000) == []


def test_sounds_are_joined_over_a_pause() -> None:
    sounds = [Sound(0, 1), Sound(1.5, 2), Sound(3, 4)]
    assert joined(sounds, 0.7) == [Sound(0, 2), Sound(3, 4)]
    assert sounds[0] == Sound(0, 1)


def test_a_sound_over_many_frames_is_one_sound() -> None:
    track = HeardTrack(8000)
    whole = np.concatenate((np.zeros(320, np.int16), tone(1.0, 440), np.zeros(320, np.int16)))
    loud = [track.add(frame, 0.02 * (i + 1)) for i, frame in enumerate(np.split(whole, len(whole) // 160))]
    assert (loud[0], loud[10], loud[-1]) == (False, True, False)
    (sound,) = track.sounds
    assert (sound.start, sound.end) == (pytest.approx(0.04, abs=0.001), pytest.approx(1.04, abs=0.001))


def test_frames_that_come_late_do_not_move_what_was_heard() -> None:
    track = HeardTrack(8000)
    frame = np.zeros(160, np.int16)
    for arrived in (7.5, 7.5, 7.06, 7.58):  # the third was on time: the track began at 7.00
        track.add(frame, arrived)
    assert track.began == pytest.approx(7.0)
    assert track.until == pytest.approx(7.08)


def test_sound_that_lies_partly_outside_a_recording_is_cut() -> None:
    onto = np.zeros(4, np.int32)
    place(onto, np.array([1, 2, 3], np.int16), -1)
    place(onto, np.array([10, 20], np.int16), 3)
    place(onto, np.array([5], np.int16), 9)
    assert onto.tolist() == [2, 3, 0, 10]


def test_a_wav_file_is_read_at_the_lines_rate(tmp_path: Path) -> None:
    file = tmp_path / "both.wav"
    file.write_bytes(stereo_wav(tone(0.5, 440, 16_000), tone(0.5, 440, 16_000), 16_000))
    samples = read_wav(file, 8000)
    assert len(samples) == 4000
    assert np.abs(samples[200:-200].astype(int) - tone(0.5, 440)[200:-200]).max() < 60


@pytest.mark.parametrize(("content", "fault"), [(b"", "no WAV file"), (b"RIFF....", "no WAV file")])
def test_what_is_no_wav_file_is_named(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "x.wav"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=fault):
        read_wav(file, 8000)


def test_a_wav_file_of_another_depth_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 1, 8000, 0, "NONE", ""))
        out.writeframes(b"\x80" * 80)
    with pytest.raises(ValueError, match="convert it to 16-bit"):
        read_wav(file, 8000)


def test_two_tracks_that_are_audible_in_turn_are_one_voice_and_at_once_are_two() -> None:
    voices, first, second = Voices(), object(), object()
    for at in (1.01, 1.05, 1.32):
        voices.add(first, at)
    voices.add(second, 2.0)
    assert voices.at_once == 0.0
    voices.add(second, 1.02)
    voices.add(second, 1.38)
    assert voices.at_once == pytest.approx(0.2)
