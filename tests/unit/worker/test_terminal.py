"""What a worker says on a terminal: little, in words, and nothing personal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from switchboard.worker.privacy import keep_log_private
from switchboard.worker.terminal import CALL_ENDED, READY, STOPPING, speak_to_people

logger = logging.getLogger("switchboard")
CALL = {"cause": "caller_hung_up", "reason": "the caller hung up", "record": "1a2b3c4d", "lasted_s": 12.3}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the root logger's only handler writes to."""
    written = StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    looks = [(handler, handler.formatter, handler.filters[:]) for handler in before]
    root.handlers = [logging.StreamHandler(written)]
    root.setLevel(logging.DEBUG)
    monkeypatch.setenv("NO_COLOR", "1")
    yield written
    root.handlers = before
    root.setLevel(level)
    for handler, formatter, filters in looks:  # pytest's own stood among them during the test, and serve others too
        handler.setFormatter(formatter)
        handler.filters[:] = filters


def _said(terminal: StringIO) -> list[str]:
    """What was written, without the times."""
    return [line[10:] if line[2:3] == ":" else line for line in terminal.getvalue().splitlines()]


def test_it_says_that_it_is_ready_a_line_a_call_and_that_it_stops(terminal: StringIO) -> None:
    speak_to_people(logging.INFO)
    logger.info("starting worker")
    logger.info(READY, extra={"routes": 13, "agent": "switchboard", "url": "wss://x.example"})
    logger.info("routed", extra={"route": "bay area"})
    logger.info(CALL_ENDED, extra=CALL | {"route": "bay area", "agent": "front_desk"})
    logger.info(CALL_ENDED, extra=CALL | {"route": "blocked", "reject": "busy", "reason": "refused: busy"})
    logger.info(STOPPING)
    assert _said(terminal) == [
        'ready: 13 routes, agent "switchboard", wss://x.example',
        'call 1a2b3c4d: front_desk, route "bay area", 12 s, the caller hung up',
        'call 1a2b3c4d: nobody, route "blocked", 12 s, refused: busy',
        STOPPING,
    ]


def test_warnings_and_faults_are_shown_with_their_reason_and_numbers_stay_out(terminal: StringIO) -> None:
    speak_to_people(logging.INFO)
    keep_log_private()
    logger.warning("retrying", extra={"error": "401 for +14155550101"})
    try:
        raise ValueError("broken for sip_+14155550101")
    except ValueError:
        logger.exception("the call could not be answered")
    said = _said(terminal)
    assert said[:2] == ["retrying (401 for [private])", "the call could not be answered"]
    assert said[-1] == "ValueError"
    assert "4155550101" not in "".join(said)


def test_a_trace_back_that_a_calls_process_sent_along_is_shown_once(terminal: StringIO) -> None:
    speak_to_people(logging.INFO)
    trace = "Traceback (most recent call last):\nValueError: x"
    record = logging.makeLogRecord({"msg": f"failed\n{trace}", "levelno": logging.ERROR, "exc_text": trace})
    logging.getLogger().handle(record)
    assert _said(terminal) == ["failed", *trace.splitlines()]


def test_colours_tell_well_from_badly_and_debug_shows_everything(
    terminal: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    speak_to_people(logging.DEBUG)
    logger.info("starting worker")
    logger.info(CALL_ENDED, extra=CALL)
    logger.info(CALL_ENDED, extra=CALL | {"cause": "fault"})
    plain, well, badly = terminal.getvalue().splitlines()
    assert plain.endswith("starting worker")
    assert "\x1b[32mcall" in well
    assert "\x1b[31mcall" in badly
