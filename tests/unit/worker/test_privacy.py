"""Personal data stays out of the log."""

from __future__ import annotations

import logging
import pickle
import queue
import sys
from typing import Any

import pytest
from livekit.agents.ipc.log_queue import LogQueueHandler

from switchboard.worker.privacy import PrivacyFilter, PrivateFormatter, masked


def _record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(extra)
    PrivacyFilter().filter(record)
    return record


def test_fields_marked_as_personal_are_removed() -> None:
    record = _record("linked", **{"lk.pii.room_name": "call-_+14155550101_x", "room": "r", "route": "vip"})
    assert "lk.pii.room_name" not in record.__dict__
    assert "room" not in record.__dict__
    assert record.__dict__["route"] == "vip"


def test_numbers_and_sip_identities_in_the_text_are_masked() -> None:
    record = _record("participant '%s' joined %s", "sip_+14155550101", "call-_+14155550101_AbC")
    assert "4155550101" not in record.getMessage()
    assert "[private]" in record.getMessage()


def test_numbers_in_other_fields_are_masked() -> None:
    assert "555" not in str(_record("x", error="no such callee +14155550101").__dict__["error"])


def test_ordinary_messages_pass_unchanged() -> None:
    assert _record("took %d ms", 14155550101).getMessage() == "took 14155550101 ms"


def test_the_ordinary_end_of_a_call_is_no_error() -> None:
    record = logging.LogRecord(
        "livekit", logging.ERROR, __file__, 1, "x - publisher data channel '_lossy' closed unexpectedly", (), None
    )
    assert not PrivacyFilter().filter(record)


def _raised(text: str) -> logging.LogRecord:
    """A record of an exception with these words, raised while another was handled."""
    try:
        try:
            raise LookupError(text)
        except LookupError as fault:
            raise RuntimeError(f"asked for {text}") from fault
    except RuntimeError as fault:
        return logging.LogRecord("test", logging.ERROR, __file__, 1, f"failed: {fault}", (), sys.exc_info())


def _forwarded(record: logging.LogRecord) -> logging.LogRecord:
    """As the worker gets it from a call's process (`livekit/agents/ipc/log_queue.py`)."""
    sent = queue.SimpleQueue[Any]()
    handler: Any = object.__new__(LogQueueHandler)
    logging.Handler.__init__(handler)
    handler._send_q = sent
    handler.emit(record)
    return pickle.loads(sent.get())


def _as_it_is(record: logging.LogRecord) -> logging.LogRecord:
    return record


_WORDS = (
    "no callee +14155550101 named Zebrafinch",
    "no customer Zebrafinch",
    "Error code: 400 - {'error': 'Zebrafinch said\nmy card is 4111'}",
    "4111\n\n  4111 4111",
)


@pytest.mark.parametrize("way", [_as_it_is, _forwarded])
@pytest.mark.parametrize("words", _WORDS)
def test_of_what_was_raised_its_kind_and_its_way_are_said_and_not_its_words(way: Any, words: str) -> None:
    record = way(_raised(words))
    assert PrivacyFilter().filter(record)
    line = PrivateFormatter(logging.Formatter("%(message)s")).format(record)
    assert "Zebrafinch" not in line
    assert "4111" not in line
    assert line.startswith("failed: [private]")
    for kept in ("LookupError", "RuntimeError", "test_privacy.py", "The above exception was the direct cause"):
        assert kept in line


def test_an_object_in_extra_is_masked_where_the_line_is_written() -> None:
    room = "call-_4155550101_AbCdEf"
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "failed", (), None)
    record.__dict__["context"] = {"to": "+14155550101", "room": room}
    inner = logging.Formatter("%(message)s %(context)s")
    assert "4155550101" in inner.format(record)
    assert "4155550101" not in PrivateFormatter(inner).format(record)


@pytest.mark.parametrize("text", ["SCL_7859ee3df8e8", "AJ_5AYsLavEwCG4", "RM_6QFbaDgWwV4q", "2026-11-24T08:20:22.046"])
def test_identifiers_by_which_one_finds_a_call_are_kept(text: str) -> None:
    assert masked(text) == text
