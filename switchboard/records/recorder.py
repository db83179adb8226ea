"""Writes one call's row as things happen, off the call's path.

The methods that a call uses only note and return. One task writes behind them; when the database is slow or away it
tries again, and meanwhile the row is safe in the spool, from where the worker writes it should this process end first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.bounded import bounded, cut
from switchboard.call.call import Call
from switchboard.call.causes import Ending
from switchboard.call.events import (
    AgentBegan,
    Answered,
    Changed,
    Ended,
    Event,
    Faulted,
    Identified,
    Rang,
    ToolCalled,
    Warned,
)
from switchboard.database.storable import storable
from switchboard.records.row import LONGEST, Row, call_columns, decision_columns, identifiers, write
from switchboard.records.spool import Spool
from switchboard.routing.decision import Decision, Routed, Step

logger = logging.getLogger("switchboard")

_GATHER_S = 0.5  # what happens together is written together, and not while the greeting starts
_ATTEMPT_S = 5.0
_FIRST_RETRY_S, _LAST_RETRY_S = 0.5, 15.0
_LISTS = ("warnings", "changes", "tools")
_MOST = 500  # warnings, changes, tools: a caller who changes attributes all day must not fill the disk


class Recorder:
    """The record of a call in `room`, open until `aclose`. Nothing is written before `begin`. One event loop's own.

    `id` is its row's, by which others may find it.
    """

    def __init__(self, engine: AsyncEngine, spool: Spool, room: str | None = None, id: UUID | None = None) -> None:
        self.id: UUID = id or uuid4()
        self._engine = engine
        self._spool = spool
        self._row: Row = {"id": self.id, "revision": 0, "room": storable(room)} | {name: [] for name in _LISTS}
        self._written = 0
        self._spooled = 0
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._known: Call | None = None

    def hear(self, event: Event) -> None:
        """Note an event of the call: the recorder's place in its stream (`Events.subscribe`)."""
        match event:
            case Routed():
                self.begin(event.call, event.decision, event.trace, event.fingerprint)
            case Rang():
                self.rang(event.at)
            case Answered():
                self.answered(event.at)
            case Identified():
                self._known = event.call
                self.identified(event.call)
            case Changed():
                self.changed(event.what, event.key, event.value, event.at)
            case AgentBegan():
                self.changed("agent", "name", event.agent, event.at)
            case ToolCalled():
                self.called(event)
            case Faulted():
                self.warning(f"{event.part} failed ({event.kind}): the caller was told so")
            case Warned():
                self.warning(event.text)
            case Ended():
                if self._task is None and self._known is not None:
                    self.begin(self._known)  # it ended before anything was decided
                self.ended(event.ending, event.at)
            case _:
                pass  # told for others

    def begin(
        self,
        call: Call,
        decision: Decision | None = None,
        trace: Iterable[Step] = (),
        fingerprint: str | None = None,
    ) -> None:
        """What is known and decided. `fingerprint` is the routing file's. Needs a running event loop."""
        self._row["warnings"] += [storable(text) for text in (*call.warnings, *(decision.warnings if decision else ()))]
        self._note(**call_columns(call), **decision_columns(decision, trace, fingerprint))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_writing())

    def identified(self, call: Call) -> None:
        """The carrier's identifier has come, as it often does after the decision: `call` as it is known now."""
        self._note(**{name: value for name, value in identifiers(call).items() if value})

    def rang(self, at: datetime | None = None) -> None:
        self._note(rang_at=at or datetime.now(UTC))

    def answered(self, at: datetime | None = None) -> None:
        self._note(answered_at=at or datetime.now(UTC))

    def ended(self, ending: Ending, at: datetime | None = None) -> None:
        self._note(cause=ending.cause.value, end_reason=storable(str(ending)), ended_at=at or datetime.now(UTC))

    def changed(self, what: str, key: str, value: Any, at: datetime | None = None) -> None:
        """Something changed or came late: `what` is its kind (`data`, `late`, `agent`), None a value that has gone."""
        self._list("changes", at, {"what": what, "key": cut(key, LONGEST), "value": bounded(value, LONGEST, LONGEST)})

    def called(self, event: ToolCalled) -> None:
        """A tool was called. What it was given and gave is personal, and stands nowhere but here."""
        texts = {"arguments": event.arguments, "result": event.result, "fault": event.fault}
        shortened = {key: cut(text, LONGEST) for key, text in texts.items()}
        self._list("tools", event.at, {"tool": cut(event.tool, LONGEST), "failed": event.failed, **shortened})

    def warning(self, text: str) -> None:
        """Something went wrong and the call went on."""
        if len(self._row["warnings"]) < _MOST:
            self._row["warnings"].append(storable(cut(text, LONGEST)))
            self._note()

    async def aclose(self, timeout_s: float = 2.0) -> None:
        """Write what is left, for at most that long; what the database does not take is spooled. Never raises."""
        self._closing.set()
        if self._task is None:
            return
        self._news.set()
        await asyncio.wait((self._task,), timeout=timeout_s)
        self._task.cancel()
        if self._unwritten:
            await self._keep(self._copy())

    def _list(self, column: str, at: datetime | None, entry: Row) -> None:
        """One more of `column`, until there are too many."""
        entries: list[Any] = self._row[column]
        if len(entries) == _MOST:
            self.warning(f"more than {_MOST} {column}: the rest is not on the record")
        if len(entries) <= _MOST:
            when = (at or datetime.now(UTC)).astimezone(UTC)
            entries.append({"at": when.isoformat(), **storable(entry)})
            self._note()

    @property
    def _unwritten(self) -> bool:
        return self._written < self._row["revision"]

    def _note(self, **columns: Any) -> None:
        self._row.update(columns)
        self._row["revision"] += 1
        self._news.set()

    def _copy(self) -> Row:
        """The row as it is now, for a writer that takes its time while things go on."""
        return {**self._row, **{name: [*self._row[name]] for name in _LISTS}}

    async def _keep_writing(self) -> None:
        retry_s = 0.0
        while True:
            await self._news.wait()
            await self._pause(max(retry_s, _GATHER_S))
            self._news.clear()
            failed = self._unwritten and not await self._try()
            if self._closing.is_set() and (failed or not self._unwritten):
                return
            if failed:
                self._news.set()
                retry_s = min(_LAST_RETRY_S, max(_FIRST_RETRY_S, retry_s * 2))
            else:
                retry_s = 0.0

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the call has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _try(self) -> bool:
        row = self._copy()
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                await write(self._engine, row)
        except Exception as error:
            # Only the kind of error: its text may hold what the row holds.
            logger.warning("record %s: not in the database yet (%s)", self.id, type(error).__name__)
            await self._keep(row)
            return False
        self._written = row["revision"]
        if self._spooled:
            await asyncio.to_thread(self._spool.discard, self.id, self._written)
        return True

    async def _keep(self, row: Row) -> None:
        """Into the spool, once for each revision."""
        if self._spooled >= row["revision"]:
            return
        try:
            await asyncio.to_thread(self._spool.put, row)
        except OSError as error:
            reason = error.strerror
            logger.error(
                "record %s: cannot be kept in %s (%s), set SWITCHBOARD_SPOOL", self.id, self._spool.folder, reason
            )
        else:
            self._spooled = row["revision"]
