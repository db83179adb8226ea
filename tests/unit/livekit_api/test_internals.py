"""What we lean on in livekit-agents without its promise. One test a thing, so that a new version says what broke."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import socket
from types import SimpleNamespace
from typing import Any, cast

import livekit.agents
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentServer
from livekit.agents import worker as agent_worker
from livekit.agents.cli.log import setup_logging
from livekit.agents.ipc import job_proc_lazy_main, proc_client
from livekit.agents.ipc.proc_pool import ProcPool
from livekit.agents.job import JobContext, RunningJobInfo
from livekit.agents.utils import EventEmitter
from livekit.agents.utils.aio import duplex_unix
from livekit.agents.voice import agent_activity, agent_session, generation
from livekit.agents.voice.room_io import _output, _pre_connect_audio, room_io  # pyright: ignore[reportPrivateUsage]

from switchboard.livekit_api import internals
from switchboard.livekit_api.internals import (
    READ_IN,
    TOOL_RAISED,
    LostJob,
    dispatch_times,
    is_connected,
    keeps_recogniser,
    on_job_lost,
    replace_source,
    worker_is_gone,
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


def test_a_server_still_has_a_pool_that_tells_of_the_end_of_every_process() -> None:
    monitor = inspect.getsource(ProcPool._monitor_process_task)  # pyright: ignore[reportPrivateUsage]
    assert 'self.emit("process_closed", proc)' in monitor
    assert "self._proc_pool = ipc.proc_pool.ProcPool(" in inspect.getsource(AgentServer.run)


def test_all_that_a_session_says_in_a_room_still_goes_through_one_source_that_is_asked_for_anew() -> None:
    source = inspect.getsource(_output._ParticipantAudioOutput)  # pyright: ignore[reportPrivateUsage]
    assert source.count("self._audio_source = rtc.AudioSource(") == source.count("self._audio_source =") == 1
    assert source.count("self._audio_source.capture_frame(") == 1
    assert source.count(".capture_frame(") == 2  # and its base's
    output = SimpleNamespace(_audio_source="source")
    session: Any = SimpleNamespace(_room_io=SimpleNamespace(_audio_output=output))
    replace_source(session, lambda source: [source])
    assert output._audio_source == ["source"]
    replace_source(cast("Any", SimpleNamespace(_room_io=None)), lambda source: source)  # no room: nothing to replace
    assert "self._room_io:" in inspect.getsource(agent_session)
    assert "self._audio_output:" in inspect.getsource(room_io)


async def test_a_call_s_process_still_sees_that_its_worker_has_died() -> None:
    ours, workers = socket.socketpair()
    ipc: Any = SimpleNamespace(**{**vars(proc_client), **vars(job_proc_lazy_main), **vars(duplex_unix)})
    client = ipc._ProcClient(ours, None, None, None)
    client._acch = pipe = await ipc._AsyncDuplex.open(ours)
    ctx: Any = JobContext.__new__(JobContext)
    ctx._inf_executor = ipc._InfClient(client)
    assert not worker_is_gone(ctx)
    workers.close()
    with pytest.raises(ipc.DuplexClosed):
        await pipe.recv_bytes()
    assert worker_is_gone(ctx)
    await pipe.aclose()


@pytest.mark.parametrize(
    ("exit_code", "has_job", "is_lost"),
    [
        pytest.param(-9, True, True, id="killed"),
        pytest.param(1, True, True, id="failed"),
        pytest.param(0, True, False, id="ended"),
        pytest.param(-9, False, False, id="idle"),
    ],
)
def test_a_job_is_lost_when_its_process_did_not_end_by_itself(exit_code: int, has_job: bool, is_lost: bool) -> None:
    server: Any = AgentServer()
    server._proc_pool = EventEmitter[str]()
    lost: list[LostJob] = []
    on_job_lost(server, lost.append)
    job: Any = object()
    info = SimpleNamespace(job=job, accept_arguments=SimpleNamespace(identity="agent-AJ_1"))
    process = SimpleNamespace(running_job=info if has_job else None, exitcode=exit_code)
    server._proc_pool.emit("process_closed", process)
    assert lost == ([LostJob(job, "agent-AJ_1")] if is_lost else [])


def test_a_session_still_writes_to_all_and_takes_sound_from_all_unless_it_is_kept_from_it() -> None:
    """Else `text_only_between` would do nothing: what it puts in the place of three methods must be what is called."""
    output, ahead = inspect.getsource(_output), inspect.getsource(_pre_connect_audio)
    assert output.count("self._room.local_participant.stream_text(") == 1
    assert output.count("self._room.local_participant.publish_transcription(") == 1
    assert "destination_identities" not in output
    assert ahead.count("self._room.register_byte_stream_handler(") == 1
    assert list(inspect.signature(rtc.Room.register_byte_stream_handler).parameters) == ["self", "topic", "handler"]
