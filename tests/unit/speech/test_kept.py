"""Sounds on disk: what is thrown away, and that several processes may do so at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from livekit import rtc

from switchboard.speech.kept import KeptSound, Limits

FRAME = rtc.AudioFrame(bytes(2000), 8000, 1, 1000)
SIZE = 2044  # bytes of a file with that frame
DAY = 86_400.0


def _keep(folder: Path, name: str, limits: Limits, age_s: float = 0.0) -> KeptSound:
    sound = KeptSound(folder / f"{name}.wav", limits)
    sound.write([FRAME])
    if age_s:
        then = time.time() - age_s
        os.utime(sound.file, (then, then))
    return sound


@pytest.mark.parametrize(
    "limits",
    [Limits(files=2), Limits(size=2 * SIZE), Limits(unused_s=2.5 * DAY)],
    ids=["files", "bytes", "days"],
)
def test_what_nobody_has_heard_for_longest_is_thrown_away_first(tmp_path: Path, limits: Limits) -> None:
    _keep(tmp_path, "oldest", Limits(), age_s=3 * DAY)
    heard_again = _keep(tmp_path, "heard again", Limits(), age_s=4 * DAY)
    assert heard_again.read()
    _keep(tmp_path, "new", limits)
    assert sorted(file.stem for file in tmp_path.iterdir()) == ["heard again", "new"]


def test_what_another_process_left_half_written_goes_with_its_age(tmp_path: Path) -> None:
    left = tmp_path / "tmpabc"
    left.write_bytes(b"RIFF")
    os.utime(left, (0, 0))
    _keep(tmp_path, "new", Limits())
    assert [file.name for file in tmp_path.iterdir()] == ["new.wav"]


def test_what_is_kept_is_read_as_it_was(tmp_path: Path) -> None:
    frames = _keep(tmp_path, "new", Limits()).read()
    assert b"".join(bytes(frame.data) for frame in frames) == bytes(FRAME.data)
    assert {(frame.sample_rate, frame.num_channels) for frame in frames} == {(8000, 1)}
