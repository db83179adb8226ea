"""One MCP server during one call: opened behind the conversation, watched, and asked for what its tools do.

livekit-agents' own client speaks the protocol. What is here holds it to what a caller can bear: its limits stand in one
place, and whatever goes wrong is a line for the record, without the server's URL, which may hold a secret.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import httpx2
from livekit.agents import ToolError

from switchboard.talk.bounded import Bounded
from switchboard.talk.options import McpServer
from switchboard.talk.tool_names import tool_name

if TYPE_CHECKING:
    from livekit.agents.llm import RawFunctionTool, mcp

# Both write whole URLs and what was said into the log; what matters of it is on the call's record.
logging.getLogger("httpx2").setLevel(logging.WARNING)
logging.getLogger("mcp").setLevel(logging.CRITICAL)

CLIENT = "livekit.agents.llm.mcp"  # 22 MB and seconds to import: the fork server does it where a table names a server

# Words for the model, which may also be said as they are.
AWAY = "I'm sorry, that cannot be looked up right now."
_FAILED = "I'm sorry, that did not work just now."
_TOO_LONG = "The answer is too long to be read. Ask for less of it, where the tool lets you."
_GONE = "it went away"
_CUT = " … (the rest is too long to be told)"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server may cost a call. A caller waits in silence for `call_s`; the model reads all the rest."""

    connect_s: float = 5.0  # to its list of tools
    call_s: float = 5.0
    again_s: float = 30.0  # before a tool that did not answer is asked once more
    close_s: float = 1.0
    retries_s: tuple[float, ...] = (2.0, 5.0, 15.0, 30.0)  # pauses before it is tried again; the last one for ever
    tools: int = 64
    schema: int = 16_000  # characters of JSON, of one tool
    schemas: int = 100_000  # of all together
    description: int = 1_000  # characters; OpenAI takes 1,024
    answer: int = 8_000  # characters
    list_body: int = 4 * 2**20  # bytes of one HTTP answer, before the tools are known
    body: int = 256 * 2**10  # and while they are used: reading 2 MB of rows stops the call, and its voice, for 0.7 s


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as a model is told of it. `name` is one that models take."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class Connection:
    """`server`, from `run` to the end of it. `offers` is what it has while it is there, else empty.

    `tell` gets what goes wrong, a line each; `changed` is called when tools came or went.
    """

    def __init__(
        self, server: McpServer, key: str, tell: Callable[[str], None], changed: Callable[[], None], limits: Limits
    ) -> None:
        self.server = server
        self.host = server.host
        self.offers: dict[str, Offer] = {}
        self.known: tuple[str, ...] = ()
        self.silent: set[str] = set()
        self._key = key
        self._tell = tell
        self._changed = changed
        self._limits = limits
        self._client: mcp.MCPServer | None = None
        self._tools: dict[str, Callable[..., Awaitable[Any]]] = {}
        self._lost = asyncio.Event()
        self._refusal = ""
        self._too_long = 0  # answers that were not read to their end
        self._slow = set[str]()

    async def run(self) -> None:
        """Connect, and connect again whenever it is away; until cancelled."""
        pauses = list(self._limits.retries_s)
        while True:
            fault = await self._stay()
            self._tell(f"MCP server {self.host}: {fault}: the call goes on without its tools")
            if fault == _GONE:
                pauses = list(self._limits.retries_s)
            await asyncio.sleep(pauses.pop(0) if len(pauses) > 1 else pauses[0])

    async def call(self, name: str, arguments: Mapping[str, object]) -> str:
        """What the tool says. Raises ToolError, with words for the model, whatever happens."""
        tool, client = self._tools.get(name), self._client
        if client is None or tool is None or name in self.silent:
            raise ToolError(AWAY)
        too_long = self._too_long
        try:
            async with asyncio.timeout(self._limits.call_s):
                said = str(await tool(raw_arguments=dict(arguments)))
        except TimeoutError:
            self._put_aside(name)
            self._tell(f"MCP server {self.host}: {name} did not answer within {self._limits.call_s:g} s")
            raise ToolError(AWAY) from None
        except ToolError as error:
            if not client.initialized:
                self._lost.set()
                raise ToolError(AWAY) from None
            self._tell(f"MCP server {self.host}: {name} failed")
            raise ToolError(self._cut(name, str(error)) or _FAILED) from None
        except Exception as error:
            if self._too_long > too_long:
                self._tell(f"MCP server {self.host}: {name} said more than {self._limits.body:,} bytes: none was kept")
                raise ToolError(_TOO_LONG) from None
            if _is_refusal(error):
                self._tell(f"MCP server {self.host}: {name} refused the call")
                raise ToolError(_FAILED) from None
            self._lost.set()
            raise ToolError(AWAY) from None
        return self._cut(name, said)

    def _put_aside(self, name: str) -> None:
        """Nobody is to wait in silence for it soon again; after a second time, not in this call."""
        self.silent.add(name)
        self._changed()
        if name not in self._slow:
            self._slow.add(name)
            asyncio.get_running_loop().call_later(self._limits.again_s, self._take_up, name)

    def _take_up(self, name: str) -> None:
        self.silent.discard(name)
        self._changed()

    def _cut(self, name: str, said: str) -> str:
        if len(said) <= self._limits.answer:
            return said
        self._tell(f"MCP server {self.host}: {name} said {len(said):,} characters: {self._limits.answer:,} were kept")
        return said[: self._limits.answer] + _CUT

    async def _stay(self) -> str:
        """Be connected for as long as it lasts; what ended it."""
        self._lost.clear()
        self._refusal = ""
        client = await self._make()
        try:
            async with asyncio.timeout(self._limits.connect_s):
                await client.initialize()
                tools = cast("list[RawFunctionTool[..., Any]]", await client.list_tools())
            self._take(tools)
            self._client = client
            self._changed()
            await self._lost.wait()
            return _GONE
        except TimeoutError:
            return f"no answer within {self._limits.connect_s:g} s"
        except Exception as error:
            return self._refusal or f"it cannot be reached ({type(_innermost(error)).__name__})"
        finally:
            gone = bool(self._client)
            self._client = None
            self.offers, self._tools = {}, {}
            if gone:
                self._changed()
            await self._close(client)

    async def _close(self, client: mcp.MCPServer) -> None:
        with suppress(Exception):  # what it still says of itself is told already
            async with asyncio.timeout(self._limits.close_s):
                await client.aclose()

    async def _make(self) -> mcp.MCPServer:
        client = await asyncio.to_thread(import_module, CLIENT)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # Reading the certificates takes 20 ms, in which the call would stand still: a thread does it.
        http = await asyncio.to_thread(
            httpx2.AsyncClient,
            headers=headers,
            timeout=httpx2.Timeout(self._limits.connect_s, read=None),
            event_hooks={"response": [self._look_at]},
        )
        return _made(client, self.server.url, http, self._limits, self._lost.set)

    async def _look_at(self, response: httpx2.Response) -> None:
        """Before the body of an answer is read: what it says of itself, and no more of it than we can bear."""
        most = self._limits.body if self._client else self._limits.list_body
        response.stream = Bounded(response.stream, most, self._count_too_long)
        kind = response.headers.get("content-type", "")
        if response.status_code >= 400:
            self._refusal = f"it refuses us (HTTP {response.status_code})"
        elif kind.startswith("text/html"):
            self._refusal = "it answers with a web page"

    def _count_too_long(self) -> None:
        self._too_long += 1

    def _take(self, tools: Sequence[RawFunctionTool[..., Any]]) -> None:
        """Offer what is within the limits; a line for what is not."""
        limits, left_out = self._limits, list[str]()
        offers: dict[str, Offer] = {}
        taken: dict[str, Callable[..., Awaitable[Any]]] = {}
        size = 0
        for tool in tools:
            name = tool_name(tool.info.name)
            parameters = _parameters(tool.info.raw_schema.get("parameters"))
            length = len(json.dumps(parameters))
            if name in offers:
                left_out.append(f"a second {name}")
            elif length > limits.schema:
                left_out.append(f"{name} (its schema has {length:,} characters, {limits.schema:,} may be)")
            elif len(offers) == limits.tools or size + length > limits.schemas:
                left_out.append(name)
            else:
                description = str(tool.info.raw_schema.get("description") or "")[: limits.description]
                offers[name], taken[name] = Offer(name, description, parameters), tool
                size += length
        self.offers, self._tools, self.known = offers, taken, tuple(offers)
        if left_out:
            shown = ", ".join(left_out[:5]) + (f" and {len(left_out) - 5} more" if len(left_out) > 5 else "")
            self._tell(f"MCP server {self.host}: of its {len(tools)} tools these are left out: {shown}")


