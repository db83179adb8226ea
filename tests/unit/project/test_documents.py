"""What a user can type or set is documented, and what is documented is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from switchboard.call.attributes import MAPPED_HEADERS
from switchboard.cli import app
from switchboard.routing import when
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Line
from switchboard.worker.routing_file import Sections
from switchboard.worker.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = [ROOT / "agent.py", *sorted((ROOT / "agents").rglob("*.py")), *sorted((ROOT / "switchboard").rglob("*.py"))]
# Read from the environment, and set by nobody by hand.
INTERNAL = {"LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "PATH", "NO_PROXY", "no_proxy"}


def documents() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(group: typer.Typer, name: str = "switchboard") -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield f"{name} {command.name or command.callback.__name__.replace('_', '-')}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{name} {inner.name or inner.typer_instance.info.name}")


def settings() -> set[str]:
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        names.add(field.validation_alias if isinstance(field.validation_alias, str) else name.upper())
    return names


def read_by_code() -> set[str]:
    pattern = re.compile(r"""environ(?:\.get\(|\.setdefault\(|\[)["'](\w+)["']""")
    return {name for source in SOURCES for name in pattern.findall(source.read_text(encoding="utf-8"))} - INTERNAL


def example() -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(commands(app)))
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"\b{re.escape(command)}\b", documents()), f"{command}: say what it is for in README.md or docs/"


def test_the_example_of_the_environment_has_each_variable_once_and_no_other() -> None:
    names = example()
    assert len(names) == len(set(names))
    assert set(names) == settings() | read_by_code()


def test_each_variable_of_the_example_has_a_line_that_says_what_it_is() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"(# )?[A-Z][A-Z_]+=", line):
            assert re.match(r"# [A-Z].{8,}", before), f"{line}: no comment above it"


@pytest.mark.parametrize("key", [*when.KEYS, *Sections.key_names()])
def test_every_key_of_the_routing_file_is_documented(key: str) -> None:
    text = (ROOT / "docs/routing.md").read_text(encoding="utf-8")
    assert re.search(rf"`[^`]*\b{key}\b[^`]*`", text), f"{key} is not in docs/routing.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("#"):
            continue
        assert (page.parent / target.partition("#")[0]).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """Paths of this repository written as code, such as `switchboard/call/`; examples of one's own are in blocks."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    folders = "agents|prompts|switchboard|tests|scripts|docs|deploy|bench|chaos"
    # What a page lets the reader make is followed by its content; NAME stands for any, .venv is made.
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`(?!:\n\n$)", prose, re.MULTILINE):
        if "NAME" in path or "/." in path:
            continue
        assert (ROOT / path).exists(), f"{page.name} names {path}"


def test_each_attribute_of_a_carrier_is_documented() -> None:
    text = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    assert [name for name in MAPPED_HEADERS.values() if f"`{name}`" not in text] == []


def test_what_an_agent_may_use_of_its_base_is_there() -> None:
    section = (ROOT / "docs/agents.md").read_text(encoding="utf-8").partition("may use and override these:")[2]
    rows = section.partition("\n\nThe rest")[0]
    names = re.findall(r"`(?:await )?(?:self\.)?(?:conversation\.line\.)?(\w+)\(", rows)
    assert set(names) == {"hand_over_to", "hang_up", "on_data_changed", "on_unverified_changed", "on_enter"}
    assert [name for name in names if not hasattr(PhoneAgent, name) and not hasattr(Line, name)] == []
