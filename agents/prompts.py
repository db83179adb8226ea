"""Prompts: one Markdown file an agent, `NAME.LANG.md` where a language differs.

The text before the first line `---` is the greeting that callers hear, the rest is what the agent is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "prompts"
ENGLISH = "en"


class MissingPrompt(LookupError):
    """No prompt for an agent. The message names the file and what exists."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an agent is told, and how it greets. `language` is what the text is written in."""

    instructions: str
    greeting: str | None
    language: str


def load_prompt(agent: str, language: str, folder: Path = FOLDER) -> Prompt:
    """The prompt of `agent` in `language`, in its base language (`es` of `es-MX`), or in English.

    Raises MissingPrompt when there is not even an English one.
    """
    for variant in dict.fromkeys((language, language.partition("-")[0], ENGLISH)):
        suffix = "" if variant == ENGLISH else f".{variant}"
        path = folder / f"{agent}{suffix}.md"
        if path.is_file():
            return _read(path, variant)
    have = ", ".join(sorted(p.name for p in folder.glob("*.md"))) or "none"
    raise MissingPrompt(f'agent "{agent}": no prompt {folder.name}/{agent}.md (have: {have})')


def missing_prompts(agents: Iterable[str], folder: Path = FOLDER) -> list[str]:
    """A line for each agent without an English prompt, which names what exists."""
    faults: list[str] = []
    for agent in agents:
        try:
            load_prompt(agent, ENGLISH, folder)
        except MissingPrompt as missing:
            faults.append(str(missing))
    return faults


@cache
def _read(path: Path, language: str) -> Prompt:
    greeting, rule, instructions = path.read_text(encoding="utf-8").partition("\n---\n")
    if not rule:
        return Prompt(greeting.strip(), None, language)
    return Prompt(instructions.strip(), " ".join(greeting.split()) or None, language)
