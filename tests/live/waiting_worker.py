"""A worker that registers, takes every job, joins its room and is silent there."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

import aiohttp
from livekit import rtc
from livekit.api import AccessToken, VideoGrants
from livekit.protocol.agent import (
    AvailabilityResponse,
    Job,
    JobAssignment,
    JobType,
    RegisterWorkerRequest,
    ServerMessage,
    WorkerMessage,
    WorkerStatus,
)

from lab.stage.livekit_server import LiveKitServer

_COMES_WITHIN = 10.0  # s


class WaitingWorker:
    """Jobs that it was given wait in `jobs`."""

    def __init__(self, server: LiveKitServer, agent_name: str = "switchboard") -> None:
        self.jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._server = server
        self._rooms: list[rtc.Room] = []
        self._agent_name = agent_name
        self._registered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> WaitingWorker:
        self._task = asyncio.create_task(self._run())
        waiting = asyncio.create_task(self._registered.wait())
        done, _ = await asyncio.wait({self._task, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert waiting in done, f"the worker did not register: {self._task}"
        # The server takes a moment to make a registration known to its rooms.
        await asyncio.sleep(0.3)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        for room in self._rooms:
            await room.disconnect()

    async def _join(self, assignment: JobAssignment) -> None:
        room = rtc.Room()
        await room.connect(self._server.url, assignment.token)
        self._rooms.append(room)

    async def job(self) -> Job:
        """The next job that it is given."""
        return await asyncio.wait_for(self.jobs.get(), _COMES_WITHIN)

    async def _run(self) -> None:
        token = AccessToken(self._server.api_key, self._server.api_secret).with_grants(VideoGrants(agent=True))
        headers = {"Authorization": f"Bearer {token.to_jwt()}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{self._server.url}/agent?protocol=1") as socket,
        ):
            register = RegisterWorkerRequest(
                type=JobType.JT_ROOM, agent_name=self._agent_name, version="1.0", ping_interval=30
            )
            await socket.send_bytes(WorkerMessage(register=register).SerializeToString())
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY:
                    await self._answer(ServerMessage.FromString(message.data), socket)

    async def _answer(self, told: ServerMessage, socket: aiohttp.ClientWebSocketResponse) -> None:
        if told.HasField("register"):
            available = WorkerMessage()
            available.update_worker.status = WorkerStatus.WS_AVAILABLE
            await socket.send_bytes(available.SerializeToString())
            self._registered.set()
        elif told.HasField("availability"):
            identity = f"agent-{told.availability.job.id}"
            answer = AvailabilityResponse(
                job_id=told.availability.job.id, available=True, participant_identity=identity
            )
            await socket.send_bytes(WorkerMessage(availability=answer).SerializeToString())
        elif told.HasField("assignment"):
            await self._join(told.assignment)
            self.jobs.put_nowait(told.assignment.job)
