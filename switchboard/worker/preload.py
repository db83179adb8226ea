"""Imported once in the fork server, before any call: each call's process inherits what stands here.

What stays is imports, and objects that have nothing open: no thread, no socket, nothing that a fork would break.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from livekit import local_inference

from switchboard.call.numbers import parse_number
from switchboard.directory.look_up import look_up
from switchboard.livekit_api.internals import be_main
from switchboard.talk.mcp_connection import CLIENT
from switchboard.worker.bootstrap import CannotStart, Services, bootstrap
from switchboard.worker.launch import BUSINESS
from switchboard.worker.rehearsal import rehearse

# What a call imports on its way, and would wait for: some of it only at first use.
for _module in (
    "aiosqlite",
    "phonenumbers.timezone",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "switchboard.directory.sql",
    "switchboard.records.recorder",
):
    import_module(_module)
# The fork server looks for modules where Python does by itself, and the business may be elsewhere.
_business = Path(os.environ[BUSINESS])
sys.path.insert(0, str(_business))
import_module("agent")
be_main("agent")
local_inference.init_vad()
rehearse()


def _prepare(business: Path) -> Services | None:
    """What calls need, made as far as that goes without one."""
    try:
        services = bootstrap(business)
    except CannotStart:
        return None  # the main process has reported it already; a call's process would meet it again by itself
    file = services.tables.current
    for name in services.roster.names():
        services.roster.agent_class(name)
    if any(options.mcp for options in file.agents.values()):
        import_module(CLIENT)  # 22 MB, and seconds of a call's time
        import_module("jsonschema.validators")  # the client's, at the first answer that has a schema: a seventh of one
    # The speech of a call that no route gives another; the table of numbers and the place of one.
    with suppress(Exception):  # a plug-in that cannot be made: the main process tells it, and does not start
        for name in ("phone", "wideband"):
            services.models.prepare(file.speech[name].spoken_in(file.worker.language), file.worker.language)
    for profile in file.speech.values():
        services.models.prepare_detectors(profile)
    parse_number("+14155550101", file.worker.region)
    if not services.settings.directory_url:
        # Asked once, so that no caller waits for what SQLAlchemy sets up at its first query.
        asyncio.run(look_up(services.directory, "+14155550101"))
    return services


services = _prepare(_business)
