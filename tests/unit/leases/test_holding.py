"""A call's lease as its own process keeps it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from livekit.protocol.agent import Job
from livekit.protocol.models import Room
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.events import AgentBegan
from switchboard.call.reading import read_call
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.leases.holding import Holding
from switchboard.leases.store import TakenByAnother
from switchboard.livekit_api.rescues import GENERATION
from switchboard.routing.decision import Answer, Refuse, Routed
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import BUILT_IN
from tests.leases import count

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SPEECH = SpeechProfile("phone", voices={"es": "nova"}, keyterms=("Harbor",), spares={"stt": ("openai/whisper-1",)})
DECISION = Answer(
    route="vip", line=7, agent="sales", language="es", speech=SPEECH, greeting="Hola.", data={"tier": {"level": 3}}
)


def job(id: str = "AJ_1", generation: int = 1) -> Job:
    room = Room(sid="RM_1", name="room")
    attributes = {GENERATION: str(generation)} if generation > 1 else {}
    return Job(id=id, dispatch_id="AD_1", agent_name="switchboard", room=room, metadata="{}", attributes=attributes)


def routed(decision: Any = DECISION) -> Routed:
    call = read_call(
        identity="caller",
        attributes={"sip.phoneNumber": "+14155550101"},
        customers=[{"name": "Ada"}, {"name": "Bob\x00"}],
        at=AT,
    )
    return Routed(at=AT, call=call, decision=decision, trace=(), fingerprint="f1")


def lost() -> None:
    raise AssertionError("nobody else has the call")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncEngine:
    engine = make_engine(f"sqlite:///{tmp_path / 'calls.sqlite3'}")
    await migrate(engine)
    return engine


async def test_the_next_agent_gets_all_that_was_known_decided_and_said(engine: AsyncEngine) -> None:
    first = Holding(engine, job(), lost)
    first.follow(lambda: [{"role": "user", "text": "How much is it?"}])
    first.hear(routed())
    first.hear(AgentBegan(at=AT, agent="support"))
    await first.aclose(goes_on=True)
    kept = await Holding(engine, job("AJ_2", 2), lost).take(BUILT_IN)
    assert kept is not None
    assert kept.decision == DECISION
    assert (kept.caller, kept.at, kept.agent, kept.holder) == ("caller", AT, "support", "AJ_1")
    assert kept.customers == ({"name": "Ada"}, {"name": "Bob"})
    assert kept.conversation == [{"role": "user", "text": "How much is it?"}]
    assert kept.fingerprint == "f1"


async def test_a_second_agent_of_a_generation_gets_nothing(engine: AsyncEngine) -> None:
    first = Holding(engine, job(), lost)
    first.hear(routed())
    await first.aclose(goes_on=True)
    assert await Holding(engine, job("AJ_2", 2), lost).take(BUILT_IN)
    with pytest.raises(TakenByAnother):
        await Holding(engine, job("AJ_3", 2), lost).take(BUILT_IN)


async def test_who_writes_after_another_has_taken_the_call_is_told(engine: AsyncEngine) -> None:
    told: list[str] = []
    first = Holding(engine, job(), lambda: told.append("lost"))
    first.hear(routed())
    assert await first.write()
    assert told == []
    await Holding(engine, job("AJ_2", 2), lost).take(BUILT_IN)
    await first.write()
    assert told == ["lost"]


async def test_the_lease_goes_with_the_call(engine: AsyncEngine) -> None:
    holding = Holding(engine, job(), lost)
    holding.hear(routed())
    await holding.write()
    assert await count(engine) == 1
    await holding.aclose(goes_on=False)
    assert await count(engine) == 0


async def test_a_call_that_is_refused_has_no_lease(engine: AsyncEngine) -> None:
    holding = Holding(engine, job(), lost)
    holding.hear(routed(Refuse(route="blocked", line=1, reason="busy")))
    assert await holding.write()
    await holding.aclose(goes_on=True)
    assert await count(engine) == 0


async def test_without_a_database_a_call_goes_on_and_nothing_was_left(tmp_path: Path) -> None:
    nowhere = make_engine(f"sqlite:///{tmp_path / 'none.sqlite3'}")
    holding = Holding(nowhere, job("AJ_2", 2), lost)
    assert await holding.take(BUILT_IN) is None
    holding.hear(routed())
    assert not await holding.write()
    await holding.aclose(goes_on=False)


async def test_a_lease_of_a_version_that_wrote_it_otherwise_is_as_none(engine: AsyncEngine) -> None:
    first = Holding(engine, job(), lost)
    first.hear(routed())
    first._row["decision"] = {"of": "the future"}  # pyright: ignore[reportPrivateUsage]
    await first.aclose(goes_on=True)
    assert await Holding(engine, job("AJ_2", 2), lost).take(BUILT_IN) is None
