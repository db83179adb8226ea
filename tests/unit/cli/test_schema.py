"""The JSON Schema of the routing file: it takes what the worker takes, and refuses what an editor can know is wrong."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from switchboard.call import spec
from switchboard.cli import app
from switchboard.routing.forms import WrittenCall
from tests.unit.routing.routing_files import DEFAULT, errors, routes

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "switchboard.schema.json"
PAGE = (ROOT / "docs/routing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ROUTE = '[[route]]\nname = "a"\n'
TEST = "[[test]]\nexpect = 'default'\n"
HEAD = '[numbers]\nvips = ["+14155550101"]\n'


def refused(text: str) -> bool:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return not validator.is_valid(_json(tomllib.loads(text)))  # pyright: ignore[reportUnknownMemberType]


def _json(value: Any) -> Any:
    """TOML as editors see it: dates and times are texts."""
    if isinstance(value, dict):
        return {key: _json(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_json(item) for item in cast("list[Any]", value)]
    return value.isoformat() if isinstance(value, date | time) else value


def test_the_committed_schema_is_current() -> None:
    printed = CliRunner().invoke(app, ["schema"], catch_exceptions=False).stdout
    assert SCHEMA.read_text(encoding="utf-8") == printed, "run `uv run switchboard schema > switchboard.schema.json`"
    Draft202012Validator.check_schema(json.loads(printed))


def test_the_shipped_file_names_the_schema_and_is_good_by_it() -> None:
    text = (ROOT / "switchboard.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ./switchboard.schema.json\n")
    assert not refused(text)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_page_is_good(text: str) -> None:
    assert not refused(text if "[default]" in text else text + DEFAULT)


WHENS = [
    'to = "+1 800 555 0100", from = ["@vips", "anonymous"]',
    'from = { prefix = "+1 (415)" }',
    'from = { prefix = ["+1415"], country = ["us", "DE"], absent = false }',
    "from = { absent = true }",
    'trunk = "ST_1", rule = ["SDR_1", "SDR_2"], direction = "outbound", kind = ["sip", "standard"]',
    'provider = ["twilio"], language = ["es", "de"], department = { absent = true }, user_id = 5',
    "trunk = { absent = true }, kind = { absent = false }",
    'header.x-queue = "a", attribute."sip.hostname" = ["a", 5, true]',
    "job = { a = 2.5, b = 2026-03-02, c = 10:00:00 }, participant.a.absent = true",
    'room.a = true, data.a = "b", trusted.language = "es", customer.tier = { absent = true }',
    "percent = 12.5",
]


@pytest.mark.parametrize("when", WHENS)
def test_a_condition_that_the_worker_takes_is_good(when: str, tmp_path: Path) -> None:
    text = HEAD + routes(when)
    assert not errors(tmp_path, text)
    assert not refused(text)


WRONG = [
    "[wroker]\n",
    "[worker]\nagent = 'x'\n",
    "[worker]\nwait_for_attributes_ms = 0.5\n",
    "[worker]\nwait_for_attributes_ms = 600000\n",
    "[worker]\nagent_name = ''\n",
    "[worker]\nagent_name = ' '\n",
    "[worker]\ncaller_timeout_s = 0\n",
    "[worker]\nregion = 'USA'\n",
    "[worker]\ntrusted_attributes = 'tier'\n",
    "worker = 5\n",
    "[speech.phone]\nsst = 'x'\n",
    "[speech.phone]\nstt = 'nova'\n",
    "[speech.phone]\nllm = 'gpt-4'\n",
    "[speech.phone]\nvoices = { es = 1 }\n",
    "[speech.phone]\nmin_delay = -1\n",
    "[speech]\nphone = 1\n",
    "[numbers]\na = 'x'\n",
    "[numbers]\na = [1]\n",
    "[numbers]\na = { file = 'vips.txt', line = 1 }\n",
    "[route]\n",
    "[[route]]\nagent = 'sales'\n",
    "[[route]]\nname = ''\nagent = 'sales'\n",
    ROUTE,
    f"{ROUTE}agent = 'sales'\nreject = 'busy'\n",
    f"{ROUTE}agent = 5\n",
    f"{ROUTE}agnt = 'sales'\nagent = 'sales'\n",
    f"{ROUTE}reject = 'bussy'\n",
    f"{ROUTE}agent = 'sales'\nstt = 'nova-2'\n",
    f"{ROUTE}agent = 'sales'\ndata = 1\n",
    f"{ROUTE}agent = 'sales'\nwhen = 'x'\n",
    f"{TEST}",
    f"{TEST}call = 1\n",
    f"{TEST}call = {{ too = '1' }}\n",
    f"{TEST}call = {{ kind = 'sipp' }}\n",
    f"{TEST}call = {{ attributes = {{ a = 1 }} }}\n",
    *(
        routes(when).removesuffix(DEFAULT)
        for when in (
            "tier = 'x'",
            "to = 18005550100",
            "to = []",
            "to = {}",
            "to = { prefx = '+1' }",
            "to = { prefix = '415' }",
            "to = { country = 'USA' }",
            "to = { absent = 1 }",
            "trunk = { prefix = 'ST' }",
            "trunk = 5",
            "kind = 'sipp'",
            "direction = ['in']",
            "provider = 'acme'",
            "language = 5",
            "header = 'x'",
            "header = {}",
            "attribute.sip.callStatus = 'x'",
            "job.a = { absent = true, more = 1 }",
            "job.a = []",
            "user_id = [[1]]",
            "percent = 101",
            "percent = '5'",
            "open = 'office'",
        )
    ),
]


@pytest.mark.parametrize("text", WRONG)
def test_what_an_editor_can_know_is_wrong_is_refused_by_both(text: str, tmp_path: Path) -> None:
    assert errors(tmp_path, text + DEFAULT)
    assert refused(text + DEFAULT)


def test_a_file_needs_a_default_that_asks_for_something() -> None:
    assert refused("")
    assert refused("[default]\n")
    assert refused(DEFAULT + "when = { to = '1' }\n")


def test_a_call_has_the_keys_that_are_read() -> None:
    assert WrittenCall.key_names() == spec.KEYS
