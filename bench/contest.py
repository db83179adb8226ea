"""The stage: one livekit-server, one set of stand-in providers, the contenders, and calls on it one by one."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from livekit import api

from bench.caller import Caller, LiveKit
from bench.contenders import Contender, Running, start
from bench.processes import cpu_seconds
from bench.providers import Providers
from lab.stage.livekit_server import LiveKitServer

ANSWERS_WITHIN = 15.0  # s
TRIES = 3
_LOAD_REPORTED_EVERY = 2.5  # s, by livekit-agents to livekit-server
_QUIET_SHARE = 0.06  # of one core, all contenders together
_QUIET_WINDOW = 0.4  # s
_QUIET_WITHIN = 12.0  # s


class NotAnswered(Exception):
    """A call that rang out."""


class Stage:
    """Everything that a measurement needs. `contend` starts contenders, `call` calls one of them."""

    def __init__(self, livekit: LiveKit, providers: Providers, folder: Path) -> None:
        self.livekit = livekit
        self.providers = providers
        self.running: list[Running] = []
        self._folder = folder
        self._api = api.LiveKitAPI(livekit.url, livekit.key, livekit.secret)

    @asynccontextmanager
    async def contend(self, contenders: Iterable[Contender]) -> AsyncGenerator[list[Running]]:
        """Start `contenders` one after the other, give each a call that is not counted, end them afterwards."""
        try:
            for contender in contenders:
                self.running.append(await start(contender, self.livekit, self.providers.environment, self._folder))
            for one in self.running:
                async with self.call(one, tries=TRIES) as caller:
                    await caller.hears_agent(caller.answered_at, 5.0)
            yield self.running
        finally:
            while self.running:
                await self.running.pop().stop()

    @asynccontextmanager
    async def call(self, running: Running, *, wait: bool = True, tries: int = 1) -> AsyncGenerator[Caller]:
        """A call that `running` answers. Raises NotAnswered. Hung up, and its room deleted, at the end.

        `wait` lets what went before settle first (job processes that are started or end). Where the conversation
        is measured and not the answer, a call that rings out is tried again: a worker that thinks the machine too
        busy says so seconds late.
        """
        if wait:
            await self.quiet()
        for left in reversed(range(tries)):
            caller = Caller(self.livekit, f"bench-{running.name}-{secrets.token_hex(4)}")
            try:
                await asyncio.gather(caller.join(running.agent_name), running.tell(caller.room_name))
                with suppress(TimeoutError):
                    await asyncio.wait_for(caller.answered.wait(), ANSWERS_WITHIN)
                if caller.answered.is_set():
                    yield caller
                    return
            finally:
                await caller.hang_up()
                await self._delete(caller.room_name)
            if left:
                await self.takes_calls(running)
        raise NotAnswered(f"{running.name} did not answer within {ANSWERS_WITHIN} s")

    async def quiet(self) -> None:
        """Wait until the contenders are idle, so that one call's clearing up is not in the next one's figures."""
        deadline = time.perf_counter() + _QUIET_WITHIN
        before = self._cpu()
        while time.perf_counter() < deadline:
            await asyncio.sleep(_QUIET_WINDOW)
            now = self._cpu()
            if now - before < _QUIET_SHARE * _QUIET_WINDOW and all(one.takes_calls() for one in self.running):
                return
            before = now

    def servers_cpu_seconds(self) -> float:
        """CPU time of livekit-server and the stand-in providers, which are our children beside the contenders."""
        return cpu_seconds(os.getpid()) - self._cpu() - own_cpu_seconds()

    async def aclose(self) -> None:
        await self._api.aclose()  # type: ignore[no-untyped-call]  # livekit-api has no annotation here

    async def takes_calls(self, running: Running) -> None:
        """Wait, while other calls go on, until `running` does not think the machine too busy for another."""
        deadline = time.perf_counter() + _QUIET_WITHIN
        while time.perf_counter() < deadline:
            await asyncio.sleep(_LOAD_REPORTED_EVERY)
            if running.takes_calls():
                return

    def _cpu(self) -> float:
        return sum(running.cpu_seconds() for running in self.running)

    async def _delete(self, room: str) -> None:
        try:
            await self._api.room.delete_room(api.DeleteRoomRequest(room=room))
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise


@asynccontextmanager
async def set_up() -> AsyncGenerator[Stage]:
    """Start livekit-server and the providers; end them afterwards."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-bench-")))
        server = await stack.enter_async_context(LiveKitServer())
        providers = await stack.enter_async_context(Providers())
        stage = Stage(LiveKit(server.url, server.api_key, server.api_secret), providers, folder)
        stack.push_async_callback(stage.aclose)
        yield stage


def own_cpu_seconds() -> float:
    """The load generator's own CPU time, its native threads included, without its children."""
    times = os.times()
    return times.user + times.system
