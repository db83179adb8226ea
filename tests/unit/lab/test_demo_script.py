"""What the demonstration says and suggests suits the business that it is run in."""

from __future__ import annotations

from pathlib import Path

from lab.demo.script import other_callers, script
from switchboard.worker.routing_file import load_file
from tests.business import AGENTS, ROOT
from tests.unit.routing.routing_files import load_text

FILE = """
[[route]]
name = "main number"
when = { to = "+18005550100" }
agent = "front_desk"

[default]
agent = "front_desk"

[[test]]
call = { to = "+18005550100", from = "+14155550123" }
expect = "main number"
"""


def test_nobody_asks_for_sales_where_there_are_none() -> None:
    assert "How much is a city bike?" in script("en-GB", ["front_desk", "sales"])
    assert script("en", ["front_desk"]) == ("What are your opening hours?", "Thanks, goodbye.")
    assert script("es-MX", ["sales"]) == ("¿Cuál es su horario?", "Gracias, adiós.")
    assert script("fi", ["front_desk"]) == script("en", ["front_desk"])


def test_other_callers_are_those_of_the_table() -> None:
    shipped = load_file(ROOT / "switchboard.toml", agents=AGENTS)
    by_number, by_job = other_callers(shipped, "bay area")
    assert by_number == 'scripts/demo --to "+18005550103" --from "+12125550123"'
    assert by_job == """scripts/demo --job '{"department": "support", "language": "es"}'"""


def test_who_would_reach_the_same_route_or_hides_is_not_suggested(tmp_path: Path) -> None:
    rows = '\n[[test]]\ncall = { to = "+18005550199", from = "anonymous" }\nexpect = "default"\n'
    assert list(other_callers(load_text(tmp_path, FILE + rows), "main number")) == []
