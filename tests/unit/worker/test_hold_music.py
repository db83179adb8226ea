"""What callers hear while they wait."""

from __future__ import annotations

import wave
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from switchboard.worker.overflow.attendant import RATE
from switchboard.worker.overflow.hold_music import HoldMusic, own_loop


def test_our_own_music_is_soft_and_never_silent_and_its_end_meets_its_beginning() -> None:
    sound = np.frombuffer(own_loop(), "<i2").astype(int)
    assert 3000 < np.abs(sound).max() < 8000
    tenths = np.abs(sound[: len(sound) // (RATE // 10) * (RATE // 10)]).reshape(-1, RATE // 10).max(axis=1)
    assert tenths.min() > 300
    assert abs(sound[0] - sound[-1]) <= np.abs(np.diff(sound)).max()


async def test_a_file_is_played_whole_and_again_at_any_rate_and_number_of_channels(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "hold.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes((1000 * np.ones(2 * 44_100 * 6, "<i2")).tobytes())
    music = await HoldMusic.load(str(tmp_path / "hold.wav"))
    first, second, third = islice(music.pieces(), 3)
    assert len(first) == 4 * RATE * 2
    assert len(first) + len(second) == pytest.approx(6 * RATE * 2, rel=0.02)
    assert third == first
    assert np.frombuffer(first, "<i2")[RATE] == pytest.approx(1000, abs=20)


async def test_a_file_that_is_no_music_is_a_warning_and_ours_is_played(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hold.opus").write_text("no music")
    music = await HoldMusic.load(str(tmp_path / "hold.opus"))
    assert b"".join(islice(music.pieces(), 2)) == own_loop()
    assert "music cannot be read" in caplog.text
