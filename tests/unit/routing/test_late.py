"""What may still arrive and change a decision: only that is waited for, and by no other call."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.call.call import Call
from switchboard.routing.table import Table
from tests.unit.routing.routing_files import DEFAULT, call, load_text, routes


def _table(folder: Path, *whens: str) -> Table:
    return load_text(folder, routes(*whens)).table


def test_a_table_that_reads_what_is_there_at_join_needs_nothing(tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        'to = "+18005550100", trunk = "ST_1", rule = "SDR_1"',
        'attribute."sip.phoneNumber" = "+14155550101"',
        'job."n" = "a", room."n" = "a", customer."tier" = "gold"',
    )
    assert table.needs == frozenset()
    assert table.could_change(call()) == frozenset()


def test_a_call_that_no_waiting_route_can_concern_does_not_wait(tmp_path: Path) -> None:
    table = _table(tmp_path, 'to = "+18005550100", header."x-q" = "a"', 'to = "+18005550100"')
    assert table.needs == {"sip.h.x-q"}
    assert table.could_change(call(to="+18005550100")) == {"sip.h.x-q"}
    assert table.could_change(call(to="+18005550101")) == frozenset()
    assert table.could_change(call(to="+18005550100", attributes={"sip.h.x-q": "b"})) == frozenset()


def test_a_route_behind_the_one_that_takes_the_call_is_not_waited_for(tmp_path: Path) -> None:
    table = _table(tmp_path, 'to = "+18005550100"', 'header."x-q" = "a"')
    assert table.could_change(call(to="+18005550100")) == frozenset()
    assert table.could_change(call(to="+18005550101")) == {"sip.h.x-q"}


def test_what_would_undo_the_route_that_takes_the_call_is_waited_for(tmp_path: Path) -> None:
    table = _table(tmp_path, "attribute.n = { absent = true }")
    assert table.could_change(call()) == {"n"}


def test_a_browser_waits_for_nothing(tmp_path: Path) -> None:
    assert _table(tmp_path, 'header."x-q" = "a"').could_change(call(kind="standard")) == frozenset()


@pytest.mark.parametrize(
    ("known", "waits"),
    [
        (call(), {"department", "sip.h.department", "sip.h.x-department"}),
        (call(room={"department": "b"}), {"department", "sip.h.department", "sip.h.x-department"}),
        (call(attributes={"sip.h.x-department": "b"}), {"department"}),
        (call(attributes={"department": "b"}), set[str]()),
        (call(job={"department": "b"}), set[str]()),
    ],
)
def test_merged_data_is_waited_for_until_the_first_source_has_it(known: Call, waits: set[str], tmp_path: Path) -> None:
    assert _table(tmp_path, 'department = "a"').could_change(known) == waits


def test_a_provider_is_waited_for_until_one_is_known(tmp_path: Path) -> None:
    table = _table(tmp_path, 'provider = "twilio"')
    assert "sip.twilio.callSid" in table.could_change(call())
    assert table.could_change(call(attributes={"sip.telnyx.callLegID": "v3"})) == frozenset()


def test_only_what_is_said_to_be_missing_is_waited_for(tmp_path: Path) -> None:
    table = _table(tmp_path, 'header."x-q" = "a"', 'attribute."sip.hostname" = "h"')
    assert table.could_change(call(), ["sip.hostname"]) == {"sip.hostname"}
    assert table.could_change(call(), []) == frozenset()


def test_the_directory_is_needed_by_routes_that_read_it(tmp_path: Path) -> None:
    assert _table(tmp_path, 'customer.tier = "gold"').needs_customer
    assert _table(tmp_path, 'language = "es"').needs_customer  # the directory may know it
    assert not _table(tmp_path, 'job.tier = "gold"').needs_customer
    assert not load_text(tmp_path, DEFAULT).table.needs_customer


def test_once_the_bridge_has_said_everything_nothing_is_waited_for(tmp_path: Path) -> None:
    table = _table(tmp_path, 'header."x-q" = "a"')
    assert table.could_change(call()) == {"sip.h.x-q"}
    assert table.could_change(call(attributes={"sip.callIDFull": "1@carrier"})) == frozenset()


def test_a_header_that_can_never_be_trusted_is_not_waited_for_by_a_route_that_asks_for_trust(tmp_path: Path) -> None:
    table = _table(tmp_path, 'trusted.plan = "pro"')
    assert table.needs == {"plan"}
    assert table.could_change(call()) == {"plan"}
    assert table.could_change(call(job={"plan": "free"})) == frozenset()
