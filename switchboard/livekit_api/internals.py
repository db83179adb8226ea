"""Everything of ours that leans on parts of livekit-agents that it does not promise to keep. Read in version 1.8.9.

`pyproject.toml` holds livekit-agents below 1.9. Before widening that, run `tests/unit/livekit_api/test_internals.py`:
it names what is no longer as it is described here.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # importing it takes a second, and the fork server is started before that
    from livekit import rtc
    from livekit.agents import Agent, AgentServer, AgentSession, JobContext
    from livekit.api import LiveKitAPI
    from livekit.protocol.agent import Job
    from livekit.protocol.room import PerformRpcRequest

READ_IN = "1.8.9"

TOOL_RAISED = "exception occurred while executing tool"
_log_of_agents = logging.getLogger("livekit.agents")

# livekit-agents names these two itself when it comes to start a fork server (`worker.py`), and finds ours.
_ITS_OWN_PRELOAD = ("livekit.agents.ipc._preload", "livekit.agents.ipc._preload_freeze")


def start_fork_server(preload: Sequence[str]) -> None:
    """Start the fork server that calls' processes come from, with `preload` imported, unless it runs.

    livekit-agents would start it later, and one after the other takes twice as long. Does nothing where calls are not
    forked (macOS, Windows).
    """
    # We do not use the end-of-turn model that it would load into the fork server (`ipc/_preload.py`, 243 MB).
    os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")
    # A watchdog (`telemetry/loop_monitor.py`) that wakes every process 50 times a second: a tenth of a call's CPU time.
    os.environ.setdefault("LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS", "0")
    if sys.platform.startswith("linux"):
        multiprocessing.get_context("forkserver").set_forkserver_preload([*preload, *_ITS_OWN_PRELOAD])
        # Ctrl-C reaches every process of a terminal: it is ignored while this loads, as later (`forkserver.main`).
        asked = signal.signal(signal.SIGINT, signal.SIG_IGN)
        multiprocessing.forkserver.ensure_running()
        signal.signal(signal.SIGINT, asked)


def end_fork_server() -> None:
    """End what `start_fork_server` started, at once: it would go on loading for nobody, and fail loudly at the end."""
    server = cast("Any", multiprocessing.forkserver)._forkserver  # Python's own, which has no way to end it either
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def is_connected(server: AgentServer) -> bool:
    """Whether a server that has registered is so still: it tells when it registers, and never when it is lost.

    `worker.py`, `_connection_task`: one flag while it connects anew, one when it has given up.
    """
    return not (server._connecting or server._connection_failed)  # pyright: ignore[reportPrivateUsage]


def be_main(module: str) -> None:
    """In the fork server: `module` stands in for the main file, which calls' processes would read and compile again.

    multiprocessing (`spawn._fixup_main_from_path`) looks for functions that it is given in `__mp_main__`.
    """
    sys.modules["__main__"] = sys.modules["__mp_main__"] = sys.modules[module]


def set_up_log(level: str) -> None:
    """The log of livekit-agents' own command line, as JSON: one record a line."""
    from livekit.agents.cli.log import setup_logging

    setup_logging(level, devmode=False, console=False)


def keeps_recogniser(agent: type[Agent]) -> bool:
    """Whether livekit-agents keeps the recogniser's connection over a hand-over to `agent`.

    It does where no class overrides `stt_node` (`voice/agent_activity.py`); an override on the instance is not seen.
    """
    from livekit.agents import Agent

    return agent.stt_node is Agent.stt_node


def dispatch_times(ctx: JobContext) -> tuple[float, float, float, float]:
    """When this job was offered, accepted, assigned and handed to its process: Unix seconds, 0.0 where unknown."""
    info = ctx._info  # pyright: ignore[reportPrivateUsage] - `RunningJobInfo` has no other way out
    return info.received_at, info.accepted_at, info.assigned_at, info.launched_at


def worker_is_gone(ctx: JobContext) -> bool:
    """In a call's process: whether the worker that started it has died.

    Its end of the process's pipe is closed then (`ipc/proc_client.py`), and livekit-agents cancels whatever runs.
    """
    client: Any = getattr(ctx.inference_executor, "_client", None)
    return client is not None and client._acch._reader.at_eof()


