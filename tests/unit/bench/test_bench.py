"""The parts of the benchmark that need no server: speech, what was heard, the recogniser's words, the sums."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench.contenders import OTHERS, before, write_table
from bench.light_phone import AUDIBLE, FRAME, Heard
from bench.processes import cpu_seconds, pss_bytes, tree
from bench.results import Results
from bench.sentences import Sentence, synthetic
from lab.providers.timed_words import TimedWords
from lab.softphone.g711 import RATE
from switchboard.worker.routing_file import load_file
from tests.business import AGENTS, ROOT


def heard(*spans: tuple[float, bool]) -> Heard:
    """Frames for spans of (seconds, audible), from time 0."""
    ends: list[float] = []
    peaks: list[int] = []
    for seconds, audible in spans:
        for _ in range(round(seconds / FRAME)):
            ends.append((ends[-1] if ends else 0.0) + FRAME)
            peaks.append(AUDIBLE if audible else 0)
    return Heard(ends, peaks)


def test_the_first_audible_frame_after_a_moment_is_found() -> None:
    sound = heard((1.0, True), (0.5, False), (1.0, True))
    assert sound.first_audible(1.2) == pytest.approx(1.5 + FRAME)
    assert sound.first_audible(2.6) is None


def test_silence_begins_after_the_last_audible_frame_and_ignores_short_gaps() -> None:
    sound = heard((1.0, True), (0.2, False), (0.5, True), (0.8, False))
    assert sound.silent_since(0.5, gap=0.4) == pytest.approx(1.7)
    assert sound.silent_since(0.5, gap=1.0) is None


def test_a_pause_has_its_length_and_leaves_the_speech_as_it_was() -> None:
    sentence = synthetic()[0]
    samples, first_ends = sentence.paused(0.8)
    quiet = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
    gaps = np.diff(quiet)
    assert gaps.max() / RATE == pytest.approx(0.8, abs=0.005)
    assert quiet[gaps.argmax()] / RATE == pytest.approx(first_ends, abs=0.005)


def test_the_whole_sentence_has_no_full_stop_inside() -> None:
    sentence = Sentence("x", "Please wait.", "for me.", np.zeros(0, np.int16), 0)
    assert sentence.could_end
    assert sentence.text == "Please wait for me."


def test_the_words_of_a_part_are_said_within_its_time() -> None:
    script = TimedWords()
    script.say([("one two", 1.0), ("three", 2.0)], "one two three", "yes")
    assert [word for said, word in script.words if said <= 1.0] == ["one", "two"]
    assert [word for said, word in script.words if said <= 2.0] == ["one", "two", "three"]


def test_a_missed_reply_counts_with_its_time_out() -> None:
    results = Results()
    for value, missed in ((0.5, False), (0.7, False), (6.0, True)):
        results.add("reply", "ours", value, missed=missed)
    summary = results.summary("reply", "ours")
    assert summary is not None
    assert (summary.n, summary.missed, summary.median, summary.most) == (3, 1, 0.7, 6.0)


def test_a_process_tree_costs_time_and_memory() -> None:
    assert os.getpid() in tree(os.getpid())
    assert cpu_seconds(os.getpid()) > 0
    assert pss_bytes(os.getpid()) > 1_000_000


def test_an_earlier_version_is_run_from_its_own_folder(tmp_path: Path) -> None:
    for package in ("agents", "switchboard"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "agent.py").touch()
    contender = before(tmp_path)
    assert contender.folder == tmp_path
    assert contender.variables["PYTHONPATH"] == str(tmp_path)


def test_a_folder_that_would_run_the_present_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"no agent\.py"):
        before(tmp_path)
    (tmp_path / "agent.py").touch()
    with pytest.raises(LookupError, match="is not what its worker would import"):
        before(tmp_path)


def test_the_same_worker_with_other_speech_reads_the_shipped_table_and_no_more_is_changed(tmp_path: Path) -> None:
    shipped = load_file(ROOT / "switchboard.toml", agents=AGENTS)
    silero, realtime = (load_file(write_table(one, tmp_path / one.name), agents=AGENTS) for one in OTHERS)
    assert {profile.vad for profile in silero.speech.values()} == {"silero"}
    assert all(profile.realtime for profile in realtime.speech.values())
    for read in (silero, realtime):
        assert [route.name for route in read.table.routes] == [route.name for route in shipped.table.routes]
