"""A TCP proxy on the loopback interface that can be cut, as a network is."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from urllib.parse import urlsplit

_BLOCK = 65_536  # bytes


class Proxy:
    """Passes everything on to `url` (`ws://host:port`), from an address of its own, within the `async with`."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        assert there.hostname is not None
        assert there.port is not None
        self._there = (there.hostname, there.port)
        self._scheme = there.scheme
        self._port = 0
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Proxy:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """End every connection, and refuse new ones."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in list(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def restore(self) -> None:
        """Take connections (again), at the same address."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._there)
            ways = [_pass_on(reader, there_writer), _pass_on(there_reader, writer)]
            try:
                await asyncio.gather(*ways)
            finally:
                there_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # cut, or nobody there: the one who called sees it
        finally:
            self._passing.discard(task)
            writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_BLOCK):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
