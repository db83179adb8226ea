"""The tools that the agents of one call have from MCP servers: who gets which, and what is said of those away.

A connection belongs to the call. It is opened behind the greeting, nothing waits for it, and a hand-over leaves it as
it is. livekit-agents would connect before an agent's first word, and anew at every hand-over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from switchboard.talk.options import NOTHING, AgentOptions, McpServer

if TYPE_CHECKING:
    from livekit.agents import AgentSession, AgentStateChangedEvent
    from livekit.agents.llm import RawFunctionTool

    from switchboard.talk.mcp_connection import Connection, Limits, Offer

logger = logging.getLogger("switchboard")

_MOST = 100  # of one agent, its own not among them: OpenAI takes 128 in all
_CLOSED_WITHIN_S = 2.0
_AT_THE_LATEST_S = 1.0  # after the session is there: somebody may take long to answer a call of ours


@runtime_checkable
class TakesTools(Protocol):
    """An agent whose tools may change while it talks."""

    async def take_tools(self) -> None: ...


class RemoteTools:
    """`options` by agent. `variable` reads keys from the environment, `tell` is for the record."""

    def __init__(
        self,
        options: Mapping[str, AgentOptions] | None = None,
        tell: Callable[[str], None] = logger.warning,
        variable: Callable[[str], str] = str,
        limits: Limits | None = None,
    ) -> None:
        self._options = options or {}
        self._tell_record = tell
        self._variable = variable
        self._limits = limits
        self._told: set[str] = set()
        self._open: dict[McpServer, Connection] = {}
        self._tools: dict[tuple[McpServer, str], RawFunctionTool[..., Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: AgentSession[Any] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def attach(self, session: AgentSession[Any], agent: str) -> None:
        """Open what `agent` and those it may hand over to have, and keep the tools of whoever talks up to date.

        It is opened when the first word is being heard, which would wait for it: it takes 35 ms of processor time.
        """
        if not any(options.mcp for options in self._options.values()):
            return
        self._session = session

        def begin() -> None:
            timer.cancel()
            for name in self._reachable(agent):
                self._connect(name)

        def on_state(event: AgentStateChangedEvent) -> None:
            if event.new_state == "speaking" and not self._closed:
                begin()

        timer = asyncio.get_running_loop().call_later(_AT_THE_LATEST_S, begin)
        self._timer = timer
        session.on("agent_state_changed", on_state)
        session.on("conversation_item_added", self._on_item)

    def of(self, agent: str, own: Collection[str]) -> list[RawFunctionTool[..., Any]]:
        """What there is for `agent` now. A tool called as one of its `own`, or as an earlier server's, is left out."""
        found: dict[str, RawFunctionTool[..., Any]] = {}
        for connection in self._connections(agent):
            for name, offer in connection.offers.items():
                if name in own or name in found:
                    whose = f"{agent}'s own" if name in own else "another server's"
                    self._tell(f"MCP server {connection.host}: its {name} is left out: {whose} has that name")
                elif len(found) == _MOST:
                    self._tell(f"agent {agent} has more than {_MOST} tools of MCP servers: the rest is left out")
                elif name not in connection.silent:
                    found[name] = self._tool(connection, offer)
        return list(found.values())

    def briefing(self, agent: str) -> str:
        """What `agent` cannot do right now, for its prompt; empty where it can do everything."""
        lines = list[str]()
        for server in self._options.get(agent, NOTHING).mcp:
            connection = self._open.get(server)
            if connection is None or not connection.offers:
                known = f" ({', '.join(connection.known)})" if connection and connection.known else ""
                lines.append(f"- The tools of {server.host}{known} are away.")
            elif connection.silent:
                lines.append(f"- These tools do not answer: {', '.join(sorted(connection.silent))}.")
        if not lines:
            return ""
        return (
            "\n\n# What you cannot do right now\n"
            + "\n".join(lines)
            + "\nTo whoever asks for what they do, say that it "
            "cannot be looked up right now. Never guess what they would have told you."
        )

    async def aclose(self) -> None:
        """Close all connections, within two seconds. Never raises."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSED_WITHIN_S)

    def _reachable(self, agent: str) -> Iterator[str]:
        seen, ahead = {agent}, [agent]
        while ahead:
            name = ahead.pop()
            yield name
            new = [other for other in self._options.get(name, NOTHING).hand_over if other not in seen]
            seen.update(new)
            ahead += new

    def _connect(self, agent: str) -> None:
        for server in self._options.get(agent, NOTHING).mcp:
            if server not in self._open:
                # Imported here: most calls have no such server.
                from switchboard.talk.mcp_connection import Connection, Limits

                key = self._variable(server.key) if server.key else ""
                connection = Connection(server, key, self._tell, self._refresh, self._limits or Limits())
                self._open[server] = connection
                self._spawn(connection.run())

    def _connections(self, agent: str) -> list[Connection]:
        return [self._open[server] for server in self._options.get(agent, NOTHING).mcp if server in self._open]

    def _tool(self, connection: Connection, offer: Offer) -> RawFunctionTool[..., Any]:
        from livekit.agents import function_tool

        key = (connection.server, offer.name)
        if key not in self._tools:

            async def call(raw_arguments: dict[str, object]) -> str:
                return await connection.call(offer.name, raw_arguments)

            schema = {"name": offer.name, "description": offer.description, "parameters": dict(offer.parameters)}
            self._tools[key] = function_tool(call, raw_schema=schema)
        return self._tools[key]

    def _on_item(self, event: Any) -> None:
        if event.item.type == "agent_handoff" and event.item.old_agent_id and self._session and not self._closed:
            self._connect(getattr(self._session.current_agent, "name", ""))
            self._refresh()

    def _refresh(self) -> None:
        if not self._closed:
            self._spawn(self._hand_on())

    async def _hand_on(self) -> None:
        """Whoever talks gets what there is now."""
        async with self._one_at_a_time:
            try:
                agent = self._session.current_agent if self._session else None
                if isinstance(agent, TakesTools):
                    await agent.take_tools()
            except Exception:
                logger.exception("the agent's tools could not be changed")

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, text: str) -> None:
        """Once a call: tools are looked through at every hand-over."""
        if text not in self._told:
            self._told.add(text)
            self._tell_record(text)
