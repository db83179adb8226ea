"""What calls know of each other's failures."""

from __future__ import annotations

from pathlib import Path

from switchboard.speech.health import Health


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_one_call_finds_out_every_other_knows(tmp_path: Path) -> None:
    clock = Clock()
    one, other = Health(tmp_path / "health", clock), Health(tmp_path / "health", clock)
    assert not other.is_out("a")
    one.failed("a")
    assert other.is_out("a")
    assert not other.is_out("b")
    other.works("a")
    assert not one.is_out("a")


def test_after_a_while_it_is_tried_again_even_where_nobody_looked(tmp_path: Path) -> None:
    clock = Clock()
    health = Health(tmp_path, clock)
    health.failed("a")
    clock.now += 119
    assert health.is_out("a")
    clock.now += 2
    assert not health.is_out("a")


def test_one_at_a_time_looks_whether_it_works_again(tmp_path: Path) -> None:
    clock = Clock()
    one, other = Health(tmp_path, clock), Health(tmp_path, clock)
    assert not one.take_probe("a")  # it never failed
    one.failed("a")
    assert not one.take_probe("a")  # just now
    clock.now += 16
    assert other.take_probe("a")
    assert not one.take_probe("a")


def test_names_of_models_and_keys_are_not_told_by_the_files(tmp_path: Path) -> None:
    Health(tmp_path).failed("openai/gpt\0secret-key")
    (name,) = (path.name for path in tmp_path.iterdir())
    assert set(name) <= set("0123456789abcdef")


def test_where_nothing_can_be_written_a_process_knows_what_it_saw(tmp_path: Path) -> None:
    in_the_way = tmp_path / "health"
    in_the_way.write_text("a file where the folder should be")
    health = Health(in_the_way)
    health.failed("a")
    assert health.is_out("a")
    health.works("a")
    assert not health.is_out("a")
