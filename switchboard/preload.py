"""Imported once in the fork server, before any call: each call's process inherits what stands here.

What stays is imports, and objects that have nothing open: no thread, no socket, nothing that a fork would break.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from importlib import import_module

from livekit import local_inference

import agents
from switchboard.directory import look_up
from switchboard.numbers import parse_number
from switchboard.records import recorder_from
from switchboard.rehearsal import rehearse
from switchboard.speech.models import prepare_models
from switchboard.startup import CannotStart, startup

# What a call imports on its way, and would wait for: some of it only at first use.
for _module in (
    "agent",
    "aiosqlite",
    "phonenumbers.timezone",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "switchboard.database",
    "switchboard.directory.sql",
    "switchboard.records.recorder",
):
    import_module(_module)
for _name in agents.names():
    agents.agent_class(_name)
# A call's process would read and compile the worker's main file again, to find the functions that it is given.
sys.modules["__main__"] = sys.modules["__mp_main__"] = sys.modules["agent"]
local_inference.init_vad()
rehearse()

# The main process has reported any fault already; a call's process would meet it again by itself.
with contextlib.suppress(CannotStart):
    _start = startup()
    _worker, _settings = _start.config.worker, _start.settings
    # The speech of a call that no route gives another; the table of numbers and the place of one.
    for _name in ("phone", "wideband"):
        _profile = _start.config.speech[_name].spoken_in(_worker.language)
        prepare_models(_profile, _worker.language, _settings)
    recorder_from(_settings)  # makes the engine that every call's recorder will use
    parse_number("+14155550101", _worker.region)
    if not _settings.directory_url:
        # Asked once, so that no caller waits for what SQLAlchemy sets up at its first query.
        asyncio.run(look_up(_start.directory, "+14155550101"))
