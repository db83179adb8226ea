"""Prompts: one Markdown file an agent, `NAME.LANG.md` where a language differs.

The text before the first line `---` is the greeting that callers hear, the rest is what the agent is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from switchboard.call.language import base_language

ENGLISH = "en"


class MissingPrompt(LookupError):
    """No prompt for an agent. The message names the file and what exists."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an agent is told, and how it greets. `language` is what the text is written in."""

    instructions: str
    greeting: str | None
    language: str


class Prompts:
    """The folder of prompts. Each file is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, Prompt] = {}

    def agents(self) -> tuple[str, ...]:
        """The agents that have a prompt, by name."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.md") if "." not in path.stem))

    def load(self, agent: str, language: str) -> Prompt:
        """The prompt of `agent` in `language`, in its base language (`es` of `es-MX`), or in English.

        Raises MissingPrompt when there is not even an English one.
        """
        for variant in dict.fromkeys((language, base_language(language), ENGLISH)):
            suffix = "" if variant == ENGLISH else f".{variant}"
            path = self.folder / f"{agent}{suffix}.md"
            if path in self._read:
                return self._read[path]
            if path.is_file():
                return self._read.setdefault(path, _parse(path.read_text(encoding="utf-8"), variant))
        have = ", ".join(sorted(p.name for p in self.folder.glob("*.md"))) or "none"
        raise MissingPrompt(f'agent "{agent}": no prompt {self.folder.name}/{agent}.md (have: {have})')


def _parse(text: str, language: str) -> Prompt:
    greeting, rule, instructions = text.partition("\n---\n")
    if not rule:
        return Prompt(greeting.strip(), None, language)
    return Prompt(instructions.strip(), " ".join(greeting.split()) or None, language)
