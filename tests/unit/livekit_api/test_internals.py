"""What we lean on in livekit-agents without its promise. One test a thing, so that a new version says what broke."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import Any

import livekit.agents
import pytest
from livekit.agents import Agent, AgentServer
from livekit.agents import worker as agent_worker
from livekit.agents.cli.log import setup_logging
from livekit.agents.job import JobContext, RunningJobInfo
from livekit.agents.voice import agent_activity, generation

from switchboard.livekit_api import internals
from switchboard.livekit_api.internals import (
    READ_IN,
    TOOL_RAISED,
    dispatch_times,
    is_connected,
    keeps_recogniser,
)


def test_it_is_the_version_whose_parts_were_read() -> None:
    ours, theirs = (version.split(".")[:2] for version in (READ_IN, livekit.agents.__version__))
    assert ours == theirs, f"read livekit-agents {livekit.agents.__version__} again, then set READ_IN"


@pytest.mark.parametrize("module", internals._ITS_OWN_PRELOAD)  # pyright: ignore[reportPrivateUsage]
def test_the_modules_that_it_preloads_are_still_there_and_its_own_choice(module: str) -> None:
    importlib.import_module(module)
    assert module in inspect.getsource(agent_worker)


@pytest.mark.parametrize(
    ("module", "variable"),
    [
        ("livekit.agents.ipc._preload", "LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE"),
        ("livekit.agents.telemetry.loop_monitor", "LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS"),
    ],
)
def test_the_variables_that_switch_off_what_we_do_not_use_are_still_read(module: str, variable: str) -> None:
    assert variable in inspect.getsource(importlib.import_module(module))


def test_its_log_can_still_be_set_up_without_its_command_line() -> None:
    assert {"devmode", "console"} <= inspect.signature(setup_logging).parameters.keys()


def test_it_still_keeps_the_recogniser_only_for_classes_that_do_not_override_its_node() -> None:
    class Own(Agent):
        async def stt_node(self, audio: Any, model_settings: Any) -> Any:
            raise NotImplementedError

    assert "stt_node is Agent.stt_node" in inspect.getsource(agent_activity)
    assert keeps_recogniser(Agent)
    assert not keeps_recogniser(Own)


def test_it_still_logs_what_a_tool_raised_as_we_look_for_it() -> None:
    assert f'logger.exception(\n                                "{TOOL_RAISED}"' in inspect.getsource(generation)
    assert generation.__dict__["logger"].name == "livekit.agents"


def test_a_job_still_knows_when_it_was_dispatched() -> None:
    times = ("received_at", "accepted_at", "assigned_at", "launched_at")
    assert set(times) <= {field.name for field in dataclasses.fields(RunningJobInfo)}
    info = RunningJobInfo(None, None, "", "", "", False, 1.0, 2.0, 3.0, 4.0)  # type: ignore[arg-type]
    ctx = JobContext.__new__(JobContext)
    ctx._info = info  # pyright: ignore[reportPrivateUsage]
    assert dispatch_times(ctx) == (1.0, 2.0, 3.0, 4.0)


def test_a_server_still_shows_whether_it_is_connected() -> None:
    server: Any = AgentServer()
    assert (server._connecting, server._connection_failed) == (False, False)
    assert is_connected(server)
    source = inspect.getsource(AgentServer._connection_task)  # pyright: ignore[reportPrivateUsage]
    # Set before each attempt, taken back when the server has answered.
    assert source.index("self._connecting = True") < source.index("_handle_register") < source.index("= False")
    assert "self._connection_failed = True" in source
