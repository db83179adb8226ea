"""Imported once in the fork server, before any call: each call's process inherits what stands here.

Imports alone: no thread, no socket, nothing that a fork would break.
"""

from __future__ import annotations

import contextlib

import phonenumbers.timezone  # noqa: F401

import agents
from switchboard.startup import CannotStart, startup

for _name in agents.names():
    agents.agent_class(_name)

# The main process has reported any fault already; a call's process would meet it again by itself.
with contextlib.suppress(CannotStart):
    startup()
