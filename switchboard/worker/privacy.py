"""What the log may say: no numbers, names, transcripts or room names, no words of exceptions, and no false alarms.

livekit-agents marks what is personal with a `pii` segment in the field's name (`lk.pii.room_name`); we do the same.
A few of its messages carry an identity or a room in the text, and identities carry the number: those are masked.
"""

from __future__ import annotations

import logging
import re

_NUMBER = re.compile(r"(?:sip_)?\+\d{6,15}")
_IDENTITY = re.compile(r"\bsip_[\w+]+")
# An individual rule's room: its prefix, the caller's number (of a hidden one the last digits), something random.
_ROOM = re.compile(r"\b[A-Za-z][\w-]*_\+?\d{4,15}_\w+")
# Fields of livekit's log records that hold rooms, identities or what was said, without the mark.
_PERSONAL = frozenset({"room", "room_name", "participant", "participant_identity", "identity", "user_transcript"})
_MASK = "[private]"
# The last line of a traceback: what was raised, and in what words.
_RAISED = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?$")
_SHORT = 3  # characters: no more of an exception's words can be looked for in a message
# What livekit's media library calls an error at the ordinary end of every call.
_FALSE_ALARM = re.compile(r"publisher data channel '\w+' closed unexpectedly|Attempted to drop unknown FFI handle")


class PrivacyFilter(logging.Filter):
    """Removes personal fields from a record, masks numbers in its text, drops false alarms. Attach it to handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        _hush(record)
        for name in [name for name in record.__dict__ if name in _PERSONAL or "pii" in name.split(".")]:
            del record.__dict__[name]
        for name, value in record.__dict__.items():
            if isinstance(value, str) and name != "msg" and _NUMBER.search(value):
                record.__dict__[name] = masked(value)
        text = record.getMessage()
        if _FALSE_ALARM.search(text):
            return False
        hidden = masked(text)
        if hidden != text:
            record.msg, record.args = hidden, None
        return True


def _hush(record: logging.LogRecord) -> None:
    """Of what was raised its kind and its way through the code, not its words: a provider's answer quotes what was
    asked, and a tool's may name the customer. The record of the call has what its tools raised."""
    if record.exc_info and record.exc_info[0]:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    if not record.exc_text:
        return
    kept, words = _without_words(record.exc_text)
    text = record.getMessage().replace(record.exc_text, kept)  # a call's process has put it there
    for word in words:
        text = text.replace(word, _MASK)
    record.msg, record.args = text, None
    record.exc_text, record.exc_info = kept, None


def _without_words(trace: str) -> tuple[str, list[str]]:
    """A traceback without the texts of its exceptions, and these."""
    kept: list[str] = []
    words: list[str] = []
    is_frame = False
    for line in trace.splitlines():
        if line.startswith(("Traceback (", "During handling", "The above exception")) or not line:
            is_frame = False
        elif line.startswith("  File "):
            is_frame = True
        elif not (is_frame and line.startswith("    ")):
            kind = _RAISED.match(line) if is_frame or not kept else None
            is_frame = False
            words.append(((kind[2] or "") if kind else line).strip())
            line = kind[1] if kind else ""
        if line:
            kept.append(line)
    return "\n".join(kept), sorted((word for word in words if len(word) > _SHORT), key=len, reverse=True)


class PrivateFormatter(logging.Formatter):
    """Masks what another formatter has written, so that exceptions and objects in `extra` are masked as well."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return masked(self._inner.format(record))


def masked(text: str) -> str:
    """`text` without telephone numbers, SIP identities and the rooms of dispatch rules."""
    return _IDENTITY.sub(_MASK, _NUMBER.sub(_MASK, _ROOM.sub(_MASK, text)))


def keep_log_private() -> None:
    """Filter what every handler of the root logger gets, and mask what it writes."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(PrivacyFilter())
        handler.setFormatter(PrivateFormatter(handler.formatter or logging.Formatter()))
