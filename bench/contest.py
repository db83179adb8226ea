"""The contest: the contenders on one stage, and calls to them one by one."""

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

from bench.contenders import Contender, Running
from bench.light_phone import LightPhone
from bench.processes import cpu_seconds
from bench.providers import Providers
from lab.stage.stage import Stage

ANSWERS_WITHIN = 15.0  # s
TRIES = 3
_LOAD_REPORTED_EVERY = 2.5  # s, by livekit-agents to livekit-server
_QUIET_SHARE = 0.06  # of one core, all contenders together
_QUIET_WINDOW = 0.4  # s
_QUIET_WITHIN = 12.0  # s


class NotAnswered(Exception):
    """A call that rang out."""


class Contest(Stage[Providers]):
    """Everything that a measurement needs. `contend` starts contenders, `call` calls one of them.

    `folder` takes what contenders write.
    """

    _api: api.LiveKitAPI

    def __init__(self, folder: Path) -> None:
        super().__init__(Providers())
        self.running: list[Running] = []
        self.folder = folder

    async def set_up(self) -> None:
        await super().set_up()
        livekit = self.livekit
        self._api = await self.bring_up(api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret))

    @asynccontextmanager
    async def contend(self, contenders: Iterable[Contender]) -> AsyncGenerator[list[Running]]:
        """Start `contenders` one after the other, give each a call that is not counted, end them afterwards."""
        async with AsyncExitStack() as stack:
            stack.callback(self.running.clear)
            for contender in contenders:
                running = Running(contender, self.livekit, self.environment, self.folder)
                self.running.append(await stack.enter_async_context(running))
            for one in self.running:
                async with self.call(one, tries=TRIES) as caller:
                    await caller.hears_agent(caller.answered_at, 5.0)
            yield self.running

    @asynccontextmanager
    async def call(self, running: Running, *, wait: bool = True, tries: int = 1) -> AsyncGenerator[LightPhone]:
        """A call that `running` answers. Raises NotAnswered. Hung up, and its room deleted, at the end.

        `wait` lets what went before settle first (job processes that are started or end). Where the conversation
        is measured and not the answer, a call that rings out is tried again: a worker that thinks the machine too
        busy says so seconds late.
        """
        if wait:
            await self.quiet()
        for left in reversed(range(tries)):
            caller = LightPhone(self.livekit, f"bench-{running.name}-{secrets.token_hex(4)}")
            try:
                await asyncio.gather(caller.join(running.agent_name), running.send_into(caller.room_name))
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

    async def takes_calls(self, running: Running) -> None:
        """Wait, while other calls go on, until `running` does not think the machine too busy for another."""
        deadline = time.perf_counter() + _QUIET_WITHIN
        while time.perf_counter() < deadline:
            await asyncio.sleep(_LOAD_REPORTED_EVERY)
            if running.takes_calls():
                return

    async def rooms(self) -> set[str]:
        """Those that there are now."""
        return {room.name for room in (await self._api.room.list_rooms(api.ListRoomsRequest())).rooms}

    def _cpu(self) -> float:
        return sum(running.cpu_seconds() for running in self.running)

    async def _delete(self, room: str) -> None:
        try:
            await self._api.room.delete_room(api.DeleteRoomRequest(room=room))
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise


@asynccontextmanager
async def set_up() -> AsyncGenerator[Contest]:
    """A contest whose files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as folder:
        async with Contest(Path(folder)) as contest:
            yield contest


def own_cpu_seconds() -> float:
    """The load generator's own CPU time, its native threads included, without its children."""
    times = os.times()
    return times.user + times.system
