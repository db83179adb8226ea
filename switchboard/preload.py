"""Imported once in the fork server, before any call: each call's process inherits what stands here.

Imports alone: no thread, no socket, nothing that a fork would break.
"""

from __future__ import annotations

import contextlib
from importlib import import_module

from livekit.agents.llm import ChatMessage
from openai.types.chat import ChatCompletionChunk, ParsedChatCompletion

import agents
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
# Models that are built at first use: in a call that would be the first reply.
for _model in (ChatMessage, ChatCompletionChunk, ParsedChatCompletion[None]):
    _model.model_rebuild()

# The main process has reported any fault already; a call's process would meet it again by itself.
with contextlib.suppress(CannotStart):
    startup()
