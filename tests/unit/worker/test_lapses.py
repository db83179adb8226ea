"""Calls of which nobody renews the lease: who is sent, and when nobody is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from switchboard.database.engine import transact
from switchboard.database.migrations import migrate
from switchboard.leases.lease import CallLease
from switchboard.leases.store import hold
from switchboard.livekit_api.rescues import generation_of
from switchboard.records.read import latest
from switchboard.records.row import id_of
from switchboard.worker.bootstrap import Services, bootstrap
from switchboard.worker.rescue.lapses import AFTER_OUTAGE, Lapses
from switchboard.worker.settings import Settings
from tests.business import ROOT
from tests.leases import ROW as A_CALL
from tests.leases import count
from tests.unit.worker.one_room import Server, agent, caller

ROW = {**A_CALL, "dispatch": {"id": "AD_1", "metadata": '{"order": 17}', "attributes": {"tier": "gold"}}}


@pytest.fixture
async def services(tmp_path: Path) -> Services:
    where = {"database_url": f"sqlite:///{tmp_path / 'calls.sqlite3'}", "spool": tmp_path / "spool"}
    services = bootstrap(ROOT, Settings().model_copy(update={**where, "config": ROOT / "switchboard.toml"}))
    await migrate(services.engine)
    return services


async def lapse(services: Services) -> None:
    await hold(services.engine, ROW)
    old = update(CallLease).values(expires_at=CallLease.expires_at - 60)
    await transact(services.engine, lambda connection: connection.execute(old))


async def look(lapses: Lapses) -> None:
    """Look, and see to what was found."""
    await lapses.look()
    await asyncio.gather(*lapses._tasks.values())  # pyright: ignore[reportPrivateUsage]


def asked(monkeypatch: pytest.MonkeyPatch, answer: bool) -> list[str]:
    """Whoever is asked answers so; who was asked."""
    identities: list[str] = []

    async def answers(_: Any, __: str, identity: str) -> bool:
        identities.append(identity)
        return answer

    monkeypatch.setattr("switchboard.worker.rescue.lapses.answers", answers)
    monkeypatch.setattr("switchboard.worker.rescue.lost_calls._LOOKS_EVERY_S", 0.0)
    return identities


async def test_a_call_whose_agent_does_not_answer_gets_another_and_its_record_ends(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, server = asked(monkeypatch, False), Server()
    await lapse(services)
    await look(Lapses(services, server.api, list))
    assert who == ["dead"]
    (made,) = server.created
    assert (generation_of(made.attributes), made.attributes["tier"], made.metadata) == (2, "gold", '{"order": 17}')
    assert [person.identity for person in server.people] == ["caller", "rescuer"]
    (row,) = await latest(services.engine, 2)
    assert (row.id, row.cause) == (id_of("AJ_1"), "process_lost")
    query = select(CallLease.generation, CallLease.holder)
    assert await transact(services.engine, lambda c: tuple(c.execute(query).one())) == (2, "")


async def test_a_call_whose_dispatch_is_gone_gets_another_agent_all_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(monkeypatch, False)
    server = Server()
    server.dispatches.clear()
    await lapse(services)
    await look(Lapses(services, server.api, list))
    (made,) = server.created
    assert (generation_of(made.attributes), made.metadata) == (2, '{"order": 17}')


async def test_a_call_whose_agent_answers_is_left_alone(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    who, server = asked(monkeypatch, True), Server()
    await lapse(services)
    lapses = Lapses(services, server.api, list)
    await look(lapses)
    await look(lapses)  # and it is not asked twice a second
    assert (who, server.created) == (["dead"], [])
    assert await count(services.engine) == 1


async def test_a_call_that_has_an_agent_elsewhere_is_renewed_by_its_own_worker(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, server = asked(monkeypatch, False), Server()
    await lapse(services)
    await look(Lapses(services, server.api, lambda: ["AJ_1"]))
    await look(Lapses(services, server.api, list))
    assert (who, server.created) == ([], [])


async def test_the_lease_of_a_call_whose_caller_has_gone_goes_too(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(monkeypatch, False)
    server = Server(people=[caller("hangup"), agent("dead")])
    await lapse(services)
    await look(Lapses(services, server.api, list))
    assert server.created == []
    assert await count(services.engine) == 0
    (row,) = await latest(services.engine, 2)
    assert row.cause == "process_lost"


async def test_after_an_outage_nobody_claims_until_every_holder_has_renewed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, server = asked(monkeypatch, False), Server()
    await lapse(services)
    lapses = Lapses(services, server.api, list)
    file = Path(services.engine.url.database or "")
    await asyncio.to_thread(file.rename, file.with_suffix(".away"))
    await look(lapses)
    await asyncio.to_thread(file.with_suffix(".away").rename, file)
    for _ in range(AFTER_OUTAGE):
        await look(lapses)
    assert who == []
    await look(lapses)
    assert who == ["dead"]


async def test_a_worker_that_drains_claims_nothing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    who, server = asked(monkeypatch, False), Server()
    await lapse(services)
    await Lapses(services, server.api, list).look(claims=False)
    assert (who, server.created) == ([], [])
