"""The log as people read it on a terminal: that the worker is ready, a line a call, and what is wrong.

Everywhere else it is JSON, a record a line, with everything in it. Neither has numbers, names or names of rooms.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from typer import style

READY = "ready"
CALL_ENDED = "call ended"
STOPPING = "stopping: no new calls, running calls may finish"

_COLOURS = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}
# Calls that nobody need look at, and those that one should.
_WELL = frozenset({"caller_hung_up", "agent_ended", "refused", "transferred"})
_BADLY = frozenset({"fault", "provider_failed", "network_lost", "process_lost"})


def speak_to_people(level: int) -> None:
    """Make the root logger's handlers write for a terminal; at DEBUG they show every record."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(ForPeople(coloured="NO_COLOR" not in os.environ))
        if level > logging.DEBUG:
            handler.addFilter(_is_for_people)


def is_terminal() -> bool:
    """Whether a person reads what this process writes."""
    return sys.stdout.isatty()


def _is_for_people(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.getMessage() in _LINES


class ForPeople(logging.Formatter):
    """A record as one line; a trace-back follows on its own."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__()
        self._coloured = coloured

    def formatMessage(self, record: logging.LogRecord) -> str:
        # A call's process has put its trace-back into the message as well.
        message = record.message.partition("\nTraceback (most recent call last):")[0]
        text, colour = _LINES.get(message, _plain)(message, record.__dict__)
        at = time.strftime("%H:%M:%S", self.converter(record.created))
        return f"{self._in(at, 'bright_black')}  {self._in(text, colour or _COLOURS.get(record.levelno))}"

    def _in(self, text: str, colour: str | None) -> str:
        return style(text, fg=colour) if self._coloured and colour else text


Line = tuple[str, str | None]  # the text, and its colour


def _plain(message: str, fields: Mapping[str, Any]) -> Line:
    error = fields.get("error")
    return (f"{message} ({error})" if error else message), None


def _ready(_: str, fields: Mapping[str, Any]) -> Line:
    routes = fields.get("routes", 0)
    count = f"{routes:,} route{'' if routes == 1 else 's'}"
    return f'ready: {count}, agent "{fields.get("agent")}", {fields.get("url")}', "green"


def _call_ended(_: str, fields: Mapping[str, Any]) -> Line:
    who = fields.get("agent") or "nobody"
    route = f', route "{route}"' if (route := fields.get("route")) else ""
    cause = fields.get("cause")
    colour = "green" if cause in _WELL else "red" if cause in _BADLY else "yellow"
    text = f"call {fields.get('record')}: {who}{route}, {fields.get('lasted_s', 0):.0f} s, {fields.get('reason')}"
    return text, colour


_LINES: Mapping[str, Callable[[str, Mapping[str, Any]], Line]] = {
    READY: _ready,
    CALL_ENDED: _call_ended,
    STOPPING: _plain,
}