def _made(client: Any, url: str, http: httpx2.AsyncClient, limits: Limits, lost: Callable[[], None]) -> mcp.MCPServer:
    """livekit-agents' client over streamable HTTP; its class is made here because it is imported so late."""
    streamable = import_module("mcp.client.streamable_http").streamable_http_client

    class Server(client.MCPServer):
        def client_streams(self) -> AbstractAsyncContextManager[Any]:
            @asynccontextmanager
            async def streams() -> AsyncGenerator[Any]:
                async with http:
                    try:
                        async with streamable(url, http_client=http, max_sse_event_size=limits.list_body) as both:
                            yield both
                    except Exception:
                        if not self.initialized:
                            raise
                        lost()  # a server that died is no fault of ours, with a trace-back in the log

            return streams()

    # Its own limit comes after ours, which says what was too slow.
    return Server(client_session_timeout_seconds=limits.call_s + limits.connect_s, tool_result_resolver=_spoken)


def _spoken(context: mcp.MCPToolResultContext) -> str:
    """A tool's answer as text for the model: pictures and sound are no use on a telephone."""
    texts = [str(text) for item in context.result.content if (text := getattr(item, "text", None)) is not None]
    if texts:
        return "\n".join(texts)
    structured = getattr(context.result, "structured_content", None)
    return json.dumps(structured, ensure_ascii=False, default=str) if structured else "Done, and nothing to tell."


def _parameters(schema: object) -> dict[str, Any]:
    """A schema that language models take: always of an object, with its properties named."""
    given = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
    return {**given, "type": "object", "properties": given.get("properties") or {}}


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


def _is_refusal(error: Exception) -> bool:
    """Whether the server answered, and what it said is that it will not do this (JSON-RPC's own codes)."""
    code = getattr(getattr(error, "error", None), "code", None)
    return code in (-32601, -32602)
