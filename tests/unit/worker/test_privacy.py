"""Personal data stays out of the log."""

from __future__ import annotations

import logging
import sys

import pytest

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


def test_an_exception_and_an_object_in_extra_are_masked_where_the_line_is_written() -> None:
    room = "call-_4155550101_AbCdEf"
    try:
        raise LookupError(f"no callee +14155550101 in {room}")
    except LookupError:
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    record.__dict__["context"] = {"to": "+14155550101", "room": room}
    inner = logging.Formatter("%(message)s %(context)s")
    line = PrivateFormatter(inner).format(record)
    assert "4155550101" in inner.format(record)
    assert "LookupError: no callee [private] in [private]" in line
    assert "4155550101" not in line


@pytest.mark.parametrize("text", ["SCL_7859ee3df8e8", "AJ_5AYsLavEwCG4", "RM_6QFbaDgWwV4q", "2026-11-24T08:20:22.046"])
def test_identifiers_by_which_one_finds_a_call_are_kept(text: str) -> None:
    assert masked(text) == text