def text_only_between(room: rtc.Room, identity: str) -> None:
    """What livekit-agents writes into `room` (a browser's transcript) goes to `identity` alone, and what it takes from
    there (sound from before it was in the room) comes from them alone: it asks for neither (`voice/room_io`)."""
    me: Any = room.local_participant
    anyroom: Any = room
    stream_text, publish_transcription = me.stream_text, me.publish_transcription
    register = room.register_byte_stream_handler

    def stream_to_them(**options: Any) -> Any:
        return stream_text(**options | {"destination_identities": [identity]})

    async def publish_to_them(transcription: Any) -> None:
        # For browsers of old. It goes to all, so to nobody while there are others.
        if room.remote_participants.keys() <= {identity}:
            await publish_transcription(transcription)

    def register_for_them(topic: str, handler: Callable[..., None]) -> None:
        register(topic, lambda reader, sender: handler(reader, sender) if sender == identity else None)

    me.stream_text, me.publish_transcription = stream_to_them, publish_to_them
    anyroom.register_byte_stream_handler = register_for_them


async def perform_rpc(api: LiveKitAPI, request: PerformRpcRequest) -> str:
    """Call a participant's RPC method through livekit-server: its answer. Raises ServerError.

    livekit-api 1.x has the messages and not the method.
    """
    from livekit.api import VideoGrants
    from livekit.protocol.room import PerformRpcResponse

    service: Any = api.room
    header = service._auth_header(VideoGrants(room_admin=True, room=request.room))
    response = await service._client.request("RoomService", "PerformRpc", request, header, PerformRpcResponse)
    return str(response.payload)


@dataclass(frozen=True, slots=True)
class LostJob:
    """A job whose process died. `identity` is that of its agent in the room, where it is still listed for 20 s."""

    job: Job
    identity: str


def on_job_lost(server: AgentServer, lost: Callable[[LostJob], None]) -> None:
    """Call `lost` within some 10 ms of the death of any job's process that did not end by itself.

    For a `server` that has registered: its pool of processes is made as it starts (`worker.py`, `run`). The pool tells
    of every process that has ended (`ipc/proc_pool.py`).
    """

    def on_closed(process: Any) -> None:
        info = process.running_job
        if info is not None and process.exitcode:
            lost(LostJob(info.job, info.accept_arguments.identity))

    server._proc_pool.on("process_closed", on_closed)  # pyright: ignore[reportPrivateUsage]


def replace_source(session: AgentSession[Any], by: Callable[[rtc.AudioSource], Any]) -> None:
    """Let what `session` says in its room go through what `by` makes of its audio source.

    It has one, and asks for it with every frame (`voice/room_io/_output.py`). Its queue, half-played sentences in it,
    lies before that: no output of ours in the chain could stop what has been given to it.
    """
    room_io = session._room_io  # pyright: ignore[reportPrivateUsage]
    output = room_io and room_io._audio_output  # pyright: ignore[reportPrivateUsage]
    if output:
        output._audio_source = by(output._audio_source)  # pyright: ignore[reportPrivateUsage]


class ToolFaults(logging.Handler):
    """What tools raised. livekit-agents tells the model "An internal error occurred", and the rest to its log alone
    (`voice/generation.py`). Listens from when it is made until `close`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._raised: defaultdict[str, deque[BaseException]] = defaultdict(deque)
        _log_of_agents.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, in whatever task the tool ran."""
        if record.msg == TOOL_RAISED and record.exc_info and record.exc_info[1]:
            self._raised[str(getattr(record, "function", ""))].append(record.exc_info[1])

    def take(self, tool: str) -> BaseException | None:
        """What the last call of `tool` raised that has not been taken yet; None for a tool that only refused."""
        raised = self._raised[tool]
        return raised.popleft() if raised else None

    def close(self) -> None:
        """Listen no more."""
        _log_of_agents.removeHandler(self)
        super().close()
