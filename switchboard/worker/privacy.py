"""What the log may say: no numbers, names, transcripts or room names, and no false alarms.

livekit-agents marks what is personal with a `pii` segment in the field's name (`lk.pii.room_name`); we do the same.
A few of its messages carry an identity or a room in the text, and identities carry the number: those are masked.
"""

from __future__ import annotations

import logging
import re

_NUMBER = re.compile(r"(?:sip_)?\+\d{6,15}")
_IDENTITY = re.compile(r"\bsip_[\w+]+")
# Fields of livekit's log records that hold rooms, identities or what was said, without the mark.
_PERSONAL = frozenset({"room", "room_name", "participant", "participant_identity", "identity", "user_transcript"})
_MASK = "[private]"
# What livekit's media library calls an error at the ordinary end of every call.
_FALSE_ALARM = re.compile(r"publisher data channel '\w+' closed unexpectedly|Attempted to drop unknown FFI handle")


class PrivacyFilter(logging.Filter):
    """Removes personal fields from a record, masks numbers in its text, drops false alarms. Attach it to handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
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


def masked(text: str) -> str:
    """`text` without telephone numbers and SIP identities."""
    return _IDENTITY.sub(_MASK, _NUMBER.sub(_MASK, text))


def keep_log_private() -> None:
    """Attach the filter to every handler of the root logger."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(PrivacyFilter())
