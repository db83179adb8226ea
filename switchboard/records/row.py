"""A row of `calls` as it is built and written: columns by name, in a form that any database holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.attributes import HEADER
from switchboard.call.bounded import bounded, cut
from switchboard.call.call import Call
from switchboard.call.causes import Ending
from switchboard.call.numbers import Number
from switchboard.call.spec import write_spec
from switchboard.database.engine import transact
from switchboard.database.storable import storable
from switchboard.database.types import UtcDateTime, insert_into
from switchboard.records.record import CallRecord
from switchboard.routing.decision import Answer, Decision, Refuse, Step

Row = dict[str, Any]

# Characters on the record: of one text, of what one source says (LiveKit carries 64 KiB), of all sources merged.
LONGEST = 2_000
_SOURCE, _MERGED = 16_000, 32_000
COLUMNS = tuple(column.name for column in CallRecord.__table__.columns)
_JOBS = UUID("6f0d4a3c-0f5b-4c56-9a0e-7a1f4d1f8b52")  # the namespace of what `id_of` makes
_TIMES = tuple(column.name for column in CallRecord.__table__.columns if isinstance(column.type, UtcDateTime))


def id_of(job: str) -> UUID:
    """The id of the row of LiveKit's job with this id: the worker finds the row of a process that died."""
    return uuid5(_JOBS, job)


def call_columns(call: Call) -> Row:
    """What was known when the call was routed. `call` is written as `switchboard explain` reads it."""
    spec = write_spec(call)
    return {
        **identifiers(call),
        "kind": call.kind,
        "direction": call.direction,
        **_number_columns("from", call.from_number),
        **_number_columns("to", call.to_number),
        "started_at": call.at,
        "call": storable({key: bounded(_ours_first(key, value), LONGEST, _SOURCE) for key, value in spec.items()}),
        "facts": storable(bounded(_facts(call), LONGEST, _MERGED)),
    }


def _ours_first(key: str, value: Any) -> Any:
    """The bridge's own attributes before those that callers send: what is left out is left out from the end."""
    if key != "attributes":
        return value
    return dict(sorted(value.items(), key=lambda pair: not pair[0].startswith("sip.") or pair[0].startswith(HEADER)))


def _facts(call: Call) -> dict[str, Any]:
    """The merged data with who said it; first what our own side said."""
    facts = sorted(call.data.items(), key=lambda pair: not pair[1].trusted)
    return {key: {"value": fact.value, "source": fact.source, "trusted": fact.trusted} for key, fact in facts}


def identifiers(call: Call) -> Row:
    """The names that others have for this call: the bridge's, and the carrier's, which often comes late."""
    return {"sip_call_id": storable(call.sip_call_id), "provider_call_id": storable(call.provider_call_id)}


def decision_columns(decision: Decision | None, trace: Iterable[Step], fingerprint: str | None) -> Row:
    """What was decided, and why. All empty for a call that ended before."""
    if decision is None:
        return {"decision": {}, "trace": []}
    row: Row = {
        "route": storable(decision.route),
        "fingerprint": fingerprint,
        "trace": [
            storable({"route": s.route, "line": s.line, "matched": s.matched, "failed": s.failed}) for s in trace
        ],
    }
    match decision:
        case Refuse():
            return row | {"refusal": decision.reason, "decision": {"line": decision.line}}
        case Answer():
            speech = {"profile": decision.speech.name, **decision.speech.models()}
            words = {"greeting": decision.greeting, "opening": decision.opening}
            asked = {"line": decision.line, "speech": speech, **words, "data": decision.data}
            return row | {"agent": decision.agent, "language": decision.language, "decision": storable(asked)}


def _number_columns(end: str, number: Number | None) -> Row:
    """The number as the carrier sent it, and in E.164 where it is one."""
    raw, e164 = (number.raw, number.e164) if number else (None, None)
    return {f"{end}_raw": storable(raw and cut(raw, LONGEST)), f"{end}_number": e164}


def to_json(row: Row) -> str:
    """`row` as text, for a file or a program."""
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def from_json(text: str) -> Row:
    """What `to_json` wrote. Raises ValueError for anything else."""
    try:
        row: Row = dict(json.loads(text))
        for name in _TIMES:
            if row.get(name) is not None:
                row[name] = datetime.fromisoformat(row[name])
        row["id"] = UUID(row["id"])
    except (TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise ValueError(f"no row ({type(fault).__name__})") from None
    if unknown := row.keys() - set(COLUMNS):
        raise ValueError(f"unknown columns: {sorted(unknown)}")
    return row


async def write(engine: AsyncEngine, row: Row) -> None:
    """Write `row`, over an older revision of it and never over a newer one. Raises what the database raises."""
    insert = insert_into(engine.dialect.name, CallRecord).values(**row)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in row if name != "id"},
        where=CallRecord.revision < insert.excluded.revision,
    )
    await transact(engine, lambda connection: connection.execute(upsert))


async def end(engine: AsyncEngine, id: UUID, ending: Ending, at: datetime) -> bool:
    """Say in a row whose writer is no more why and when its call ended, unless the row says so itself.

    False where there is no such row. Raises what the database raises.
    """

    def work(connection: Connection) -> bool:
        is_open = update(CallRecord).where(CallRecord.id == id, CallRecord.ended_at.is_(None))
        words = storable(str(ending))
        ended = {"cause": ending.cause.value, "end_reason": words, "ended_at": at, "revision": CallRecord.revision + 1}
        connection.execute(is_open.values(**ended))
        return bool(connection.scalar(select(exists().where(CallRecord.id == id))))

    return await transact(engine, work)
