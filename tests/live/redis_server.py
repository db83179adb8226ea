"""A redis-server of one's own on a free port of the loopback interface, for as long as the `async with` lasts."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from types import TracebackType

from lab.stage.ports import free_port

_STARTS_WITHIN = 10.0  # s


class RedisServer:
    """`address` is `host:port`. Raises LookupError where redis-server is not installed."""

    def __init__(self) -> None:
        self.address = ""
        self._process: asyncio.subprocess.Process | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="redis-server-")

    async def __aenter__(self) -> RedisServer:
        await self._start(free_port())
        return self

    async def restart(self) -> None:
        """End it, and start it anew at the same address: it has forgotten everything."""
        await self._end()
        await self._start(int(self.address.rpartition(":")[2]))

    async def _start(self, port: int) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            raise LookupError("redis-server is not on PATH: run scripts/setup --test, which installs it")
        self.address = f"127.0.0.1:{port}"
        self._process = await asyncio.create_subprocess_exec(
            *(binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self._folder.name),
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(_STARTS_WITHIN):
            while not await self._answers(port):
                if self._process.returncode is not None:
                    raise RuntimeError(f"redis-server ended at once (exit code {self._process.returncode})")
                await asyncio.sleep(0.02)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        self._folder.cleanup()

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _answers(self, port: int) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer.startswith(b"+PONG")
