"""A server of the Model Context Protocol, for tests: the `mcp` package's own, in a process of its own.

python -m lab.stage.mcp_server PORT [--tools calm|wild|many] [--json] [--key KEY]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from types import TracebackType
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from lab.stage.ports import free_port

Tools = Literal["calm", "wild", "many"]

MANY = 300
LONG = 1_200_000  # characters: more than the megabyte that the client takes at its defaults
TALKATIVE = 50_000  # characters: more than a model is told, and less than is too long to be read
_READY_WITHIN = 60.0  # s: importing it takes seconds on a busy machine


class McpStand:
    """A server on this machine, up within the `async with`. It can be killed, and started again at the same address.

    `calm` has two tools of a rental desk; `wild` has what a server must not do to a caller; `many` has 300.
    """

    def __init__(self, tools: Tools = "calm", *, key: str = "", as_json: bool = False) -> None:
        self._arguments = ["--tools", tools, *(["--json"] if as_json else []), *(["--key", key] if key else [])]
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it and wait until it can be reached. Raises RuntimeError."""
        command = (sys.executable, "-m", "lab.stage.mcp_server", str(self.port), *self._arguments)
        self._process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline and self._process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise RuntimeError(f"the MCP server did not come up on {self.url}")

    async def kill(self) -> None:
        """As a machine that loses its power."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def freeze(self) -> None:
        """It holds its connections and never answers again; until it is killed."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)


def _serve(port: int, tools: Tools, as_json: bool, key: str) -> None:
    # Imported here: it takes seconds, and whoever only starts the process needs none of it.
    import uvicorn
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("Harbor Bikes rentals")
    {"calm": _calm, "wild": _wild, "many": _many}[tools](server)
    app: Any = server.streamable_http_app(json_response=as_json)
    uvicorn.run(_locked(app, key) if key else app, host="127.0.0.1", port=port, log_level="warning")


def _calm(server: Any) -> None:
    async def rental_price(days: int) -> str:
        """The price of renting a bike.

        Args:
            days: How many days.
        """
        return f"Renting a bike costs {25 * max(days, 1)} dollars."

    async def end_call() -> str:
        """Has the name of a tool that every agent has."""
        return "No call was ended."

    for tool in (rental_price, end_call):
        server.add_tool(tool)


def _wild(server: Any) -> None:
    from mcp.server.mcpserver.exceptions import ToolError

    async def broken() -> str:
        """Raises."""
        raise ToolError("The till is on fire" + "!" * TALKATIVE)

    async def slow() -> str:
        """Never answers."""
        await asyncio.Event().wait()
        return ""

    async def endless() -> str:
        """Talks for a megabyte."""
        return "word " * (LONG // 5)

    async def talkative() -> str:
        """Talks for long."""
        return "word " * (TALKATIVE // 5)

    async def giant(words: Annotated[str, Field(description="x" * LONG)]) -> str:
        """Has a megabyte of schema."""
        return words

    async def good() -> str:
        """Works."""
        return "All is well."

    for tool in (broken, slow, endless, talkative, giant, good):
        server.add_tool(tool, structured_output=False)
    server.add_tool(good, name="two.names", structured_output=False)
    server.add_tool(good, name="two/names", structured_output=False)


def _many(server: Any) -> None:
    async def nothing() -> str:
        """Does nothing."""
        return "Nothing."

    for number in range(MANY):
        server.add_tool(nothing, name=f"tool_{number:03}", structured_output=False)


def _locked(app: Any, key: str) -> Any:
    """`app` for those who have the key."""

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (b"authorization", f"Bearer {key}".encode()) not in scope["headers"]:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    return guard


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--tools", default="calm", choices=("calm", "wild", "many"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--key", default="")
    given = parser.parse_args()
    _serve(given.port, given.tools, given.json, given.key)
